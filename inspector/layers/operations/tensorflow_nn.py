"""TensorFlow's convolutions, pooling and image operations, by their public names without ``tf.``."""

from __future__ import annotations

from typing import Any

from ...graph import Shape, Spec
from ...knowledge import NotKnown, product
from .convolution import assemble, channels, share, slide, spatial, times
from .operands import axis_in, pair, put
from .tensorflow_math import TensorRule
from .tensorflow_values import like, shape_argument

Sizes = tuple[int, ...]


def is_last(data_format: Any) -> bool:
    return not (isinstance(data_format, str) and data_format.startswith("NC"))


def per_axis(value: Any, rank: int, last: bool, default: int = 1) -> Sizes:
    """A number for each spatial axis out of one, one each, or one for every axis of the tensor."""
    if value is None:
        return (default,) * rank
    given = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    if len(given) == rank + 2:
        given = given[1:-1] if last else given[2:]
    return pair(given[0] if len(given) == 1 else given, rank)


def places(
    shape: Shape, sizes: Any, strides: Any, padding: Any, data_format: Any, dilations: Any = None
) -> list[int | None]:
    last = is_last(data_format)
    axes = spatial(shape, last)
    steps, gaps = per_axis(strides, len(axes), last), per_axis(dilations, len(axes), last)
    if not isinstance(padding, str):
        raise NotKnown("its padding is stated side by side")
    return [slide(*args, padding.lower()) for args in zip(axes, sizes, steps, gaps, strict=True)]


def kernel_of(input: Spec, filters: Any, old: dict[str, Any]) -> Spec:
    return like(old.get("filter") if filters is None else filters, input)


def convolution(input: Any, filters: Any = None, strides: Any = None, padding: Any = "VALID", data_format: Any = None,
                dilations: Any = None, **old: Any) -> Spec:  # fmt: skip
    x = like(input)
    kernel = kernel_of(x, filters, old)
    strides = old.get("stride") if strides is None else strides
    found = places(x.shape, kernel.shape[:-2], strides, padding, data_format, dilations)
    return Spec(assemble(x.shape, found, kernel.shape[-1], is_last(data_format)), x.dtype)


def depthwise(input: Any, filter: Any = None, strides: Any = None, padding: Any = "VALID",
              data_format: Any = None, dilations: Any = None, **_: Any) -> Spec:  # fmt: skip
    x = like(input)
    kernel = like(filter, x)
    found = places(x.shape, kernel.shape[:-2], strides, padding, data_format, dilations)
    return Spec(assemble(x.shape, found, product(kernel.shape[-2:]), is_last(data_format)), x.dtype)


def conv_transpose(input: Any, filters: Any = None, output_shape: Any = None, *_: Any, **__: Any) -> Spec:
    """The stated shape; its batch is the input's."""
    x = like(input)
    return Spec((x.shape[0], *shape_argument(output_shape)[1:]), x.dtype)


def volume_transpose(input: Any, filters: Any = None, output_shape: Any = None, *_: Any, **__: Any) -> Spec:
    return Spec(shape_argument(output_shape), like(input).dtype)


def convolution_macs(output: Spec, input: Any, filters: Any = None, **old: Any) -> int | None:
    return product((*output.shape[1:], *kernel_of(like(input), filters, old).shape[:-1]))


def depthwise_macs(output: Spec, input: Any, filter: Any = None, **_: Any) -> int | None:
    return product((*output.shape[1:], *like(filter, like(input)).shape[:-2]))


def transpose_macs(output: Spec, input: Any, filters: Any = None, *_: Any, **old: Any) -> int | None:
    x = like(input)
    return product((*x.shape[1:], *kernel_of(x, filters, old).shape[:-1]))


def pool(input: Any, ksize: Any = None, strides: Any = None, padding: Any = "VALID", data_format: Any = None,
         **_: Any) -> Spec:  # fmt: skip
    x, last = like(input), is_last(data_format)
    sizes = per_axis(ksize, x.rank - 2, last)
    found = places(x.shape, sizes, sizes if strides is None else strides, padding, data_format)
    return Spec(assemble(x.shape, found, channels(x.shape, last), last), x.dtype)


def depth_to_space(input: Any, block_size: Any = None, data_format: Any = None, **_: Any) -> Spec:
    x, last = like(input), is_last(data_format)
    axes = [times(dim, block_size) for dim in spatial(x.shape, last)]
    return Spec(assemble(x.shape, axes, share(channels(x.shape, last), block_size**2), last), x.dtype)


def space_to_depth(input: Any, block_size: Any = None, data_format: Any = None, **_: Any) -> Spec:
    x, last = like(input), is_last(data_format)
    axes = [share(dim, block_size) for dim in spatial(x.shape, last)]
    return Spec(assemble(x.shape, axes, times(channels(x.shape, last), block_size**2), last), x.dtype)


