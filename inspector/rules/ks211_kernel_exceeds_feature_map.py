"""KS211 kernel-exceeds-feature-map."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.flow import Step
from ..analyses.paths import MOST, sizes
from ..analyses.roles import CONVOLUTIONS, POOLS, is_own
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

WINDOWED = frozenset(name for name in CONVOLUTIONS | POOLS if "Global" not in name and "Transpose" not in name)


class KernelExceedsFeatureMap(Rule):
    """A kernel or pooling window that is larger than the feature map it slides over.

    With `padding='valid'` there is no place for it: Keras refuses to build the model, so the file cannot be loaded.
    With `padding='same'` it is built, and in every direction the outer weights of the kernel see padding alone: of a
    3 x 3 kernel on a map of 1 x 1, eight ninths never meet a value. The input is too small for so many strides and
    pools: start from larger images, or leave some out.

    An error where Keras refuses the layer, else a remark: networks for large images are often used on small ones.
    """

    code = "KS211"
    name = "kernel-exceeds-feature-map"
    severity = "error"
    needs = ("flows",)
    flags = (
        Example("model = keras.Sequential([layers.Input((8, 8, 3)), layers.Conv2D(4, 3, strides=8, padding='same'),"
                " layers.Conv2D(4, 5, padding='same')])", "a kernel of 5 on a map of 1"),
        Example("model = keras.Sequential([layers.Input((16, 16, 3)), layers.Conv2D(4, 7), layers.Flatten()])\n"
                "model.save(path)\n"
                "def shrink(config):\n"
                "    config['config']['layers'][0]['config']['batch_shape'] = [None, 6, 6, 3]\n"
                "edit_config(path, shrink)", "a kernel of 7 that no longer fits"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8, 8, 3)), layers.Conv2D(4, 8), layers.Flatten()])",
                "a kernel as large as the map"),
        Example("model = keras.Sequential([layers.Input((1, 64, 4)), layers.Conv2D(4, (3, 9), padding='same')])",
                "larger in one direction only"),
        Example("model = keras.Sequential([layers.Input((None, None, 3)), layers.Conv2D(4, 7)])", "any size"),
        Example("model = keras.Sequential([layers.Input((16, 16, 3)),"
                " layers.Conv2D(4, 3, dilation_rate=12, padding='same')])", "a wide dilation"),
        Example("model = keras.Sequential([layers.Input((3, 16, 16)), layers.MaxPooling2D(4,"
                " data_format='channels_first')])", "channels first"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        told: set[str] = set()
        for step in (step for flow in case.flows for step in flow.steps):
            if step.class_name not in WINDOWED or not is_own(step.layer) or step.path in told:
                continue
            window, given = (
                window_of(step),
                step.sources and sizes(step.sources[0].spec, step.config.get("data_format")),
            )
            if not window or not given or len(window) != len(given):
                continue
            larger = [size is not None and side > size for side, size in zip(window, given, strict=True)]
            padding = step.config.get("padding", "valid")
            if (any(larger) and padding == "valid") or all(larger):
                told.add(step.path)
                yield self.tell(step, window, given, fits=padding != "valid")

    def tell(self, step: Step, window: list[int], given: tuple[int | None, ...], *, fits: bool) -> Finding:
        kernel, size = (" x ".join(map(str, sides)) for sides in (window, given))
        effect = "most of its weights meet padding alone" if fits else "Keras cannot build it"
        return self.finding(
            f"{step.title} has a window of {kernel} and gets a map of {size}: {effect}",
            layer=step.path,
            severity="info" if fits else "error",
            hint="make the input larger, or leave out strides or pooling before this layer",
        )


def window_of(step: Step) -> list[int] | None:
    """The window, in a convolution with its dilation where that must fit as well."""
    rank = next(int(letter) for letter in step.class_name if letter.isdigit())
    value = step.config.get("kernel_size", step.config.get("pool_size"))
    window = list(value) if isinstance(value, (list, tuple)) else [value] * rank
    spread = step.config.get("dilation_rate", 1) if step.config.get("padding", "valid") == "valid" else 1
    spread = list(spread) if isinstance(spread, (list, tuple)) else [spread] * rank
    if not all(isinstance(n, int) and 0 < n < MOST for n in (*window, *spread)) or len(window) != len(spread):
        return None
    return [(side - 1) * apart + 1 for side, apart in zip(window, spread, strict=True)]
