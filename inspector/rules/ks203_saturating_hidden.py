"""KS203 saturating-hidden."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.flow import Flow, Step
from ..analyses.paths import is_kernel, is_linear, walk_on
from ..analyses.roles import MAX_POOLS, activation_of
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

SATURATING = frozenset({"sigmoid", "hard_sigmoid"})


class SaturatingHidden(Rule):
    """A hidden dense or convolutional layer with sigmoid, whose gradient is a quarter of the next layer's at most.

    The slope of `sigmoid` is 0.25 where it is steepest, and near 0 where it saturates; through a stack of such layers
    the gradient shrinks by that factor each time, so that the first layers hardly learn. `relu`, `gelu` or `silu` do
    not shrink it. Small networks of one hidden layer learn well with sigmoid, so this is a remark.
    """

    code = "KS203"
    name = "saturating-hidden"
    severity = "info"
    needs = ("flows",)
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(16, activation='sigmoid'),"
                " layers.Dense(16, activation='sigmoid'), layers.Dense(1)])", "two hidden layers with sigmoid"),
        Example("x = keras.Input((8, 8, 1))\ny = layers.Activation('sigmoid')(layers.Conv2D(4, 3)(x))\n"
                "y = layers.Flatten()(layers.MaxPooling2D()(y))\nmodel = keras.Model(x, layers.Dense(2)(y))",
                "a convolution with a sigmoid layer", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(16, activation='relu'),"
                " layers.Dense(1, activation='sigmoid')])", "sigmoid at the output"),
        Example("x = keras.Input((8,))\ngate = layers.Dense(8, activation='sigmoid')(x)\n"
                "model = keras.Model(x, layers.Dense(1)(layers.Multiply()([x, gate])))", "a gate"),
        Example("model = keras.Sequential([layers.Input((6, 8)), layers.LSTM(4), layers.Dense(1)])",
                "the gates inside a recurrent layer"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        told: set[str] = set()
        for flow in case.flows:
            for step, following in saturating(flow):
                if step.path not in told:
                    told.add(step.path)
                    yield self.finding(
                        f"{step.title} ends with {activation_of(step.layer)} and feeds {following.title}: the gradient"
                        " that comes back through it is at most a quarter",
                        layer=step.path,
                        hint="use activation='relu' in hidden layers, and sigmoid at the output",
                    )


def saturating(flow: Flow) -> Iterator[tuple[Step, Step]]:
    """Steps with a sigmoid behind a kernel, and the kernel layer they alone feed."""
    ends = flow.ends
    for step in flow.steps:
        if activation_of(step.layer) not in SATURATING:
            continue
        made = step if is_kernel(step) else step.source
        if made is None or not (is_kernel(made) or (made.source is not None and is_kernel(made.source))):
            continue
        _, following = walk_on(step, ends, lambda s: is_linear(s) or s.class_name in MAX_POOLS)
        if following is not None and is_kernel(following) and following.within == step.within:
            yield step, following
