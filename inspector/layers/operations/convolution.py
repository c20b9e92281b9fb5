"""Convolutions and pooling as operations: the kernel is an operand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...graph import Shape, Spec
from ...knowledge import Knowledge, NotKnown, Subject, product
from .operands import agree, axis_in, pair, put, tensor, whole


def slide(dim: int | None, size: int, stride: int, dilation: int, padding: str) -> int | None:
    """Places of a window along one axis."""
    if dim is None:
        return None
    if padding in ("same", "causal"):
        return (dim - 1) // stride + 1
    if padding != "valid":
        raise NotKnown(f"its padding is {padding!r}"[:200])
    places: int = (dim - dilation * (size - 1) - 1) // stride + 1
    if places <= 0:
        raise NotKnown(f"its window of {size} does not fit a dimension of {dim}")
    return places


def is_last(layer: Subject) -> bool:
    """Whether channels stand last; a config that leaves it open means Keras's default, which is so."""
    return bool((layer.get("data_format") or "channels_last") == "channels_last")


def spatial(shape: Shape, last: bool) -> Shape:
    return shape[1:-1] if last else shape[2:]


def channels(shape: Shape, last: bool) -> int | None:
    return shape[-1] if last else shape[1]


def assemble(shape: Shape, places: Sequence[int | None], filters: int | None, last: bool) -> Shape:
    return (shape[0], *places, filters) if last else (shape[0], filters, *places)


def convolve(shape: Shape, sizes: Sequence[Any], filters: int | None, layer: Subject, last: bool) -> Shape:
    """The output of a kernel slid over all spatial axes."""
    axes = spatial(shape, last)
    if len(sizes) != len(axes):
        raise NotKnown(f"its kernel has {len(sizes)} axes, and its input {len(axes)}")
    strides, dilations = pair(layer.get("strides") or 1, len(axes)), pair(layer.get("dilation_rate", 1), len(axes))
    padding = str(layer.get("padding", "valid")).lower()
    places = [slide(*args, padding) for args in zip(axes, sizes, strides, dilations, strict=True)]
    return assemble(shape, places, filters, last)


def operands(layer: Subject, inputs: Any, kernel: Any, axis: int) -> tuple[Spec, Spec]:
    x, kernel = tensor(inputs), tensor(kernel)
    if not agree(channels(x.shape, is_last(layer)), kernel.shape[axis]):
        raise NotKnown(f"its kernel {list(kernel.shape)} does not fit the input {list(x.shape)}")
    return x, kernel


class Conv(Knowledge):
    """Kernel of the shape (size …, channels, filters); the input's dtype."""

    kinds = ("nn.Conv",)

    @staticmethod
    def shape(layer: Subject, inputs: Any, kernel: Any) -> Spec:
        x, kernel = operands(layer, inputs, kernel, -2)
        return Spec(convolve(x.shape, kernel.shape[:-2], kernel.shape[-1], layer, is_last(layer)), x.dtype)

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Any, kernel: Any) -> int | None:
        return product((*output.shape[1:], *tensor(kernel).shape[:-1]))


class DepthwiseConv(Knowledge):
    """Kernel of the shape (size …, channels, multiplier): each channel on its own."""

    kinds = ("nn.DepthwiseConv",)

    @staticmethod
    def shape(layer: Subject, inputs: Any, kernel: Any) -> Spec:
        x, kernel = operands(layer, inputs, kernel, -2)
        return Spec(convolve(x.shape, kernel.shape[:-2], product(kernel.shape[-2:]), layer, is_last(layer)), x.dtype)

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Any, kernel: Any) -> int | None:
        return product((*output.shape[1:], *tensor(kernel).shape[:-2]))


class SeparableConv(Knowledge):
    """A depthwise convolution, then a product over channels."""

    kinds = ("nn.SeparableConv",)

    @staticmethod
    def shape(layer: Subject, inputs: Any, depthwise_kernel: Any, pointwise_kernel: Any) -> Spec:
        x, kernel = operands(layer, inputs, depthwise_kernel, -2)
        filters = tensor(pointwise_kernel).shape[-1]
        return Spec(convolve(x.shape, kernel.shape[:-2], filters, layer, is_last(layer)), x.dtype)

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Any, depthwise_kernel: Any, pointwise_kernel: Any) -> int | None:
        depthwise, middle = tensor(depthwise_kernel).shape, product(tensor(depthwise_kernel).shape[-2:])
        first = product((*spatial(output.shape, is_last(layer)), middle, *depthwise[:-2]))
        second = product((*output.shape[1:], middle))
        return None if first is None or second is None else first + second


