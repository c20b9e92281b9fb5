"""KS224 flatten-explosion."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.paths import is_linear, walk_back
from ..analyses.roles import is_own
from ..graph import Spec
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

SHARE, MANY = 0.8, 5_000_000


class FlattenExplosion(Rule):
    """A dense layer behind Flatten that holds most of the model's parameters.

    A map of 56 x 56 with 64 channels is 200,704 values once flat, and 128 units on top are 25.7 million parameters:
    more than ResNet50 has, in the one layer that overfits first. `GlobalAveragePooling2D` in place of `Flatten` leaves
    8,192, and one more pooling before it a quarter.
    """

    code = "KS224"
    name = "flatten-explosion"
    severity = "info"
    needs = ("flows", "facts")
    flags = (
        Example("model = keras.Sequential([layers.Input((128, 128, 3)), layers.Conv2D(32, 3, strides=2), layers.ReLU(),"
                " layers.Flatten(), layers.Dropout(0.3), layers.Dense(64), layers.Dense(2)])",
                "eight million behind Flatten", "model.json"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((128, 128, 3)), layers.Conv2D(32, 3, strides=2),"
                " layers.GlobalAveragePooling2D(), layers.Dense(64), layers.Dense(2)])", "pooled", "model.json"),
        Example("model = keras.Sequential([layers.Input((28, 28, 1)), layers.Flatten(), layers.Dense(128),"
                " layers.Dense(10)])", "a small one"),
        Example("model = keras.Sequential([layers.Input((3000,)), layers.Dense(3000), layers.Dense(2)])",
                "large without Flatten", "model.json"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        total = case.facts.totals.params
        told: set[str] = set()
        for step in (step for flow in case.flows for step in flow.steps):
            fact = case.facts_by_path.get(step.path)
            params = fact.params if fact is not None else None
            if step.class_name != "Dense" or not params or not total or step.path in told or not is_own(step.layer):
                continue
            if params < MANY or params < SHARE * total:
                continue
            passed, source = walk_back(step.source, lambda s: is_linear(s) or is_activation(s.class_name))
            flat = next((s for s in (*passed, source) if s is not None and s.class_name == "Flatten"), None)
            if flat is None:
                continue
            told.add(step.path)
            shape = flat.spec.shape[-1] if isinstance(flat.spec, Spec) else None
            yield self.finding(
                f"{step.title} behind {flat.title} holds {params:,} of the model's {total:,} parameters"
                + (f", for its {shape:,} inputs" if shape else ""),
                layer=step.path,
                hint=f"pool before {flat.layer.name!r}, or use GlobalAveragePooling in its place",
            )


def is_activation(class_name: str) -> bool:
    return class_name in ("Activation", "ReLU", "LeakyReLU", "ELU", "PReLU")
