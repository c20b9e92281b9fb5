"""Knowledge of the convolutional layers, transposed, depthwise, separable and (Keras 2) locally connected ones too."""

from __future__ import annotations

from typing import Any

from ..knowledge import (
    Example,
    Knowledge,
    NotKnown,
    Shape,
    Spec,
    Subject,
    WeightSpec,
    join_channels,
    per_axis,
    product,
    spatial_rank,
    split_channels,
    whole,
    windows,
)
from .quantization import finish_weights, lora_weights

FIRST = {"data_format": "channels_first"}


def kernel_size(layer: Subject, rank: int) -> tuple[int, ...]:
    return per_axis(layer, "kernel_size", rank)


def convolved(layer: Subject, inputs: Spec) -> Shape:
    """The spatial dimensions behind a convolution."""
    rank = spatial_rank(layer, inputs)
    spatial, _ = split_channels(layer, inputs)
    window, strides = kernel_size(layer, rank), per_axis(layer, "strides", rank, 1)
    dilation, padding = per_axis(layer, "dilation_rate", rank, 1), layer.get("padding", "valid")
    return tuple(windows(s, w, t, padding, d) for s, w, t, d in zip(spatial, window, strides, dilation, strict=True))


def bias_weights(layer: Subject, channels: int | None) -> list[WeightSpec]:
    return [layer.weight("bias", (channels,))] if layer.get("use_bias", True) else []