class ConvTranspose(Knowledge):
    """Kernel of the shape (size …, filters, channels): every input element is spread over the kernel."""

    kinds = ("nn.ConvTranspose",)

    @staticmethod
    def shape(layer: Subject, inputs: Any, kernel: Any) -> Spec:
        x, kernel = operands(layer, inputs, kernel, -1)
        axes, sizes = spatial(x.shape, is_last(layer)), kernel.shape[:-2]
        rank, extra = len(axes), layer.get("output_padding")
        strides, dilations = pair(layer.get("strides", 1), rank), pair(layer.get("dilation_rate", 1), rank)
        extras: tuple[int | None, ...] = (None,) * rank if extra is None else pair(extra, rank)
        padding = str(layer.get("padding", "valid")).lower()
        places = [spread(*args, padding) for args in zip(axes, sizes, strides, dilations, extras, strict=True)]
        return Spec(assemble(x.shape, places, kernel.shape[-2], is_last(layer)), x.dtype)

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Any, kernel: Any) -> int | None:
        return product((*tensor(inputs).shape[1:], *tensor(kernel).shape[:-1]))


def spread(dim: int | None, size: Any, stride: int, dilation: int, extra: int | None, padding: str) -> int | None:
    """The length that a transposed convolution gives one axis."""
    if dim is None:
        return None
    reach: int = (size - 1) * dilation + 1
    if padding == "valid":
        return (dim - 1) * stride + reach + (max(reach, stride) - reach if extra is None else extra)
    if padding != "same":
        raise NotKnown(f"its padding is {padding!r}"[:200])
    return dim * stride if extra is None else (dim - 1) * stride + reach % 2 + extra


class Pool(Knowledge):
    """A window over every spatial axis; by default it moves by its own size."""

    kinds = ("nn.MaxPool", "nn.AveragePool")

    @staticmethod
    def shape(layer: Subject, inputs: Any) -> Spec:
        x, last = tensor(inputs), is_last(layer)
        axes = spatial(x.shape, last)
        sizes = pair(layer["pool_size"], len(axes))
        strides = sizes if layer.get("strides") is None else pair(layer["strides"], len(axes))
        padding = str(layer.get("padding", "valid")).lower()
        places = [slide(dim, size, step, 1, padding) for dim, size, step in zip(axes, sizes, strides, strict=True)]
        return Spec(assemble(x.shape, places, channels(x.shape, last), last), x.dtype)


class AdaptivePool(Knowledge):
    """As many windows as the config asks for. With channels last, Keras 3.15 keeps one axis too many."""

    kinds = ("nn.AdaptiveMaxPool", "nn.AdaptiveAveragePool")

    @staticmethod
    def shape(layer: Subject, inputs: Any) -> Spec:
        x = tensor(inputs)
        sizes = pair(layer["output_size"], x.rank - 2)
        if layer.get("data_format") == "channels_last":
            return Spec((*x.shape[: -len(sizes)], *sizes, x.shape[-1]), x.dtype)
        return Spec((*x.shape[:2], *sizes), x.dtype)


class Blocks(Knowledge):
    """Channels into squares of pixels, or back."""

    kinds = ("nn.DepthToSpace", "nn.SpaceToDepth")

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x, last, block = tensor(x), is_last(layer), pair(layer["block_size"], 1)[0]
        if x.rank != 4:
            raise NotKnown(f"it takes images, and not a tensor of rank {x.rank}")
        axes, depth = spatial(x.shape, last), channels(x.shape, last)
        if layer.class_name == "DepthToSpace":
            return Spec(assemble(x.shape, [times(d, block) for d in axes], share(depth, block**2), last), x.dtype)
        return Spec(assemble(x.shape, [share(d, block) for d in axes], times(depth, block**2), last), x.dtype)


def times(dim: int | None, factor: int) -> int | None:
    return None if dim is None else dim * whole(factor, "block")


def share(dim: int | None, parts: int) -> int | None:
    if dim is not None and dim % parts:
        raise NotKnown(f"a dimension of {dim} is not divisible by {parts}")
    return None if dim is None else dim // parts


class Unfold(Knowledge):
    """Every window of an image (channels first) as one column."""

    kinds = ("nn.Unfold",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x = tensor(x)
        batch, depth, *axes = x.shape
        sizes = pair(layer["kernel_size"])
        options = [pair(layer.get(name, default)) for name, default in (("dilation", 1), ("padding", 0), ("stride", 1))]
        if None in axes or depth is None:
            raise NotKnown("a dimension of the image is open")
        places = [
            ((dim or 0) + 2 * pad - dilation * (size - 1) - 1) // stride + 1
            for dim, size, dilation, pad, stride in zip(axes, sizes, *options, strict=True)
        ]
        return Spec((batch, product((depth, *sizes)), product(places)), x.dtype)


class Fold(Knowledge):
    """Columns put back into an image (channels first)."""

    kinds = ("nn.Fold",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x = tensor(x)
        batch, depth, _ = x.shape
        window = pair(layer["kernel_size"])
        return Spec((batch, share(depth, window[0] * window[1]), *pair(layer["output_size"])), x.dtype)


class Glu(Knowledge):
    """One half of an axis gates the other."""

    kinds = ("nn.Glu",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x = tensor(x)
        axis = axis_in(layer.get("axis", -1), x.rank)
        return Spec(put(x.shape, axis, share(x.shape[axis], 2)), x.dtype)
