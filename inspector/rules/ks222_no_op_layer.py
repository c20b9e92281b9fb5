"""KS222 no-op-layer."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.flow import Step
from ..analyses.roles import DROPOUTS, PADDINGS, POOLS, UPSAMPLINGS, is_own
from ..graph import Spec, flatten
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule


class NoOpLayer(Rule):
    """A layer that gives back what it takes.

    It costs nothing but the reader's time, and it may be a sign that something else was meant: a `Flatten` behind a
    layer whose output is flat already, pooling over windows of one, dropout of nothing.
    """

    code = "KS222"
    name = "no-op-layer"
    severity = "info"
    needs = ("flows",)
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Flatten(), layers.Dense(2)])", "flat already"),
        Example("model = keras.Sequential([layers.Input((8, 8, 3)), layers.MaxPooling2D(1), layers.Dropout(0),"
                " layers.Flatten()])", "windows of one, and dropout of nothing", "model.h5"),
        Example("x = keras.Input((4, 6))\nmodel = keras.Model(x, layers.Reshape((4, 6))(x))", "the same shape"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8, 8, 3)), layers.Flatten(), layers.Dense(2)])", "an image"),
        Example("model = keras.Sequential([layers.Input((8, 8, 3)), layers.MaxPooling2D(1, strides=2),"
                " layers.Dropout(0.1), layers.Flatten()])", "every second pixel"),
        Example("x = keras.Input((4, 6))\nmodel = keras.Model(x, layers.Reshape((6, 4))(x))", "another shape"),
        Example("x = keras.Input((4, 4))\nmodel = keras.Model(x, layers.Permute((2, 1))(x))",
                "axes of one size that change places"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        told: set[str] = set()
        for step in (step for flow in case.flows for step in flow.steps):
            if step.path in told or step.layer.kind != "layer" or not is_own(step.layer) or len(step.sources) != 1:
                continue
            why = why_nothing(step)
            if why is not None:
                told.add(step.path)
                yield self.finding(
                    f"{step.title} gives back what it takes: {why}", layer=step.path,
                    hint=f"remove {step.layer.name!r}",
                )  # fmt: skip


def why_nothing(step: Step) -> str | None:
    """Why a layer does nothing; `None` where it does, or may do something."""
    name, config, taken, made = step.class_name, step.config, step.sources[0].spec, step.spec
    known = isinstance(taken, Spec) and isinstance(made, Spec)
    if name == "Flatten":
        return "it is flat already" if isinstance(taken, Spec) and taken.rank == 2 else None
    if name == "Reshape":
        same = known and taken == made and list(taken.shape).count(None) <= 1  # type: ignore[union-attr]
        return "it has that shape already" if same else None
    if name in DROPOUTS:
        rate = config.get("rate")
        return "its rate is 0" if rate == 0 and isinstance(rate, (int, float)) else None
    if name in POOLS and "pool_size" in config:
        stands = config.get("strides") is None or only(config["strides"], 1)
        return "its windows are of one value" if only(config["pool_size"], 1) and stands else None
    if name in PADDINGS:
        return "it adds or removes nothing" if only(config.get("padding", config.get("cropping")), 0) else None
    if name in UPSAMPLINGS:
        return "its factor is 1" if only(config.get("size"), 1) else None
    if name == "Permute":
        dims = config.get("dims")
        same = isinstance(dims, (list, tuple)) and list(dims) == list(range(1, len(dims) + 1))
        return "the axes stay where they are" if same else None
    return "it has one input" if name == "Concatenate" else None


def only(value: object, number: int) -> bool:
    """Whether a config value is a number, or lists of nothing but that number."""
    leaves = flatten(value)
    return bool(leaves) and all(isinstance(leaf, int) and leaf == number for leaf in leaves)
