"""KS106 crossentropy-on-unbounded-activation."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.compile_arguments import Named
from ..analyses.output_heads import PROBABILITIES, Head
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

POSITIVE = frozenset({"softplus", "exponential", "squareplus", "sparse_plus"})
BELOW_ZERO = frozenset({"tanh", "softsign", "hard_tanh", "tanh_shrink", "log_softmax", "log_sigmoid"})
DIVIDES = frozenset({"CategoricalCrossentropy", "CategoricalFocalCrossentropy"})  # by the sum over the classes


class CrossentropyOnUnboundedActivation(Rule):
    """A crossentropy that expects probabilities gets the output of `relu`, `tanh` or the like.

    What is below 0 or above 1 is cut off: there the loss has no gradient, and a `relu` that gives zeros everywhere
    stays there, at a loss of about 16. End the model with `softmax` or `sigmoid`, or with no activation at all and a
    loss with ``from_logits=True``.
    """

    code = "KS106"
    name = "crossentropy-on-unbounded-activation"
    severity = "error"
    needs = ("heads", "training")
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(10, activation='relu')])\n"
                "model.compile('adam', 'sparse_categorical_crossentropy')", "relu on the classes"),
        Example("x = keras.Input((8,))\nmodel = keras.Model(x, layers.LeakyReLU()(layers.Dense(3)(x)))\n"
                "model.compile('adam', keras.losses.CategoricalCrossentropy())", "a layer of its own, in .h5",
                "model.h5"),
        Example("x = keras.Input((6, 8))\nmodel = keras.Model(x, layers.LSTM(1)(x))\n"
                "model.compile('adam', 'binary_crossentropy')", "an LSTM as the last layer, which ends with tanh"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(16, activation='relu'),"
                " layers.Dense(10, activation='softmax')])\n"
                "model.compile('adam', 'sparse_categorical_crossentropy')", "relu inside"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4, activation='softplus')])\n"
                "model.compile('adam', 'categorical_crossentropy')", "positive values, which Keras divides by the sum"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1), layers.ReLU(max_value=1.0)])\n"
                "model.compile('adam', 'binary_crossentropy')", "cut to 0 … 1"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='relu')])\n"
                "model.compile('adam', 'poisson')", "a count"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='hard_sigmoid')])\n"
                "model.compile('adam', 'binary_crossentropy')", "hard sigmoid"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for head in case.heads or ():
            loss = next((loss for loss in head.losses if loss.wants_probabilities), None)
            if loss is None or head.activation in PROBABILITIES | {None, "linear"} or is_normalised(head, loss):
                continue
            wanted = "sigmoid" if head.form_of(loss) == "binary" else "softmax"
            yield self.finding(
                f"{head.title} ends with {head.activation}, whose values can be {limits(head)}, and {loss.name} "
                f"expects probabilities",
                layer=head.step.path,
                hint=f"use activation={wanted!r}, or none with from_logits=True",
            )


def is_normalised(head: Head, loss: Named) -> bool:
    """Whether Keras makes probabilities of the values itself: positive ones, divided by their sum."""
    return head.activation in POSITIVE and (loss.name in DIVIDES or loss.name == "crossentropy")


def limits(head: Head) -> str:
    if head.activation in ("relu", "relu6", "threshold", "thresholded_relu") or head.activation in POSITIVE:
        return "above 1"
    return "below 0" if head.activation in BELOW_ZERO else "below 0 and above 1"
