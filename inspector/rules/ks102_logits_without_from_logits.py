"""KS102 logits-without-from-logits."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.compile_arguments import Named
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule


class LogitsWithoutFromLogits(Rule):
    """A linear output goes to a crossentropy that expects probabilities.

    Keras cuts the predictions off at 1e-7 and 1 - 1e-7 before it takes their logarithm: a logit below 0 costs about 16
    and has no gradient of its own, one above 1 counts as certain; the categorical crossentropy divides by their sum
    first, which may be 0 or negative. The loss falls a little and stays there. Tell the loss with
    ``from_logits=True``, or end the model with `softmax` (one class of several) or `sigmoid` (each unit by itself).
    """

    code = "KS102"
    name = "logits-without-from-logits"
    severity = "error"
    needs = ("heads", "training")
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(10)])\n"
                "model.compile('adam', 'sparse_categorical_crossentropy')", "no activation in the last layer"),
        Example("x = keras.Input((8, 8, 3))\ny = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(x))\n"
                "model = keras.Model(x, layers.Activation('linear', dtype='float32')(y))\n"
                "model.compile('adam', keras.losses.CategoricalCrossentropy())", "class maps, averaged"),
        Example("b = keras.Sequential([layers.Input((8,)), layers.Dense(1, name='score')], name='body')\n"
                "model = keras.Sequential([layers.Input((8,)), b])\n"
                "model.compile('adam', keras.losses.binary_focal_crossentropy)", "a nested model, in .h5", "model.h5"),
        Example("x = keras.Input((6, 8))\nmodel = keras.Model(x, layers.TimeDistributed(layers.Dense(5))(x))\n"
                "model.compile('adam', 'crossentropy')", "the word crossentropy"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(10)])\n"
                "model.compile('adam', keras.losses.SparseCategoricalCrossentropy(from_logits=True))", "told so"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\nmodel.compile('adam', 'mse')",
                "a regression"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\nmodel.compile('adam', 'hinge')",
                "hinge, which wants a score"),
        Example("model = keras.Sequential([layers.Input((9, 8)), layers.Dense(5)])\nmodel.compile('adam', 'ctc')",
                "CTC, which applies the softmax itself"),
        Example("x = keras.Input((8,))\ny = layers.Dense(3)(x)\n"
                "model = keras.Model(x, ops.exp(y) / ops.sum(ops.exp(y), axis=-1, keepdims=True))\n"
                "model.compile('adam', 'categorical_crossentropy')", "a softmax written by hand"),
        Example("def binary_crossentropy_of_logits(y_true, y_pred):\n"
                "    return ops.binary_crossentropy(y_true, y_pred, from_logits=True)\n\n\n"
                "model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\n"
                "model.compile('adam', binary_crossentropy_of_logits)", "a loss of the user's"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for head in case.heads or ():
            loss = next((loss for loss in head.losses if loss.wants_probabilities), None)
            form = loss and (head.form_of(loss) or "categorical")
            if loss is None or head.activation != "linear" or (form == "categorical" and head.loss_axis(loss) == 1):
                continue
            units = f"{head.units:,} unbounded logits" if head.units else "unbounded logits"
            wanted = "softmax" if form == "categorical" else "sigmoid"
            told = "" if "Generalized" in loss.name else ", or give the loss from_logits=True"
            yield self.finding(
                f"{head.title} has no activation and gives {units}, but {loss.name} expects probabilities: "
                f"{describe(loss, form)}",
                layer=head.step.path,
                hint=f"use activation={wanted!r}{told}",
            )


def describe(loss: Named, form: str | None) -> str:
    """What the loss makes of numbers that are no probabilities."""
    if "Generalized" in loss.name:
        return "a value below 0 turns it into NaN"
    if form == "categorical" and "Sparse" not in loss.name:
        return "it divides them by their sum, which may be 0 or negative"
    return "a value below 0 costs about 16 and has no gradient of its own"