def sized(x: Spec, size: Shape, dtype: str | None = None) -> Spec:
    if x.rank not in (3, 4) or len(size) != 2:
        raise NotKnown(f"it takes images and a size, and not a tensor of rank {x.rank}")
    return Spec((*x.shape[:-3], *size, x.shape[-1]), dtype or x.dtype)


def resize(images: Any, size: Any = None, method: Any = "bilinear", preserve_aspect_ratio: Any = False, *_: Any,
           **__: Any) -> Spec:  # fmt: skip
    """float32, unless the method is the nearest neighbour or the size stays. A kept ratio leaves the size open."""
    x, target = like(images), shape_argument(size)
    if preserve_aspect_ratio:
        raise NotKnown("the size that keeps the ratio of its sides is computed at run time")
    kept = str(method).lower() in ("nearest", "1") or tuple(x.shape[-3:-1]) == target
    return sized(x, target, dtype=x.dtype if kept else "float32")


def resize_float(images: Any, size: Any = None, *_: Any, **__: Any) -> Spec:
    return sized(like(images), shape_argument(size), dtype="float32")


def resize_nearest(images: Any, size: Any = None, *_: Any, **__: Any) -> Spec:
    return sized(like(images), shape_argument(size))


def resize_crop(image: Any, target_height: Any = None, target_width: Any = None, **_: Any) -> Spec:
    return sized(like(image), shape_argument([target_height, target_width]))


def crop(image: Any, offset_height: Any = None, offset_width: Any = None, target_height: Any = None,
         target_width: Any = None, **_: Any) -> Spec:  # fmt: skip
    return sized(like(image), shape_argument([target_height, target_width]))


def grayscale(images: Any, **_: Any) -> Spec:
    x = like(images)
    return Spec((*x.shape[:-1], 1), x.dtype)


def colour(images: Any, **_: Any) -> Spec:
    x = like(images)
    return Spec((*x.shape[:-1], 3), x.dtype)


def embedding(params: Any, ids: Any = None, *_: Any, **__: Any) -> Spec:
    table, taken = like(params), like(ids)
    return Spec((*taken.shape, *table.shape[1:]), table.dtype)


def crelu(features: Any, axis: Any = -1, **_: Any) -> Spec:
    x = like(features)
    place = axis_in(axis, x.rank)
    return Spec(put(x.shape, place, times(x.shape[place], 2)), x.dtype)


def loss(labels: Any, logits: Any = None, **_: Any) -> Spec:
    x = like(logits)
    return Spec(x.shape, x.dtype)


def row_loss(labels: Any, logits: Any = None, **_: Any) -> Spec:
    x = like(logits)
    return Spec(x.shape[:-1], x.dtype)


CONVOLUTIONS = ("nn.conv1d", "nn.conv2d", "nn.conv3d", "nn.convolution")
TRANSPOSES = ("nn.conv1d_transpose", "nn.conv2d_transpose", "nn.conv3d_transpose", "nn.conv_transpose")
POOLS = ("nn.max_pool", "nn.avg_pool", "nn.max_pool1d", "nn.max_pool2d", "nn.max_pool3d", "nn.avg_pool1d",
         "nn.avg_pool2d", "nn.avg_pool3d")  # fmt: skip
RULES: dict[str, TensorRule] = {
    **dict.fromkeys(CONVOLUTIONS, convolution),
    **dict.fromkeys(TRANSPOSES, conv_transpose),
    "nn.conv3d_transpose": volume_transpose,
    **dict.fromkeys(("nn.depthwise_conv2d", "nn.depthwise_conv2d_native"), depthwise),
    **dict.fromkeys(POOLS, pool),
    **dict.fromkeys(("nn.depth_to_space", "depth_to_space"), depth_to_space),
    **dict.fromkeys(("nn.space_to_depth", "space_to_depth"), space_to_depth),
    **dict.fromkeys(("image.resize_bilinear", "image.resize_bicubic", "image.resize_area"), resize_float),
    **dict.fromkeys(("image.resize_with_pad", "image.resize_with_crop_or_pad"), resize_crop),
    "image.resize": resize, "image.resize_images": resize, "image.resize_nearest_neighbor": resize_nearest,
    "image.crop_to_bounding_box": crop, "image.rgb_to_grayscale": grayscale, "image.grayscale_to_rgb": colour,
    "nn.embedding_lookup": embedding, "nn.crelu": crelu, "nn.sigmoid_cross_entropy_with_logits": loss,
    "nn.softmax_cross_entropy_with_logits": row_loss, "nn.sparse_softmax_cross_entropy_with_logits": row_loss,
}  # fmt: skip
MACS: dict[str, TensorRule] = {
    **dict.fromkeys(CONVOLUTIONS, convolution_macs),
    **dict.fromkeys(TRANSPOSES, transpose_macs),
    **dict.fromkeys(("nn.depthwise_conv2d", "nn.depthwise_conv2d_native"), depthwise_macs),
}