class Conv(Knowledge):
    """A kernel that slides over one to three axes; ``groups`` cut the channels into independent parts."""

    kinds = ("Conv1D", "Conv2D", "Conv3D", "Convolution1D", "Convolution2D", "Convolution3D")
    examples = (
        Example("Conv1D", {"filters": 4, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}, ((None, 9, 3),)),
        Example("Conv1D", {"filters": 4, "kernel_size": 2, **FIRST}, ((2, 3, None),)),
        Example("Conv2D", {"filters": 4, "kernel_size": 3}, ((None, 9, 8, 3),)),
        Example("Conv2D", {"filters": 6, "kernel_size": (3, 2), "strides": (2, 1), "groups": 3}, ((None, 9, 8, 3),)),
        Example("Conv2D", {"filters": 4, "kernel_size": 3, "padding": "same", "strides": 2}, ((None, None, 8, 3),)),
        Example("Conv2D", {"filters": 4, "kernel_size": 3, "use_bias": False, **FIRST}, ((None, 3, 9, 8),)),
        Example("Conv2D", {"filters": 4, "kernel_size": 3, "lora_rank": 2}, ((None, 9, 8, 3),)),
        Example("Conv2D", {"filters": 4, "kernel_size": 3, "dtype": "mixed_float16"}, ((None, 9, 8, 3),)),
        Example("Conv3D", {"filters": 4, "kernel_size": 2, "activation": "relu"}, ((None, 5, 6, 7, 3),)),
        Example("Conv3D", {"filters": 4, "kernel_size": 2, "strides": 2, **FIRST}, ((None, 3, 5, None, 7),)),
        Example("Convolution2D", {"filters": 2, "kernel_size": 1}, ((None, 9, 8, 3),), dtype="int32"),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        return join_channels(layer, inputs, convolved(layer, inputs), whole(layer["filters"], "filters"))

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        kernel = Conv.kernel(layer, inputs)
        specs = [layer.weight("kernel", kernel), *bias_weights(layer, kernel[-1])]
        return finish_weights(specs + lora_weights(layer, kernel), "kernel" if layer.get("lora_rank") else None)

    @staticmethod
    def kernel(layer: Subject, inputs: Spec) -> Shape:
        window = kernel_size(layer, spatial_rank(layer, inputs))
        channels, groups = split_channels(layer, inputs)[1], whole(layer.get("groups", 1), "groups")
        if channels is not None and channels % groups:
            raise NotKnown(f"{channels} channels do not fall into {groups} groups")
        return (*window, None if channels is None else channels // groups, whole(layer["filters"], "filters"))

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Spec, *_: Any, **__: Any) -> int | None:
        return product((*split_channels(layer, output)[0], *Conv.kernel(layer, inputs)))


class ConvTranspose(Knowledge):
    """A convolution run backwards: every input position spreads over a window of the output."""

    kinds = (
        "Conv1DTranspose",
        "Conv2DTranspose",
        "Conv3DTranspose",
        "Convolution1DTranspose",
        "Convolution2DTranspose",
        "Convolution3DTranspose",
    )
    examples = (
        Example("Conv1DTranspose", {"filters": 4, "kernel_size": 3, "dilation_rate": 2}, ((None, 9, 3),)),
        Example("Conv1DTranspose", {"filters": 4, "kernel_size": 2, "strides": 2, **FIRST}, ((None, 3, None),)),
        Example("Conv2DTranspose", {"filters": 4, "kernel_size": 2, "strides": 3}, ((None, 5, None, 3),)),
        Example("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}, ((1, 5, 6, 3),)),
        Example(
            "Conv2DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2, "output_padding": 1}, ((1, 5, 6, 3),)
        ),
        Example("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "use_bias": False, **FIRST}, ((None, 3, 5, 6),)),
        Example("Conv3DTranspose", {"filters": 2, "kernel_size": 2, "strides": 2}, ((None, 3, 4, 5, 3),)),
        Example("Conv3DTranspose", {"filters": 2, "kernel_size": 3, "padding": "same"}, ((None, 3, None, 5, 3),)),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        rank = spatial_rank(layer, inputs)
        extra = None if layer.get("output_padding") is None else per_axis(layer, "output_padding", rank)
        window, strides = kernel_size(layer, rank), per_axis(layer, "strides", rank, 1)
        dilation, padding = per_axis(layer, "dilation_rate", rank, 1), layer.get("padding", "valid")
        spatial = [
            spread(size, (window[i] - 1) * dilation[i] + 1, strides[i], padding, None if extra is None else extra[i])
            for i, size in enumerate(split_channels(layer, inputs)[0])
        ]
        return join_channels(layer, inputs, spatial, whole(layer["filters"], "filters"))

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        kernel = ConvTranspose.kernel(layer, inputs)
        return [layer.weight("kernel", kernel), *bias_weights(layer, kernel[-2])]

    @staticmethod
    def kernel(layer: Subject, inputs: Spec) -> Shape:
        window = kernel_size(layer, spatial_rank(layer, inputs))
        return (*window, whole(layer["filters"], "filters"), split_channels(layer, inputs)[1])

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Spec, *_: Any, **__: Any) -> int | None:
        return product((*split_channels(layer, inputs)[0], *ConvTranspose.kernel(layer, inputs)))


def spread(size: int | None, window: int, stride: int, padding: Any, extra: int | None) -> int | None:
    """The size of an axis behind a transposed convolution with a (dilated) window and an output padding."""
    if size is None:
        return None
    if padding == "valid":
        return (size - 1) * stride + window + (max(stride - window, 0) if extra is None else extra)
    if padding != "same":
        raise NotKnown(f"padding {padding!r} is none of Keras's"[:200])
    return size * stride if extra is None else (size - 1) * stride + window % 2 + extra


class DepthwiseConv(Knowledge):
    """One kernel for each channel, ``depth_multiplier`` times."""

    kinds = ("DepthwiseConv1D", "DepthwiseConv2D")
    examples = (
        Example("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2}, ((None, 9, 3),)),
        Example("DepthwiseConv1D", {"kernel_size": 2, "dilation_rate": 3, **FIRST}, ((None, 3, 9),)),
        Example("DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "padding": "same"}, ((None, 9, 8, 3),)),
        Example("DepthwiseConv2D", {"kernel_size": (2, 3), "dilation_rate": 2, "use_bias": False}, ((2, None, 8, 3),)),
        Example("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 4, **FIRST}, ((None, 3, 9, 8),)),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        return join_channels(layer, inputs, convolved(layer, inputs), product(DepthwiseConv.kernel(layer, inputs)[-2:]))

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        kernel = DepthwiseConv.kernel(layer, inputs)
        # Keras 2, whose configs of this class hold `groups`, had another name for it.
        name = "depthwise_kernel" if "groups" in layer.config else "kernel"
        return [layer.weight(name, kernel), *bias_weights(layer, product(kernel[-2:]))]

    @staticmethod
    def kernel(layer: Subject, inputs: Spec) -> Shape:
        window = kernel_size(layer, spatial_rank(layer, inputs))
        return (*window, split_channels(layer, inputs)[1], whole(layer.get("depth_multiplier", 1), "depth_multiplier"))

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Spec, *_: Any, **__: Any) -> int | None:
        return product((*split_channels(layer, output)[0], *DepthwiseConv.kernel(layer, inputs)))


class SeparableConv(Knowledge):
    """A depthwise convolution, then a product over the channels at every position."""

    kinds = ("SeparableConv1D", "SeparableConv2D", "SeparableConvolution1D", "SeparableConvolution2D")
    examples = (
        Example("SeparableConv1D", {"filters": 4, "kernel_size": 3, "padding": "same"}, ((None, 9, 3),)),
        Example("SeparableConv1D", {"filters": 4, "kernel_size": 3, "dilation_rate": 2}, ((None, None, 3),)),
        Example("SeparableConv2D", {"filters": 4, "kernel_size": 3, "depth_multiplier": 2}, ((None, 9, 8, 3),)),
        Example("SeparableConv2D", {"filters": 4, "kernel_size": 3, "use_bias": False, **FIRST}, ((None, 3, 9, 8),)),
        Example("SeparableConv2D", {"filters": 4, "kernel_size": 2, "strides": 2}, ((1, None, 8, 3),)),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        return join_channels(layer, inputs, convolved(layer, inputs), whole(layer["filters"], "filters"))

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        kernel = DepthwiseConv.kernel(layer, inputs)
        filters = whole(layer["filters"], "filters")
        pointwise = (*(1 for _ in kernel[:-2]), product(kernel[-2:]), filters)
        specs = [layer.weight("depthwise_kernel", kernel), layer.weight("pointwise_kernel", pointwise)]
        return specs + bias_weights(layer, filters)

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Spec, *_: Any, **__: Any) -> int | None:
        kernel = DepthwiseConv.kernel(layer, inputs)
        positions, depthwise = product(split_channels(layer, output)[0]), product(kernel)
        pointwise = product((*kernel[-2:], whole(layer["filters"], "filters")))
        if positions is None or depthwise is None or pointwise is None:
            return None
        return positions * (depthwise + pointwise)


class LocallyConnected(Knowledge):
    """A convolution of Keras 2 that shares no weights between positions, in its three ways to store the kernel."""

    kinds = ("LocallyConnected1D", "LocallyConnected2D")

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        return join_channels(layer, inputs, convolved(layer, inputs), whole(layer["filters"], "filters"))

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        filters, (spatial, channels) = whole(layer["filters"], "filters"), split_channels(layer, inputs)
        out = convolved(layer, inputs)
        way = layer.get("implementation", 1)
        if way == 1:
            kernel: Shape = (product(out), product((*kernel_size(layer, len(out)), channels)), filters)
        elif way == 2 and layer.get("data_format") == "channels_first":
            kernel = (channels, *spatial, filters, *out)
        elif way == 2:
            kernel = (*spatial, channels, *out, filters)
        elif way == 3:
            kernel = (product((*LocallyConnected.connections(layer, spatial, out), channels, filters)),)
        else:
            raise NotKnown(f"implementation {way!r} is none of Keras's"[:200])
        specs = [layer.weight("kernel", kernel)]
        return [*specs, layer.weight("bias", (*out, filters))] if layer.get("use_bias", True) else specs

    @staticmethod
    def connections(layer: Subject, spatial: Shape, out: Shape) -> list[int | None]:
        """Pairs of an output position and an input position in its window, along each axis."""
        window, strides = kernel_size(layer, len(out)), per_axis(layer, "strides", len(out), 1)
        found: list[int | None] = []
        for size, count, width, stride in zip(spatial, out, window, strides, strict=True):
            if size is None or count is None:
                return [None]
            left = width // 2 if layer.get("padding", "valid") == "same" else 0
            right = (count - 1) * stride - left + width - size
            found.append(count * width - overhang(left, stride, count) - overhang(right, stride, count))
        return found

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Spec, *_: Any, **__: Any) -> int | None:
        out, channels = split_channels(layer, output)[0], split_channels(layer, inputs)[1]
        return product((*out, *kernel_size(layer, len(out)), channels, whole(layer["filters"], "filters")))


def overhang(reach: int, stride: int, count: int) -> int:
    """What ``count`` windows leave outside one end: the last by ``reach``, each one before by ``stride`` less."""
    outside = min(count, -(-max(reach, 0) // stride))
    return outside * reach - stride * outside * (outside - 1) // 2
