"""KS713 legacy-optimizer-argument."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

SMALL = ("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\n"
         "model.compile('adam', 'mean_squared_error')\nmodel.save(path)\n")  # fmt: skip
EDIT = "edit_attribute(path, 'training_config', change)"


class LegacyOptimizerArgument(Rule):
    """An optimizer stored with `lr` or `decay`, which Keras 3 refuses or passes over.

    Keras before 2.3 called the learning rate `lr`; Keras 3 answers `Argument(s) not recognized: {'lr': 0.01}`, and the
    model cannot be loaded unless it is told `compile=False`. `decay`, a learning rate that falls as `lr / (1 + decay ·
    steps)`, is dropped with a warning: training goes on with a rate that stays what it was at the start. Load with
    `compile=False` and compile anew, with `learning_rate=` and a schedule such as `InverseTimeDecay`.
    """

    code = "KS713"
    name = "legacy-optimizer-argument"
    severity = "warning"
    needs = ("training",)
    flags = (
        Example(SMALL + "def change(config):\n    settings = config['optimizer_config']['config']\n"
                "    settings['lr'] = settings.pop('learning_rate')\n" + EDIT, "lr", "m.h5"),
        Example(SMALL + "def change(config):\n    config['optimizer_config']['config']['decay'] = 0.001\n" + EDIT,
                "a decay", "m.h5"),
        Example(SMALL + "def change(config):\n    settings = config['compile_config']['optimizer']['config']\n"
                "    settings['lr'] = settings.pop('learning_rate')\nedit_config(path, change)", "lr in .keras"),
    )  # fmt: skip
    allows = (
        Example(SMALL, "learning_rate", "m.h5"),
        Example(SMALL + "def change(config):\n    config['optimizer_config']['config']['decay'] = 0.0\n" + EDIT,
                "a decay of nothing", "m.h5"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\n"
                "rate = keras.optimizers.schedules.ExponentialDecay(0.1, 100, 0.9)\n"
                "model.compile(keras.optimizers.SGD(rate, weight_decay=0.1), 'mean_squared_error')", "a schedule"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        optimizer = case.training.optimizer if case.training is not None else None
        if optimizer is None or not optimizer.own or case.is_live or not case.wants_keras_3:
            return
        rate, decay = optimizer.config.get("lr"), optimizer.config.get("decay")
        if rate is not None:
            yield self.finding(
                f"{optimizer.name} is stored with lr={str(rate)[:20]}, which Keras 3 refuses: loading it fails",
                pointer=f"{optimizer.pointer}/config/lr",
                hint=f"load with compile=False, and compile again with learning_rate={str(rate)[:20]}",
            )
        if isinstance(decay, float) and decay > 0:
            yield self.finding(
                f"{optimizer.name} is stored with decay={decay!r}, which Keras 3 passes over: the learning rate "
                "stays as it is",
                pointer=f"{optimizer.pointer}/config/decay",
                hint="compile again with learning_rate=keras.optimizers.schedules.InverseTimeDecay(rate, 1, "
                     f"{decay!r})",
            )  # fmt: skip
