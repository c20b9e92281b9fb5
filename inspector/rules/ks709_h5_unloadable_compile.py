"""KS709 h5-unloadable-compile."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.h5_limits import find_short_losses
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

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
        if not case.options.wants_keras_3:
            return
        for loss, (what, hint, _) in find_short_losses(case.model, case.training):
            yield self.finding(what, pointer=loss.pointer, hint=hint)
