"""KS105 binary-loss-on-softmax."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule


class BinaryLossOnSoftmax(Rule):
    """A binary crossentropy trains a softmax over two or more classes.

    It asks a yes-or-no question of each unit, while a softmax divides one hundred percent among them. On TensorFlow
    Keras even trains the units as so many sigmoids of the softmax's own inputs, and predicts with another function
    than it trained; an `accuracy` beside it looks better than it is. Take a categorical crossentropy.
    """

    code = "KS105"
    name = "binary-loss-on-softmax"
    severity = "warning"
    needs = ("heads", "training")
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(10, activation='softmax')])\n"
                "model.compile('adam', 'binary_crossentropy')", "ten classes"),
        Example("x = keras.Input((8,))\nmodel = keras.Model(x, layers.Softmax()(layers.Dense(2)(x)))\n"
                "model.compile('adam', keras.losses.BinaryCrossentropy())", "two classes, in .h5", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(10, activation='softmax')])\n"
                "model.compile('adam', 'categorical_crossentropy')", "categorical crossentropy"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='sigmoid')])\n"
                "model.compile('adam', 'binary_crossentropy')", "one sigmoid"),
        Example("x = keras.Input((8,))\ny = layers.Dense(2, activation='softmax')(x)\n"
                "model = keras.Model(x, y[:, 1])\nmodel.compile('adam', 'binary_crossentropy')",
                "the probability of one class, cut out"),
        Example("x = keras.Input((6, 8))\nw = layers.Softmax(axis=1)(layers.Dense(1)(x))\n"
                "y = ops.sum(w * x, axis=1)\nmodel = keras.Model(x, layers.Dense(3, activation='sigmoid')(y))\n"
                "model.compile('adam', 'binary_crossentropy')", "softmax inside, sigmoid at the end"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for head in case.heads or ():
            loss = next((loss for loss in head.losses if head.form_of(loss) == "binary"), None)
            if loss is None or loss.from_logits is not False or head.activation != "softmax" or not head.kept:
                continue
            if head.units is None or head.units < 2:
                continue
            yield self.finding(
                f"{head.title} is a softmax over {head.units:,} classes, and {loss.name} asks {head.units:,} separate "
                f"yes-or-no questions of it",
                layer=head.step.path,
                hint="use categorical_crossentropy (one-hot labels) or sparse_categorical_crossentropy (class ids), "
                "or activation='sigmoid' if several of the classes may be right",
            )
