"""KS109 bounded-activation-on-regression."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.loss_names import DISTANCES
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

RANGES = {"sigmoid": "0 … 1", "hard_sigmoid": "0 … 1", "tanh": "-1 … 1", "hard_tanh": "-1 … 1", "softsign": "-1 … 1"}


class BoundedActivationOnRegression(Rule):
    """A regression ends with an activation that has a largest and a smallest value.

    Right for images, boxes and actions that are scaled to that range; a target outside of it can never be reached, and
    near the ends the gradient vanishes. If the targets are not scaled, leave out the activation.
    """

    code = "KS109"
    name = "bounded-activation-on-regression"
    severity = "info"
    needs = ("heads", "training")
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='sigmoid')])\n"
                "model.compile('adam', 'mse')", "sigmoid"),
        Example("x = keras.Input((8,))\nmodel = keras.Model(x, ops.tanh(layers.Dense(2)(x)))\n"
                "model.compile('adam', keras.losses.MeanAbsoluteError())", "tanh"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\nmodel.compile('adam', 'mse')",
                "no activation"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='sigmoid')])\n"
                "model.compile('adam', 'binary_crossentropy')", "a probability"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for head in case.heads or ():
            loss = next((loss for loss in head.losses if loss.own and loss.name in DISTANCES), None)
            if loss is None or head.activation not in RANGES:
                continue
            reach = RANGES[head.activation]
            yield self.finding(
                f"{head.title} ends with {head.activation} and is trained with {loss.name}: only targets in {reach} "
                f"can be reached",
                layer=head.step.path,
                hint=f"leave out the activation unless the targets are scaled to {reach}",
            )
