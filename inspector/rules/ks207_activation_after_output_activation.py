"""KS207 activation-after-output-activation."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.flow import Flow, Step
from ..analyses.paths import is_moved, walk_back
from ..analyses.roles import NORMALISING, activation_of
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule


class ActivationAfterOutputActivation(Rule):
    """An output with softmax or sigmoid on top of softmax or sigmoid.

    The second one gets numbers between 0 and 1 and cannot tell them apart any more: softmax of the probabilities of ten
    classes lies between 0.08 and 0.24 whatever the model is sure of, sigmoid of a sigmoid between 0.5 and 0.73. The
    loss stays high and the gradients small. Keep one of the two.
    """

    code = "KS207"
    name = "activation-after-output-activation"
    severity = "error"
    needs = ("flows",)
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(3, activation='softmax'),"
                " layers.Softmax()])", "softmax of softmax"),
        Example("x = keras.Input((8,))\ny = layers.Dense(3, activation='softmax')(x)\n"
                "model = keras.Model(x, layers.Activation('sigmoid')(layers.Dropout(0.1)(y)))",
                "sigmoid of softmax, dropout between", "model.h5"),
        Example("inner = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='sigmoid')])\n"
                "x = keras.Input((8,))\nmodel = keras.Model(x, keras.ops.sigmoid(inner(x)))",
                "an operation on a nested model that ends with sigmoid"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(3), layers.Softmax()])", "one softmax"),
        Example("x = keras.Input((8,))\ny = layers.Dense(4, activation='sigmoid')(x)\n"
                "model = keras.Model(x, layers.Dense(3, activation='softmax')(y))", "a layer with weights between"),
        Example("x = keras.Input((6, 8))\nw = layers.Softmax(axis=1)(layers.Dense(1, activation='sigmoid')(x))\n"
                "y = layers.Flatten()(layers.Dot(1)([w, x]))\nmodel = keras.Model(x, layers.Dense(1)(y))",
                "scores of attention, which are no output"),
        Example("x = keras.Input((8,))\np = layers.Dense(3, activation='softmax')(x)\n"
                "y = layers.Softmax()(keras.ops.log(p) / 0.5)\nmodel = keras.Model(x, y)",
                "probabilities sharpened by a temperature"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(3, activation='tanh'),"
                " layers.Softmax()])", "softmax of bounded scores"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        told: set[str] = set()
        for flow in case.flows:
            for step, before in doubled(flow):
                if step.path not in told:
                    told.add(step.path)
                    second, first = activation_of(step.layer), activation_of(before.layer)
                    yield self.finding(
                        f"{step.title} applies {second} to what {before.title} has put through {first} already",
                        layer=step.path,
                        hint=f"remove {step.layer.name!r}, or the activation of {before.layer.name!r}",
                    )


def doubled(flow: Flow) -> Iterator[tuple[Step, Step]]:
    """Activations that make an output, each with an activation before it and nothing with weights between."""
    for tensor in flow.outputs:
        _, step = walk_back(tensor.step, is_moved)
        if step is None or activation_of(step.layer) not in NORMALISING or has_weights(step):
            continue
        _, before = walk_back(step.source, is_moved)
        if before is not None and activation_of(before.layer) in NORMALISING:
            yield step, before


def has_weights(step: Step) -> bool:
    """Whether the activation stands at the end of a layer that does more."""
    return step.class_name != "Activation" and "activation" in step.config
