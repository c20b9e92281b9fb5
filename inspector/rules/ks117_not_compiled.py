"""KS117 not-compiled."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.training import leaves
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

FORMATS = ("keras", "keras-dir", "h5", "code")


class NotCompiled(Rule):
    """No loss is stored with the model, so it cannot be trained or evaluated as it is.

    Right for a model that is only to predict. `fit` and `evaluate` need `compile` first; a model with a `train_step` or
    losses of its own may do without.
    """

    code = "KS117"
    name = "not-compiled"
    severity = "info"
    needs = ("model",)
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])", "never compiled"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\nmodel.compile('adam')",
                "an optimizer and no loss, in .h5", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\nmodel.compile('adam', 'mse')",
                "compiled"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])", "the architecture alone",
                "config.json"),
        Example("def own(y_true, y_pred):\n    return ops.mean(y_true - y_pred)\n\n\n"
                "x = keras.Input((8,))\nmodel = keras.Model(x, layers.Dense(1)(x))\nmodel.compile('sgd', own)",
                "a loss of the user's"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        model = case.model
        if model.format not in FORMATS or model.graph.kind == "weights":
            return
        training = case.training
        if not model.training and (model.training is None or not case.is_live):  # {} of a live one: not to be told
            message = "the model is not compiled: it can predict, but neither be trained nor evaluated"
        elif training is not None and "loss" in training.raw and not any(True for _ in leaves(training.loss)):
            message = "the model is compiled without a loss: it learns only from losses that its layers add"
        else:
            return
        yield self.finding(message, hint="call compile(optimizer=…, loss=…) before fit or evaluate")
