"""KS110 relu-output."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.loss_names import DISTANCES
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule


class ReluOutput(Rule):
    """A regression ends with `relu`, which gives no negative number and may die.

    A unit whose sum is below 0 for every sample gives 0 for all of them, has a gradient of 0 and stays so: on an
    output nothing behind it can make up for that. Leave out the activation; where the target is never negative, take
    `softplus`, or the exponential with a Poisson loss. Feature maps and pictures are only reported as info.
    """

    code = "KS110"
    name = "relu-output"
    severity = "warning"
    needs = ("heads", "training")
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='relu')])\n"
                "model.compile('adam', 'mse')", "a regression"),
        Example("x = keras.Input((8,))\nmodel = keras.Model(x, layers.ReLU()(layers.Dense(3)(x)))\n"
                "model.compile('adam', keras.losses.MeanAbsoluteError())", "a layer of its own, in .h5", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4, activation='relu'), layers.Dense(1)])\n"
                "model.compile('adam', 'mse')", "relu inside"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='relu')])\n"
                "model.compile('adam', 'poisson')", "a count"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='relu')])\n"
                "model.compile('adam', 'msle')", "a logarithm, which wants no negative numbers"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='softplus')])\n"
                "model.compile('adam', 'mse')", "softplus"),
        Example("x = keras.Input((8,))\nmodel = keras.Model(x, layers.Dense(4, activation='relu')(x))",
                "features, not trained as they are"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for head in case.heads or ():
            loss = next((loss for loss in head.losses if loss.own and loss.name in DISTANCES), None)
            if loss is None or not head.single or head.activation != "relu" or "Logarithmic" in loss.name:
                continue
            yield self.finding(
                f"{head.title} ends the model with relu, trained with {loss.name}: it gives no number below 0, "
                f"and a unit that is 0 for all samples learns no more",
                layer=head.step.path,
                hint="leave out the activation, or use 'softplus' where the target is never negative",
                severity=None if head.rank == 2 and head.kept else "info",
            )
