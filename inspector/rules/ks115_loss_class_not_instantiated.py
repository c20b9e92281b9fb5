"""KS115 loss-class-not-instantiated."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.training import Training, leaves
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

A_CLASS = "__class__"  # how the capture of a live model writes a class
SMALL = "model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\n"


class LossClassNotInstantiated(Rule):
    """A loss or metric was given to `compile` as a class, without the parentheses that make an object of it.

    `compile` makes an object of it with the default arguments, and `fit` runs. `save` comes later, and fails: what the
    model was compiled with is written from the class, which ends in `get_config() missing 1 required positional
    argument: 'self'` when the training is done. Only live models show it, as no such model can be saved.
    """

    code = "KS115"
    name = "loss-class-not-instantiated"
    severity = "warning"
    needs = ("training",)
    flags = (
        Example(SMALL + "model.compile('adam', keras.losses.MeanSquaredError)", "a loss", ""),
        Example(SMALL + "model.compile('adam', 'mse', metrics=['mae', keras.metrics.RootMeanSquaredError])",
                "a metric in a list", ""),
        Example("x = keras.Input((8,))\nmodel = keras.Model(x, {'a': layers.Dense(1)(x), 'b': layers.Dense(2)(x)})\n"
                "model.compile('adam', {'a': keras.losses.Huber, 'b': 'mse'})", "a loss in a dict", ""),
    )  # fmt: skip
    allows = (
        Example(SMALL + "model.compile('adam', keras.losses.MeanSquaredError(), metrics=[keras.metrics.AUC()])",
                "objects", ""),
        Example(SMALL + "model.compile('adam', keras.losses.mean_squared_error, metrics=['mae'])",
                "functions", ""),
        Example("class Own(keras.losses.Loss):\n    def call(self, y, p): return ops.mean(abs(y - p))\n"
                "    def get_config(self): raise NotImplementedError\n" + SMALL + "model.compile('adam', Own())",
                "an object of one's own that cannot be saved", ""),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        if case.training is None:
            return
        for argument in ("loss", "metrics", "weighted_metrics"):
            for name in classes_in(case.training, argument):
                yield self.tell(argument, name)

    def tell(self, argument: str, name: str) -> Finding:
        return self.finding(
            f"compile({argument}=...) was given the class {name} and no object of it: the model cannot be saved",
            hint=f"write {name}() in place of {name}",
        )


def classes_in(training: Training, argument: str) -> Iterator[str]:
    for given in leaves(getattr(training, argument)):
        if given.name == A_CLASS and isinstance(given.config.get("name"), str):
            yield given.config["name"]
