"""KS709 h5-unloadable-compile."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.training import leaves
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

# Short names that Keras 3.15 compiles with, and does not find again where an .h5 file names a loss by them
SHORT = frozenset({"mse", "mae", "mape", "msle", "kld", "bce", "kullback_leibler_divergence", "logcosh", "huber_loss",
                   "cosine_proximity"})  # fmt: skip
SMALL = "model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\n"


class H5UnloadableCompile(Rule):
    """A loss stored in an `.h5` file by a short name that Keras 3 does not find again.

    `loss='mse'` is written into the older format as the word `mse`, and reading it fails with `Could not deserialize
    'keras.metrics.mse' because it is not a KerasSaveable subclass`; so with mae, mape, msle, kld and bce. The model
    cannot be loaded at all unless the caller knows to say `compile=False`, which drops the optimizer's state. Compile
    with `keras.losses.MeanSquaredError()` or the long name `mean_squared_error`, or save as `.keras`.
    """

    code = "KS709"
    name = "h5-unloadable-compile"
    severity = "warning"
    needs = ("training",)
    flags = (
        Example(SMALL + "model.compile('adam', 'mse')", "mse", "model.h5"),
        Example(SMALL + "model.compile('sgd', loss=['MAE'])", "in a list", "model.h5"),
        Example("x = keras.Input((4,))\nmodel = keras.Model(x, {'a': layers.Dense(1)(x), 'b': layers.Dense(1)(x)})\n"
                "model.compile('sgd', loss={'a': 'bce', 'b': 'mean_squared_error'})", "by output", "model.h5"),
    )  # fmt: skip
    allows = (
        Example(SMALL + "model.compile('adam', 'mse')", "in .keras"),
        Example(SMALL + "model.compile('adam', keras.losses.MeanSquaredError(), metrics=['mae', 'mse'])",
                "an object, and metrics by their short names", "model.h5"),
        Example(SMALL + "model.compile('adam', 'mean_squared_error')", "the long name", "model.h5"),
        Example(SMALL + "model.compile('adam', keras.losses.mean_squared_error)", "the function", "model.h5"),
        Example(SMALL + "model.compile('adam', keras.losses.Huber(name='mse'))", "an object so named", "model.h5"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        if case.model.format != "h5" or case.training is None or not case.options.wants_keras_3:
            return
        told = set()
        for loss in leaves(case.training.loss):
            word = loss.spelled
            if word.lower() in SHORT and not loss.config and word not in told:
                told.add(word)
                instead = f"keras.losses.{loss.name}()" if loss.name != word else "an object of keras.losses"
                yield self.finding(
                    f"compiled with the loss {word!r}, which Keras 3 does not find when it reads an .h5 file: "
                    "loading it fails",
                    pointer=loss.pointer,
                    hint=f"compile with {instead}, or save as .keras; this file loads with compile=False",
                )  # fmt: skip
