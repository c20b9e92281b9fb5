"""KS108 regression-loss-on-softmax."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.loss_names import DISTANCES
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule


class RegressionLossOnSoftmax(Rule):
    """A softmax is trained with the distance between numbers.

    The gradient of a squared error through a softmax vanishes where the model is sure and wrong, so that it learns
    slowly or not at all; and a softmax can reach no target but values between 0 and 1 that add up to one. For classes
    take a categorical crossentropy; for a regression, a layer without activation.
    """

    code = "KS108"
    name = "regression-loss-on-softmax"
    severity = "warning"
    needs = ("heads", "training")
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(10, activation='softmax')])\n"
                "model.compile('adam', 'mse')", "mse on ten classes"),
        Example("x = keras.Input((8,))\nmodel = keras.Model(x, layers.Activation('softmax')(layers.Dense(3)(x)))\n"
                "model.compile('adam', keras.losses.Huber())", "Huber, in .h5", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(10, activation='softmax')])\n"
                "model.compile('adam', 'kl_divergence')", "a divergence between distributions"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(3)])\nmodel.compile('adam', 'mse')",
                "a regression"),
        Example("x = keras.Input((8,))\np = layers.Dense(5, activation='softmax')(x)\n"
                "model = keras.Model(x, ops.sum(p * np.arange(5.0, dtype='float32'), axis=-1))\n"
                "model.compile('adam', 'mse')", "an expected value over bins"),
        Example("x = keras.Input((8,))\ny = layers.Dense(2, name='box')(x)\n"
                "p = layers.Dense(5, activation='softmax', name='kind')(x)\nmodel = keras.Model(x, [y, p])\n"
                "model.compile('adam', ['mse', 'categorical_crossentropy'])", "a box and its class"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for head in case.heads or ():
            loss = next((loss for loss in head.losses if loss.own and loss.name in DISTANCES), None)
            if loss is None or head.activation != "softmax" or not head.kept or head.units in (None, 1):
                continue
            yield self.finding(
                f"{head.title} is a softmax over {head.units:,} classes, trained with {loss.name}",
                layer=head.step.path,
                hint="use categorical_crossentropy for classes, or no activation for a regression",
            )
