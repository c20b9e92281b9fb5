"""KS213 degenerate-initializer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..analyses.flow import Flow, Step
from ..analyses.paths import is_kernel, walk_on, width_out
from ..analyses.roles import MERGES, is_own
from ..graph import Weight
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

SAME = {"Zeros": 0.0, "Ones": 1.0, "zeros": 0.0, "ones": 1.0, "zero": 0.0, "one": 1.0}
KERNEL = "kernel_initializer"
START = 1 << 16  # bytes of a stored kernel that are looked at


class DegenerateInitializer(Rule):
    """A hidden layer whose kernel starts with one number everywhere: its units stay alike for ever.

    Units that start alike get the same gradient, step after step: a layer of 64 units learns what one unit could. With
    zeros, nothing before the layer gets a gradient at all. Leave `kernel_initializer` at `glorot_uniform`, or use
    `he_normal`. Zeros are right at the end of a residual branch, in a gate and at an output, which are not flagged, nor
    is a layer whose stored kernel has become another.
    """

    code = "KS213"
    name = "degenerate-initializer"
    severity = "error"
    needs = ("flows",)
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(16, 'relu', kernel_initializer='zeros'),"
                " layers.Dense(1)])", "a hidden layer of zeros"),
        Example("x = keras.Input((8, 8, 3))\ny = layers.Conv2D(4, 3, kernel_initializer='ones')(x)\n"
                "y = layers.Flatten()(layers.MaxPooling2D()(layers.ReLU()(y)))\n"
                "model = keras.Model(x, layers.Dense(2)(y))", "a convolution of ones", "model.h5"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(16, 'tanh',"
                " kernel_initializer=keras.initializers.Constant(0.1)), layers.Dense(1)])", "a constant", "model.json"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(16, 'relu'),"
                " layers.Dense(1, kernel_initializer='zeros')])", "an output that starts at zero"),
        Example("x = keras.Input((8,))\ny = layers.Dense(8, 'relu')(x)\n"
                "y = layers.Add()([x, layers.Dense(8, kernel_initializer='zeros')(y)])\n"
                "model = keras.Model(x, layers.Dense(1)(y))", "the end of a residual branch"),
        Example("x = keras.Input((8,))\ny = layers.Multiply()([x, layers.Dense(8, kernel_initializer='zeros')(x)])\n"
                "model = keras.Model(x, layers.Dense(1)(y))", "a gate that starts closed"),
        Example("model = keras.Sequential([layers.Input((8, 8, 3)), layers.Conv2D(3, 3, padding='same',"
                " trainable=False, kernel_initializer=keras.initializers.Constant(1 / 27)), layers.Conv2D(4, 3),"
                " layers.Flatten()])",
                "a fixed filter"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(16, 'relu', kernel_initializer='zeros'),"
                " layers.Dense(1)])\n"
                "model.set_weights([np.random.default_rng(1).normal(size=w.shape) for w in model.get_weights()])",
                "a kernel that was loaded from elsewhere"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, kernel_initializer='ones'),"
                " layers.Dense(4)])", "one unit, which is like no other"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        told: set[str] = set()
        for flow in case.flows:
            for step, following in alike(flow):
                if step.path in told or has_changed(case, step):
                    continue
                told.add(step.path)
                value = constant_of(step.config.get(KERNEL))
                yield self.finding(
                    f"{step.title} starts with a kernel of {value:g} everywhere and feeds {following.title}: its"
                    f" {width_out(step)} units stay alike",
                    layer=step.path,
                    hint=f"leave {KERNEL} of {step.layer.name!r} at 'glorot_uniform'",
                )


def alike(flow: Flow) -> Iterator[tuple[Step, Step]]:
    """Kernel layers that start with one number, and the kernel layer they feed past layers with one input."""
    ends = flow.ends
    for step in flow.steps:
        if not is_kernel(step) or not step.layer.trainable or (width_out(step) or 0) < 2:
            continue
        if constant_of(step.config.get(KERNEL)) is None:
            continue
        _, following = walk_on(step, ends, lambda s: s.layer.kind == "layer" and is_own(s.layer) and not stops(s))
        if following is not None and is_kernel(following):
            yield step, following


def stops(step: Step) -> bool:
    return is_kernel(step) or step.class_name in MERGES


def constant_of(initializer: Any) -> float | None:
    """The number an initializer fills a kernel with; `None` for any other."""
    if isinstance(initializer, str):
        return SAME.get(initializer)
    if not isinstance(initializer, Mapping):
        return None
    name, config = initializer.get("class_name"), initializer.get("config")
    if name == "Constant" and isinstance(config, Mapping):
        value = config.get("value", 0)
        return float(value) if isinstance(value, (int, float)) and abs(value) < 1e30 else None
    return SAME.get(name) if isinstance(name, str) else None


def has_changed(case: Case, step: Step) -> bool:
    """Whether the stored kernel has units that differ."""
    if not case.has("weights") or case.weights is None:
        return False
    stored: tuple[Weight, ...] = case.weights.by_layer.get(step.path, ())
    kernel = next((weight for weight in stored if len(weight.shape) >= 2), None)
    return kernel is not None and differs(kernel)


def differs(kernel: Weight) -> bool:
    """Whether a row of a kernel, one number for each unit, holds more than one number."""
    width = kernel.nbytes // max(kernel.size, 1)
    blocks = getattr(kernel.load, "blocks", None)
    if blocks is None or not width:
        return False
    start = bytes(next(iter(blocks(START)), b""))
    units = min(kernel.shape[-1] * width, len(start))
    rows = [start[at : at + units] for at in range(0, len(start) - units + 1, units)] if units else []
    return any(row != row[:width] * (len(row) // width) for row in rows)
