"""KS103 softmax-single-unit."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.flow import Step, Tensor
from ..analyses.output_heads import MOST, end_at, passes, softmax_axis, unwrap
from ..analyses.roles import RECURRENT, is_own
from ..graph import Spec
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

MULTIPLIES = frozenset(
    {"Multiply", "Dot", "Attention", "AdditiveAttention", "Matmul", "Einsum", "Tensordot", "Inner", "Outer", "Lambda",
     "TFOpLambda"}
)  # fmt: skip


class SoftmaxSingleUnit(Rule):
    """A softmax over an axis of size 1, which is the constant 1.0 whatever the model computes.

    Softmax makes the values along its axis add up to one; where there is one value, that value is 1, its gradient is 0,
    and nothing before it learns. A single probability wants `sigmoid`; a softmax wants a unit for every class.
    """

    code = "KS103"
    name = "softmax-single-unit"
    severity = "error"
    needs = ("flows",)
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='softmax')])",
                "one unit with softmax"),
        Example("x = keras.Input((8,))\nmodel = keras.Model(x, layers.Softmax()(layers.Dense(1)(x)))",
                "a Softmax layer behind one unit"),
        Example("x = keras.Input((8, 8, 3))\ny = ops.softmax(layers.Conv2D(1, 1)(x))\n"
                "model = keras.Model(x, layers.Reshape((64,))(y))", "an operation behind one filter"),
        Example("b = keras.Sequential([layers.Input((8,)), layers.Dense(1), layers.Activation('softmax')])\n"
                "model = keras.Sequential([layers.Input((8,)), layers.Dense(8), b])", "a nested model, in .h5",
                "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='sigmoid')])",
                "one unit with sigmoid"),
        Example("x = keras.Input((6, 1))\ny = layers.Softmax(axis=1)(x)\nmodel = keras.Model(x, y)",
                "attention weights over the steps of a sequence"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(2, activation='softmax')])", "two units"),
        Example("x = keras.Input((1, 4))\nw = layers.Softmax(axis=1)(layers.Dense(4)(x))\n"
                "model = keras.Model(x, layers.Multiply()([x, layers.Reshape((1, 4))(w)]))",
                "attention over a sequence that happens to have one step"),
        Example("x = keras.Input((1, 4))\nmodel = keras.Model(x, layers.Attention()([x, x]))",
                "attention with one key"),
        Example("x = keras.Input((None, 4))\nmodel = keras.Model(x, ops.softmax(layers.Dense(1)(x), axis=1))",
                "an axis of a size not known before"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        told = set()
        for step in (step for flow in case.flows for step in flow.steps):
            if step.path in told or not gives_softmax(step) or not is_constant(step) or is_weight(step):
                continue
            told.add(step.path)
            yield self.finding(
                f"{step.class_name} {step.layer.name!r} applies softmax to an axis of size 1: every output is 1.0",
                layer=step.path,
                hint="use activation='sigmoid' with a binary crossentropy, or as many units as there are classes",
            )


def gives_softmax(step: Step) -> bool:
    """Whether what comes out is a softmax; that inside of a recurrent layer is multiplied with a gate."""
    held = unwrap(step.layer)
    if passes(step) is not None or held is None or held.class_name in RECURRENT:
        return False
    return bool(step.sources) and end_at(Tensor(step, 0)) == "softmax"


def is_constant(step: Step) -> bool:
    """Whether the axis that the softmax runs along has one entry."""
    axis, spec = softmax_axis(step), step.spec
    return axis is not None and isinstance(spec, Spec) and spec.shape[axis] == 1


def is_weight(step: Step) -> bool:
    """Whether something multiplies with it, or may: weights of a sum over a single entry are 1 by right."""
    stack, seen = [step], 0
    while stack and seen < MOST:
        seen += 1
        for user in stack.pop().users:
            if user.class_name in MULTIPLIES or (user.layer.kind != "operation" and not is_own(user.layer)):
                return True
            if passes(user) is not None:
                stack.append(user)
    return False
