"""KS209 channels-first-input."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.flow import Flow, Step
from ..analyses.paths import MOST, walk_on
from ..analyses.roles import BATCH_NORMS, NOISE, is_own
from ..graph import Spec
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

PASSED = NOISE | BATCH_NORMS | {"Rescaling", "Normalization"}
READERS = ("Conv2D", "SeparableConv2D", "DepthwiseConv2D", "MaxPooling2D", "AveragePooling2D")


class ChannelsFirstInput(Rule):
    """An image input of shape (channels, height, width) before a layer that takes (height, width, channels).

    With `data_format='channels_last'`, which is Keras's default, `Input((3, 224, 224))` is an image of 3 x 224 pixels
    with 224 channels: kernels slide along the colours, pooling shrinks them, and the first layer has 75 times the
    weights. Give the shape as (224, 224, 3) and transpose the data, or set `data_format='channels_first'`.
    """

    code = "KS209"
    name = "channels-first-input"
    severity = "warning"
    needs = ("flows",)
    flags = (
        Example("model = keras.Sequential([layers.Input((3, 32, 32)), layers.Conv2D(8, 3, padding='same'),"
                " layers.Flatten(), layers.Dense(2)])", "a colour image"),
        Example("inner = keras.Sequential([layers.Input((1, 28, 28)), layers.Rescaling(1 / 255),"
                " layers.Conv2D(8, (3, 3), padding='same'), layers.GlobalAveragePooling2D()])\n"
                "x = keras.Input((1, 28, 28))\nmodel = keras.Model(x, layers.Dense(2)(inner(x)))",
                "a grey one, rescaled in a nested model", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((32, 32, 3)), layers.Conv2D(8, 3), layers.Flatten()])",
                "channels last"),
        Example("model = keras.Sequential([layers.Input((3, 32, 32)), layers.Permute((2, 3, 1)),"
                " layers.Conv2D(8, 3), layers.Flatten()])", "transposed in the model"),
        Example("model = keras.Sequential([layers.Input((4, 128, 1)), layers.Conv2D(8, (1, 16), padding='same'),"
                " layers.Conv2D(8, (4, 1)), layers.Flatten()])", "four electrodes over time"),
        Example("model = keras.Sequential([layers.Input((4, 4, 64)), layers.Conv2D(8, 3, padding='same')])",
                "a small feature map"),
        Example("x = keras.Input((3, 32, 32))\ny = layers.Conv2D(8, 3, padding='same',"
                " data_format='channels_first')(x)\nmodel = keras.Model(x, y)", "channels first, and said so"),
        Example("model = keras.Sequential([layers.Input((1, 100, 64)), layers.Conv2D(8, (1, 5), padding='same')])",
                "a sequence as an image of one row"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for flow in case.flows:
            for step, reader in suspects(flow):
                channels, height, width = step.spec.shape[1:]  # type: ignore[union-attr]
                yield self.finding(
                    f"the input {step.layer.name!r} is ({channels}, {height}, {width}), which {reader.title} takes for"
                    f" an image of {channels} x {height} pixels with {width} channels",
                    layer=step.path,
                    hint=f"use the shape ({height}, {width}, {channels}), or data_format='channels_first' throughout",
                )


def suspects(flow: Flow) -> Iterator[tuple[Step, Step]]:
    """Inputs that look like channels, height and width, and the layer that slides a window over them."""
    ends = flow.ends
    for step in flow.inputs:
        if not looks_like_channels_first(step.spec):
            continue
        _, reader = walk_on(step, ends, lambda s: s.class_name in PASSED or s.class_name.startswith("Random"))
        if reader is not None and reader.class_name in READERS and is_own(reader.layer) and slides(reader, step.spec):
            yield step, reader


def looks_like_channels_first(spec: object) -> bool:
    if not isinstance(spec, Spec) or spec.rank != 4 or None in spec.shape[1:]:
        return False
    channels, height, width = (size or 0 for size in spec.shape[1:])
    if channels not in (1, 3, 4) or width <= 4:
        return False
    alike = height == width or (channels == 3 and height >= 8 and width >= 8 and height <= 2 * width <= 4 * height)
    return alike and channels < width < MOST


def slides(step: Step, spec: object) -> bool:
    """Whether the window moves along the first axis too: it is no deliberate window of one row."""
    window = step.config.get("kernel_size", step.config.get("pool_size"))
    rows = window[0] if isinstance(window, (list, tuple)) and window else window
    if step.config.get("data_format") == "channels_first" or not isinstance(rows, int) or not isinstance(spec, Spec):
        return False
    return rows > 1 and (rows > (spec.shape[1] or 0) or step.config.get("padding") == "same" or spec.shape[1] == 3)
