"""KS219 double-rescaling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..analyses.flow import Flow, Step
from ..analyses.roles import NOISE, RESHAPES, is_own
from ..graph import flatten
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

SMALL = 0.1
OPERATIONS = {
    "TrueDivide": "divide", "Divide": "divide", "Multiply": "multiply", "math.truediv": "divide",
    "math.divide": "divide", "math.multiply": "multiply",
}  # fmt: skip
PASSED = NOISE | RESHAPES | {"Resizing", "CenterCrop", "Activation"}


class DoubleRescaling(Rule):
    """An input that is scaled down twice on its way to the first layer with weights.

    Pixels from 0 to 255 become 0 to 1 by the first `Rescaling(1/255)` and 0 to 0.004 by the second: the image is nearly
    constant, and the model learns next to nothing from it. Mostly the backbone brings its own scaling, as EfficientNet
    and MobileNetV3 do (`include_preprocessing`), or the data were scaled for another model. Keep one of the two.
    """

    code = "KS219"
    name = "double-rescaling"
    severity = "warning"
    needs = ("flows",)
    flags = (
        Example("base = keras.Sequential([layers.Input((8, 8, 3)), layers.Rescaling(1 / 127.5, offset=-1),"
                " layers.Conv2D(4, 3), layers.GlobalMaxPooling2D()])\n"
                "model = keras.Sequential([layers.Input((8, 8, 3)), layers.Rescaling(1 / 255), base,"
                " layers.Dense(2)])", "before a backbone that scales itself"),
        Example("x = keras.Input((8, 8, 3))\ny = layers.Rescaling(1 / 255)(layers.RandomFlip()(x / 255.0))\n"
                "model = keras.Model(x, layers.Conv2D(4, 3)(y))", "divided, and rescaled"),
        Example("model = keras.Sequential([layers.Input((8, 8, 3)), layers.Rescaling(1 / 255),"
                " layers.Normalization(mean=[120.0, 110.0, 100.0], variance=[4900.0, 4800.0, 5000.0]),"
                " layers.Conv2D(4, 3)])", "normalized with the statistics of raw pixels", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8, 8, 3)), layers.Rescaling(1 / 255), layers.Conv2D(4, 3)])",
                "scaled once"),
        Example("model = keras.Sequential([layers.Input((8, 8, 3)), layers.Rescaling(1 / 255),"
                " layers.Normalization(mean=[0.48, 0.45, 0.4], variance=[0.05, 0.05, 0.05]), layers.Conv2D(4, 3)])",
                "scaled, then normalized with the statistics of what comes of it"),
        Example("x = keras.Input((8, 16))\nq = layers.Dense(512)(layers.Rescaling(1 / 255)(x))\n"
                "q = layers.Rescaling(512 ** -0.5)(q)\nmodel = keras.Model(x, layers.Dense(2)(q))",
                "queries of attention, scaled behind a layer with weights"),
        Example("x = keras.Input((8, 8, 3))\na = layers.Conv2D(4, 3)(layers.Rescaling(1 / 255)(x))\n"
                "b = layers.Conv2D(4, 3)(layers.Rescaling(1 / 127.5, offset=-1)(x))\n"
                "model = keras.Model(x, layers.Add()([a, b]))", "two ways, each scaled once"),
        Example("model = keras.Sequential([layers.Input((8, 8, 3)), layers.Rescaling(1 / 255),"
                " layers.Rescaling(2.0, offset=-1), layers.Conv2D(4, 3)])", "moved to -1 to 1 in a second step"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        told: set[str] = set()
        for flow in case.flows:
            for first, second in twice_scaled(flow):
                if second.path not in told:
                    told.add(second.path)
                    scales = scale_of(first) or 0, scale_of(second) or 0
                    yield self.finding(
                        f"{second.title} scales by {scales[1]:.3g} what {first.title} has scaled by {scales[0]:.3g}"
                        f" already: 255 becomes {255 * scales[0] * scales[1]:.2g}",
                        layer=second.path,
                        hint=f"remove {first.layer.name!r} or {second.layer.name!r}",
                    )


def twice_scaled(flow: Flow) -> Iterator[tuple[Step, Step]]:
    """Steps that scale down what another has, with nothing between that has weights."""
    scaled: dict[int, Step] = {}
    for step in flow.steps:
        before = next((scaled[id(t.step)] for t in step.sources if id(t.step) in scaled), None)
        scale = scale_of(step)
        if scale is not None and abs(scale) < SMALL:
            if before is not None:
                yield before, step
            scaled[id(step)] = before or step
        elif before is not None and (passes(step) or (scale is not None and scale <= 1)):
            scaled[id(step)] = before


def passes(step: Step) -> bool:
    if len(step.sources) != 1 or step.layer.kind != "layer" or not is_own(step.layer):
        return False
    return step.class_name in PASSED or step.class_name.startswith("Random")


def scale_of(step: Step) -> float | None:
    """What a step multiplies its input with, the largest of several; `None` where it does something else."""
    if not is_own(step.layer) or len(step.sources) != 1:
        return None
    if step.class_name == "Rescaling":
        return largest(step.config.get("scale"))
    if step.class_name == "Normalization":
        variance = largest(step.config.get("variance"), smallest=True)
        return None if variance is None or variance <= 0 or step.config.get("invert") else variance**-0.5
    return scale_of_operation(step)


def scale_of_operation(step: Step) -> float | None:
    """The number that an operation multiplies a tensor with, or one over the number it divides it by."""
    operation = OPERATIONS.get(str(step.config.get("function")) if step.class_name == "TFOpLambda" else step.class_name)
    if step.layer.kind != "operation" or operation is None:
        return None
    call = step.layer.calls[step.call]
    numbers = [leaf for leaf in flatten([list(call.args), dict(call.kwargs)]) if is_number(leaf)]
    if len(numbers) != 1 or not numbers[0] or (operation == "divide" and call.args and is_number(call.args[0])):
        return None
    return float(numbers[0]) if operation == "multiply" else 1 / numbers[0]


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e30


def largest(value: Any, *, smallest: bool = False) -> float | None:
    leaves: Sequence[Any] = flatten(value) if isinstance(value, (list, tuple)) else [value]
    if not leaves or not all(is_number(leaf) for leaf in leaves):
        return None
    return float(min(leaves) if smallest else max(leaves, key=abs))
