"""KS104 multiclass-loss-on-sigmoid."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule


class MulticlassLossOnSigmoid(Rule):
    """A categorical crossentropy trains sigmoids, which do not add up to one.

    The loss takes one class of several to be right and compares the units with each other, so that they are trained as
    a softmax; what the model predicts are sigmoids, and five classes may all have 90 %. Take `softmax` where one class
    is right, and a binary crossentropy where several may be.
    """

    code = "KS104"
    name = "multiclass-loss-on-sigmoid"
    severity = "warning"
    needs = ("heads", "training")
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(5, activation='sigmoid')])\n"
                "model.compile('adam', 'categorical_crossentropy')", "five sigmoids"),
        Example("x = keras.Input((8, 8, 3))\ny = layers.Activation('hard_sigmoid')(layers.Conv2D(3, 1)(x))\n"
                "model = keras.Model(x, y)\n"
                "model.compile('adam', keras.losses.SparseCategoricalCrossentropy())", "a segmentation, in .h5",
                "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(5, activation='sigmoid')])\n"
                "model.compile('adam', 'binary_crossentropy')", "several labels of a sample"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(5, activation='softmax')])\n"
                "model.compile('adam', 'categorical_crossentropy')", "one class of five"),
        Example("x = keras.Input((8,))\n"
                "a, b = layers.Dense(5, 'sigmoid', name='a')(x), layers.Dense(5, 'softmax', name='b')(x)\n"
                "model = keras.Model(x, [a, b])\n"
                "model.compile('adam', {'a': 'binary_crossentropy', 'b': 'categorical_crossentropy'})",
                "each output with its own loss"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for head in case.heads or ():
            loss = next((loss for loss in head.losses if head.form_of(loss) == "categorical"), None)
            if loss is None or loss.from_logits is not False or head.activation not in ("sigmoid", "hard_sigmoid"):
                continue
            units = head.loss_axis(loss)
            if units is None or units < 2:
                continue
            yield self.finding(
                f"{head.title} gives {units:,} independent sigmoids, and {loss.name} takes them for the probabilities "
                f"of {units:,} classes of which one is right",
                layer=head.step.path,
                hint="use activation='softmax', or binary_crossentropy if several of the classes may be right",
            )
