"""KS101 softmax-with-from-logits."""

from __future__ import annotations

from collections.abc import Iterator
from math import e, log

from ..analyses.compile_arguments import Named
from ..analyses.output_heads import PROBABILITIES, Head
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

SPARSE = "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"
BINARY = "keras.losses.BinaryCrossentropy(from_logits=True)"


class SoftmaxWithFromLogits(Rule):
    """Probabilities go to a loss with ``from_logits=True``, which applies softmax or sigmoid again.

    A softmax of probabilities is almost flat: of 10 classes none can get more than 23 %, and the loss cannot fall below
    1.46. A sigmoid of probabilities lies between 0.5 and 0.73. On TensorFlow Keras undoes the second one, with a
    warning, where nothing lies between the activation and the loss; behind a reshape, in a focal loss, on JAX and on
    PyTorch it does not. Leave out the activation, or leave out ``from_logits=True``.
    """

    code = "KS101"
    name = "softmax-with-from-logits"
    severity = "error"
    needs = ("heads", "training")
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(10, activation='softmax')])\n"
                f"model.compile('adam', {SPARSE})", "softmax in the last layer"),
        Example("x = keras.Input((8,))\nb = keras.Sequential([layers.Input((8,)), layers.Dense(1)], name='body')\n"
                "model = keras.Model(x, layers.Reshape((1,))(layers.Activation('sigmoid')(b(x))))\n"
                f"model.compile('adam', {BINARY})", "sigmoid behind a nested model, before a reshape"),
        Example("x = keras.Input((8,))\na, b = layers.Dense(3, name='a')(x), ops.softmax(layers.Dense(4)(x))\n"
                f"model = keras.Model(x, [a, b])\nmodel.compile('adam', [{SPARSE}, {SPARSE}])",
                "the second output alone, in .h5", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(10)])\n"
                f"model.compile('adam', {SPARSE})", "logits with from_logits=True"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(10, activation='softmax')])\n"
                "model.compile('adam', 'sparse_categorical_crossentropy')", "softmax without from_logits"),
        Example("x = keras.Input((8,))\ny = layers.Dense(10)(x)\n"
                "model = keras.Model(x, {'logits': y, 'probabilities': layers.Softmax()(y)})\n"
                f"model.compile('adam', {{'logits': {SPARSE}}})", "probabilities beside the logits, without a loss"),
        Example("x = keras.Input((6, 8))\na = layers.Softmax(axis=1)(layers.Dense(1)(x))\n"
                "model = keras.Model(x, layers.Dense(3)(layers.Flatten()(layers.Multiply()([x, a]))))\n"
                f"model.compile('adam', {SPARSE})", "attention inside"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(10, activation='log_softmax')])\n"
                f"model.compile('adam', {SPARSE})", "log-softmax, which a softmax leaves as it is"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for head in case.heads or ():
            loss = next((loss for loss in head.losses if loss.from_logits and head.form_of(loss)), None)
            if loss is None or head.activation not in PROBABILITIES:
                continue
            yield self.finding(
                f"{head.title} gives {head.activation} probabilities and {loss.name} has from_logits=True: "
                f"{describe(head, loss)}",
                layer=head.step.path,
                hint=f"leave out the {head.activation}, or leave out from_logits=True",
            )


def describe(head: Head, loss: Named) -> str:
    """What is left of the probabilities after the second activation."""
    if head.form_of(loss) == "binary":
        return "a second sigmoid leaves values between 0.50 and 0.73"
    units = head.loss_axis(loss)
    if units is None or units < 2:
        return "a second softmax makes them almost equal"
    most = e / (e + units - 1)
    return f"a second softmax leaves no class of {units} above {most:.0%} and no loss below {-log(most):.2f}"
