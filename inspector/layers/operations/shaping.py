"""Operations that move elements about: reshape, transpose, pad, repeat, and matrices of diagonals."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from ...graph import Shape, Spec
from ...knowledge import Knowledge, NotKnown, Subject, product
from .operands import axes_in, axis_in, broadcast, flat, put, reduce_shape, tensor, whole
from .promotion import named_dtype

ITEM_SIZES = {
    "bool": 1, "int8": 1, "uint8": 1, "float8_e4m3fn": 1, "float8_e5m2": 1, "int16": 2, "uint16": 2, "float16": 2,
    "bfloat16": 2, "int32": 4, "uint32": 4, "float32": 4, "int64": 8, "uint64": 8, "float64": 8, "complex64": 8,
    "complex128": 16,
}  # fmt: skip


def reshape(shape: Shape, target: Sequence[Any]) -> Shape:
    """The new shape with its -1 filled in, or open where the elements cannot be counted."""
    dims = [dim if isinstance(dim, int) else None for dim in target]
    if dims.count(-1) > 1 or any(dim is not None and dim < -1 for dim in dims):
        raise NotKnown(f"it reshapes to {list(target)}"[:200])
    if None in shape or None in dims:
        return tuple(None if dim == -1 else dim for dim in dims)
    size, known = product(shape) or 0, prod(dim for dim in dims if dim not in (-1, None))
    if -1 not in dims and size == known:
        return tuple(dims)
    if -1 not in dims or not known or size % known:
        raise NotKnown(f"{size} elements do not fill the shape {list(target)}"[:200])
    return tuple(size // known if dim == -1 else dim for dim in dims)


class Reshape(Knowledge):
    """The same elements in another shape; -1 is what remains."""

    kinds = ("numpy.Reshape",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x, target = tensor(x), layer["newshape"]
        if not isinstance(target, (list, tuple)):
            raise NotKnown("its new shape is computed at run time")
        return Spec(reshape(x.shape, target), x.dtype)


class Ravel(Knowledge):
    """One axis for all elements."""

    kinds = ("numpy.Ravel",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x = tensor(x)
        return Spec(flat(x.shape), x.dtype)


class BroadcastTo(Knowledge):
    """The shape that the config states."""

    kinds = ("numpy.BroadcastTo",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x, target = tensor(x), tuple(layer["shape"])
        broadcast(x.shape, target)
        return Spec(target, x.dtype)


class Transpose(Knowledge):
    """Axes in another order; reversed where none is given."""

    kinds = ("numpy.Transpose",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x, axes = tensor(x), layer.get("axes")
        order = list(range(x.rank))[::-1] if axes is None else axes_in(axes, x.rank)
        if sorted(order) != list(range(x.rank)):
            raise NotKnown(f"{axes} is not an order of the axes of a tensor of rank {x.rank}"[:200])
        return Spec(tuple(x.shape[axis] for axis in order), x.dtype)


class Swap(Knowledge):
    """Two axes change places."""

    kinds = ("numpy.Swapaxes", "numpy.Rot90")

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x = tensor(x)
        pair = layer.get("axes", (0, 1)) if layer.class_name == "Rot90" else (layer["axis1"], layer["axis2"])
        first, second = axes_in(pair, x.rank)
        dims = list(x.shape)
        dims[first], dims[second] = dims[second], dims[first]
        return Spec(tuple(dims), x.dtype)


class MoveAxis(Knowledge):
    """Some axes go to stated places, the others keep their order."""

    kinds = ("numpy.Moveaxis",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x = tensor(x)
        source, target = axes_in(layer["source"], x.rank), axes_in(layer["destination"], x.rank)
        placed = dict(zip(target, source, strict=True))
        rest = iter(axis for axis in range(x.rank) if axis not in source)
        order = [placed[axis] if axis in placed else next(rest) for axis in range(x.rank)]
        return Spec(tuple(x.shape[axis] for axis in order), x.dtype)


class Flipped(Knowledge):
    """Elements in reverse along the first or second axis, which has to exist."""

    kinds = ("numpy.Fliplr", "numpy.Flipud")

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x = tensor(x)
        axis_in(1 if layer.class_name == "Fliplr" else 0, x.rank)
        return Spec(x.shape, x.dtype)


def expand_dims(shape: Shape, axis: Any) -> Shape:
    """A shape with a 1 at each of the given axes of the result."""
    axes = list(axis) if isinstance(axis, (list, tuple)) else [len(shape) if axis is None else axis]
    rank = len(shape) + len(axes)
    places, rest = set(axes_in(axes, rank)), iter(shape)
    if len(places) != len(axes):
        raise NotKnown(f"an axis stands twice in {axes}"[:200])
    return tuple(1 if place in places else next(rest) for place in range(rank))


class ExpandDims(Knowledge):
    """New axes of size 1."""

    kinds = ("numpy.ExpandDims",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x = tensor(x)
        return Spec(expand_dims(x.shape, layer["axis"]), x.dtype)


class Squeeze(Knowledge):
    """Axes of size 1 go: those given, or all."""

    kinds = ("numpy.Squeeze",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x, axis = tensor(x), layer.get("axis")
        axes = [i for i, dim in enumerate(x.shape) if dim == 1] if axis is None else axes_in(axis, x.rank)
        if any(x.shape[index] != 1 for index in axes):
            raise NotKnown(f"it squeezes axis {axis} of the shape {list(x.shape)}")
        return Spec(reduce_shape(x.shape, axes), x.dtype)


class Repeat(Knowledge):
    """Each element several times, along an axis or flattened."""

    kinds = ("numpy.Repeat",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x, axis, repeats = tensor(x), layer.get("axis"), layer["repeats"]
        times = list(repeats) if isinstance(repeats, (list, tuple)) else [repeats]
        shape, place = (flat(x.shape), 0) if axis is None else (x.shape, axis_in(axis, x.rank))
        size = shape[place]
        if size is None:
            return Spec(shape, x.dtype)
        if len(times) not in (1, size):
            raise NotKnown(f"it repeats {size} elements by {len(times)} numbers")
        total = sum(whole(n, "number of repeats") for n in times)
        return Spec(put(shape, place, size * total if len(times) == 1 else total), x.dtype)


class Tile(Knowledge):
    """The whole several times over, axis by axis."""

    kinds = ("numpy.Tile",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x, repeats = tensor(x), layer["repeats"]
        times = list(repeats) if isinstance(repeats, (list, tuple)) else [repeats]
        rank = max(x.rank, len(times))
        shape, times = (1,) * (rank - x.rank) + x.shape, [1] * (rank - len(times)) + times
        return Spec(
            tuple(None if d is None else d * whole(n, "number of repeats") for d, n in zip(shape, times, strict=True)),
            x.dtype,
        )


class Pad(Knowledge):
    """Elements added before and after, on every axis."""

    kinds = ("numpy.Pad",)

    @staticmethod
    def shape(layer: Subject, x: Any, constant_values: Any = None) -> Spec:
        x, width = tensor(x), layer["pad_width"]
        if isinstance(width, int) or isinstance(width[0], int):
            width = [width]
        pairs = [tuple(item) if isinstance(item, (list, tuple)) else (item, item) for item in width]
        widths = [item * 2 if len(item) == 1 else item for item in pairs]
        if len(widths) == 1:
            widths *= x.rank
        return Spec(pad(x.shape, widths), x.dtype)


def pad(shape: Shape, widths: Sequence[tuple[int, ...]]) -> Shape:
    if len(widths) != len(shape):
        raise NotKnown(f"it pads {len(widths)} axes of a tensor of rank {len(shape)}")
    return tuple(None if d is None else d + width[0] + width[1] for d, width in zip(shape, widths, strict=True))


class Append(Knowledge):
    """One tensor behind another, along an axis or both flattened."""

    kinds = ("numpy.Append",)

    @staticmethod
    def shape(layer: Subject, x1: Any, x2: Any) -> Spec:
        from .joining import concatenate

        x1, x2, axis = tensor(x1), tensor(x2), layer.get("axis")
        if axis is not None:
            return concatenate([x1, x2], axis)
        return concatenate([Spec(flat(x1.shape), x1.dtype), Spec(flat(x2.shape), x2.dtype)], 0)


class View(Knowledge):
    """The same bytes as another dtype: the last axis grows or shrinks with the size of an element."""

    kinds = ("numpy.View",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x = tensor(x)
        dtype = named_dtype(layer.get("dtype") or x.dtype)
        old, new = ITEM_SIZES[x.dtype], ITEM_SIZES[dtype]
        last = x.shape[-1] if x.shape else None
        if old == new or (last is None and x.shape):
            return Spec(x.shape, dtype)
        if last is None or last * old % new:
            raise NotKnown(f"the bytes of the shape {list(x.shape)} are no whole number of {dtype}")
        return Spec((*x.shape[:-1], last * old // new), dtype)


class Diff(Knowledge):
    """Differences of neighbours: the axis is shorter by ``n``."""

    kinds = ("numpy.Diff",)

    @staticmethod
    def shape(layer: Subject, a: Any) -> Spec:
        a = tensor(a)
        axis = axis_in(layer.get("axis", -1), a.rank)
        size = a.shape[axis]
        return Spec(put(a.shape, axis, None if size is None else max(size - layer.get("n", 1), 0)), a.dtype)


class ComplexParts(Knowledge):
    """Real and imaginary part stand on a last axis of their own, or in one complex number."""

    kinds = ("math.ViewAsComplex", "math.ViewAsReal")

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x = tensor(x)
        return (
            Spec(x.shape[:-1], "complex64") if layer.class_name == "ViewAsComplex" else Spec((*x.shape, 2), "float32")
        )
