"""KS204 softmax-hidden."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.flow import Flow, Step
from ..analyses.paths import is_kernel, width_out
from ..analyses.roles import BATCH_NORMS, NOISE, RECURRENT, activation_of, is_own
from ..graph import Spec
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

PASSED = BATCH_NORMS | NOISE


class SoftmaxHidden(Rule):
    """Softmax as the activation of a hidden layer.

    Softmax makes the units of a layer share a total of 1, so that with 128 units each is about 0.008, and one can only
    rise where the others fall. What the next layer gets is nearly constant and its gradients are tiny: such a network
    trains slowly or not at all. A hidden layer wants `relu` or the like; softmax belongs at the output.

    Said only where the next layers with weights take the softmax directly, or past dropout and batch normalization, in
    the same model: attention, gates, mixtures and models over another one's probabilities are left alone.
    """

    code = "KS204"
    name = "softmax-hidden"
    severity = "warning"
    needs = ("flows",)
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(32, activation='softmax'),"
                " layers.Dense(3, activation='softmax')])", "a hidden dense layer with softmax"),
        Example("x = keras.Input((8,))\ny = layers.Dropout(0.2)(layers.Activation('softmax')(layers.Dense(32)(x)))\n"
                "model = keras.Model(x, layers.Dense(3)(y))", "softmax as a layer, dropout behind it", "model.h5"),
        Example("inner = keras.Sequential([layers.Input((6, 8)), layers.LSTM(4, activation='softmax'),"
                " layers.Dense(4)])\nx = keras.Input((6, 8))\nmodel = keras.Model(x, layers.Dense(2)(inner(x)))",
                "a recurrent layer of a nested model"),
        Example("model = keras.Sequential([layers.Input((6, 8)), layers.LSTM(16, activation='softmax'),"
                " layers.Dropout(0.2), layers.Dense(1)])", "a recurrent layer before a single number", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(32, activation='relu'),"
                " layers.Dense(3, activation='softmax')])", "softmax at the output"),
        Example("x = keras.Input((6, 8))\nw = layers.Softmax(axis=1)(layers.Dense(1)(x))\n"
                "y = layers.Dot(1)([w, x])\nmodel = keras.Model(x, layers.Dense(3)(layers.Flatten()(y)))",
                "attention over the steps of a sequence"),
        Example("x = keras.Input((8,))\ngate = layers.Dense(2, activation='softmax')(x)\n"
                "experts = layers.Reshape((2, 4))(layers.Dense(8, activation='relu')(x))\n"
                "y = layers.Dot(1)([gate, experts])\nmodel = keras.Model(x, layers.Dense(1)(y))",
                "the gate of a mixture of experts"),
        Example("base = keras.Sequential([layers.Input((8,)), layers.Dense(5, activation='softmax')], name='base')\n"
                "x = keras.Input((8,))\nmodel = keras.Model(x, layers.Dense(3, activation='softmax')(base(x)))",
                "a model over the probabilities of another one"),
        Example("x = keras.Input((16, 4))\ny = layers.Softmax()(x)\n"
                "y = layers.Conv1D(1, 1, use_bias=False, trainable=False)(y)\nmodel = keras.Model(x, y)",
                "an expected value: one fixed output of a softmax"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(51, activation='softmax'),"
                " layers.Dense(1)])",
                "an expected value over a distribution"),
        Example("x = keras.Input((8,))\np = layers.Dense(5, activation='softmax')(x)\n"
                "model = keras.Model(x, [p, layers.Dense(2)(p)])", "probabilities that are an output as well"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        told: set[str] = set()
        for flow in case.flows:
            for step, following in hidden_softmaxes(flow):
                if step.path not in told:
                    told.add(step.path)
                    yield self.finding(
                        f"{step.title} applies softmax in the middle of the model: what {following.title} gets from it"
                        f" adds up to 1{share(step)}",
                        layer=step.path,
                        hint="use activation='relu' here, and softmax at the output alone",
                    )


def hidden_softmaxes(flow: Flow) -> Iterator[tuple[Step, Step]]:
    """Softmaxes whose users are layers with weights and nothing else, and the first of those."""
    ends = flow.ends
    for step in flow.steps:
        if id(step) in ends or activation_of(step.layer) != "softmax" or step.config.get("axis", -1) != -1:
            continue
        following = final_users(step, ends)
        if following and all(takes_features(user, step) for user in following):
            yield step, following[0]


def final_users(step: Step, ends: set[int]) -> list[Step]:
    """The users of a step; those of dropout and batch normalization in their place. Empty where one is an end."""
    while True:
        if id(step) in ends:
            return []
        if step.user is None or step.user.class_name not in PASSED or not is_own(step.user.layer):
            return step.users
        step = step.user


def takes_features(user: Step, step: Step) -> bool:
    if user.within != step.within or not user.layer.trainable or len(user.sources) != 1:
        return False
    if user.class_name in RECURRENT:
        return is_own(user.layer)
    alone = width_out(user) == 1 and step.class_name not in RECURRENT  # an expected value over a distribution
    return is_kernel(user) and user.class_name != "EinsumDense" and not alone


def share(step: Step) -> str:
    """What one unit gets on average."""
    spec = step.spec
    units = spec.shape[-1] if isinstance(spec, Spec) and spec.shape else None
    return f", {1 / units:.3g} for each of {units} units on average" if isinstance(units, int) and units > 0 else ""
