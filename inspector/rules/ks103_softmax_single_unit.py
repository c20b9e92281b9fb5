"""KS103 softmax-single-unit."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.flow import Step
from ..analyses.roles import activation_of
from ..graph import Spec
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

RESCALES = frozenset({"Multiply", "Dot", "Attention", "Lambda"})


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
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='sigmoid')])",
                "one unit with sigmoid"),
        Example("x = keras.Input((6, 1))\ny = layers.Softmax(axis=1)(x)\nmodel = keras.Model(x, y)",
                "attention weights over the steps of a sequence"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(2, activation='softmax')])", "two units"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        told = set()
        for step in (step for flow in case.flows for step in flow.steps):
            if step.path in told or activation_of(step.layer) != "softmax" or not is_constant(step):
                continue
            if any(user.class_name in RESCALES for user in step.users):
                continue
            told.add(step.path)
            yield self.finding(
                f"{step.class_name} {step.layer.name!r} applies softmax to an axis of size 1: every output is 1.0",
                layer=step.path,
                hint="use activation='sigmoid' with a binary crossentropy, or as many units as there are classes",
            )


def is_constant(step: Step) -> bool:
    """Whether the axis that the softmax runs along has one entry."""
    spec = step.spec
    if not isinstance(spec, Spec) or not spec.rank:
        return False
    axis = step.config.get("axis", -1) if step.class_name == "Softmax" else -1
    if not isinstance(axis, int) or not -spec.rank <= axis < spec.rank:
        return False
    return spec.shape[axis] == 1
