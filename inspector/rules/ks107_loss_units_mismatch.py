"""KS107 loss-units-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.loss_names import CATEGORICAL
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule


class LossUnitsMismatch(Rule):
    """A categorical crossentropy has one class to choose from, and is 0 for every prediction.

    Keras makes the classes of a sample add up to one; where there is a single class, it has 100 % whatever the model
    says. The loss is 0.0 from the first step, its gradient is 0, and nothing is learned. One unit wants `sigmoid` and
    a binary crossentropy; several classes want a unit each.
    """

    code = "KS107"
    name = "loss-units-mismatch"
    severity = "error"
    needs = ("heads", "training")
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='sigmoid')])\n"
                "model.compile('adam', 'categorical_crossentropy')", "one unit"),
        Example("x = keras.Input((6, 8))\nmodel = keras.Model(x, layers.TimeDistributed(layers.Dense(1))(x))\n"
                "model.compile('adam', keras.losses.SparseCategoricalCrossentropy(from_logits=True))",
                "one unit at every step, in .h5", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='sigmoid')])\n"
                "model.compile('adam', 'binary_crossentropy')", "binary crossentropy"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(2, activation='softmax')])\n"
                "model.compile('adam', 'sparse_categorical_crossentropy')", "two units"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='sigmoid')])\n"
                "model.compile('adam', 'crossentropy')", "a word that means the binary one here"),
        Example("x = keras.Input((4, 6, 1))\ny = layers.Softmax(axis=1)(layers.Conv2D(1, 1)(x))\n"
                "model = keras.Model(x, y)\n"
                "model.compile('adam', keras.losses.CategoricalCrossentropy(axis=1))", "classes on another axis"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for head in case.heads or ():
            loss = next((loss for loss in head.losses if loss.own and loss.name in CATEGORICAL), None)
            if loss is None or head.loss_axis(loss) != 1:
                continue
            yield self.finding(
                f"{head.title} gives 1 unit, and {loss.name} over a single class is 0.0 whatever it says",
                layer=head.step.path,
                hint="use activation='sigmoid' with binary_crossentropy, or as many units as there are classes",
            )
