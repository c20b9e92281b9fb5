"""KS202 redundant-activation."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.paths import walk_back
from ..analyses.roles import ACTIVATION_LAYERS, LINEAR, activation_of
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

IDEMPOTENT = frozenset({"relu", "relu6", "hard_tanh"})


class RedundantActivation(Rule):
    """An activation behind a layer that ends with the same activation.

    A second `relu` changes nothing. A second `sigmoid` or `tanh` does: it squeezes what is squeezed already, so that
    `sigmoid(sigmoid(x))` moves between 0.5 and 0.73 and its gradient is a quarter of what it was at most. Mostly the
    layer has `activation=` and a layer of its own for it: leave one out.
    """

    code = "KS202"
    name = "redundant-activation"
    severity = "info"
    needs = ("flows",)
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4, activation='relu'), layers.ReLU(),"
                " layers.Dense(1)])", "relu behind relu"),
        Example("x = keras.Input((8,))\ny = layers.Activation('tanh')(layers.Dense(4, activation='tanh')(x))\n"
                "model = keras.Model(x, layers.Dense(1)(y))", "tanh of tanh", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4), layers.ReLU(), layers.Dense(1)])",
                "the activation as a layer of its own"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4, activation='relu'),"
                " layers.Dense(4, activation='relu'), layers.Dense(1)])", "one in each layer"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4, activation='tanh'), layers.ReLU(),"
                " layers.Dense(1)])", "two that differ"),
        Example("x = keras.Input((8,))\ny = layers.Dense(8, activation='relu')(x)\ny = layers.Add()([x, y])\n"
                "y = layers.Activation('relu')(y)\nmodel = keras.Model(x, layers.Dense(1)(y))", "with a sum between"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        told: set[str] = set()
        for step in (step for flow in case.flows for step in flow.steps):
            if step.class_name != "Activation" and step.class_name not in ACTIVATION_LAYERS:
                continue
            own = activation_of(step.layer)
            if own in (LINEAR, None) or step.path in told:
                continue
            _, source = walk_back(step.source, lambda s: s.class_name == "Identity")
            if source is not None and activation_of(source.layer) == own:
                told.add(step.path)
                effect = "changes nothing" if own in IDEMPOTENT else f"is {own} of {own}"
                yield self.finding(
                    f"{step.title} follows {source.title}, which ends with {own} already: the second {effect}",
                    layer=step.path,
                    hint=f"remove {step.layer.name!r}, or the activation of {source.layer.name!r}",
                )
