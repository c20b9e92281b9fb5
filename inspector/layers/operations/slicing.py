"""Operations that take parts of a tensor: indices, slices, gathers, scatters."""

from __future__ import annotations

from typing import Any

from ...graph import Constant, Shape, Spec
from ...knowledge import Knowledge, NotKnown, Subject
from .operands import axis_in, broadcast, flat, put, shape_of, tensor, whole


def length_of(part: slice, dim: int) -> int:
    """How many elements of an axis a slice takes."""
    for bound in (part.start, part.stop, part.step):
        if bound is not None:
            whole(bound, "slice")
    return len(range(*part.indices(dim)))


def slice_shape(shape: Shape, key: Any) -> Shape:
    """The shape of ``x[key]``; slices of an open dimension are open, an index takes its axis away."""
    keys = list(key) if isinstance(key, (list, tuple)) else [key]
    if sum(1 for part in keys if part is Ellipsis) > 1:
        raise NotKnown("a slice has two ellipses")
    if Ellipsis not in [part for part in keys if not isinstance(part, Spec)]:
        keys.append(Ellipsis)
    taken = sum(1 for part in keys if part is not None and part is not Ellipsis)
    if taken > len(shape):
        raise NotKnown(f"it takes {taken} indices of a tensor of rank {len(shape)}")
    found: list[int | None] = []
    rest = list(shape)
    for part in keys:
        if part is None:
            found.append(1)
        elif part is Ellipsis:
            skipped = len(shape) - taken
            found, rest = found + rest[:skipped], rest[skipped:]
        else:
            found += take_part(part, rest.pop(0))
    return tuple(found)


def take_part(part: Any, dim: int | None) -> list[int | None]:
    if isinstance(part, slice):
        bounds = (part.start, part.stop, part.step)
        return [None if dim is None or any(isinstance(bound, Spec) for bound in bounds) else length_of(part, dim)]
    index = whole(part, "index")
    if dim is not None and not -dim <= index < dim:
        raise NotKnown(f"index {index} is out of range for a dimension of {dim}")
    return []


class GetItem(Knowledge):
    """``x[key]`` with indices, slices, ``...`` and new axes."""

    kinds = ("numpy.GetItem",)

    @staticmethod
    def shape(layer: Subject, x: Any, key: Any) -> Spec:
        x = tensor(x)
        if isinstance(key, Constant) or not isinstance(key, (int, list, tuple)):
            raise NotKnown("it is indexed by a tensor")
        return Spec(slice_shape(x.shape, key), x.dtype)


def shape_of_indices(indices: Any) -> Shape:
    """The shape of indices given as a tensor, a number or nested lists."""
    dims = []
    while isinstance(indices, (list, tuple)) and not isinstance(indices, (Spec, Constant)):
        dims.append(len(indices))
        indices = indices[0] if indices else None
    return (*dims, *shape_of(indices))


class Take(Knowledge):
    """The indices' shape in place of the axis; without an axis, the indices' shape."""

    kinds = ("numpy.Take",)

    @staticmethod
    def shape(layer: Subject, x: Any, indices: Any) -> Spec:
        x, axis, taken = tensor(x), layer.get("axis"), shape_of_indices(indices)
        return Spec(taken if axis is None else put(x.shape, axis_in(axis, x.rank), *taken), x.dtype)


class TakeAlongAxis(Knowledge):
    """Indices of the operand's rank: theirs is the size along the axis."""

    kinds = ("numpy.TakeAlongAxis",)

    @staticmethod
    def shape(layer: Subject, x: Any, indices: Any) -> Spec:
        x, axis, taken = tensor(x), layer.get("axis"), shape_of(indices)
        shape = flat(x.shape) if axis is None else x.shape
        place = axis_in(0 if axis is None else axis, len(shape))
        if len(shape) != len(taken):
            raise NotKnown(f"its operands have the ranks {len(shape)} and {len(taken)}")
        return Spec(broadcast(put(shape, place, taken[place]), taken), x.dtype)


class Slice(Knowledge):
    """The shape that the config states; -1 is the rest of an axis."""

    kinds = ("core.Slice",)

    @staticmethod
    def shape(layer: Subject, inputs: Any, start_indices: Any) -> Spec:
        inputs, sizes = tensor(inputs), layer["shape"]
        values = start_indices.value if isinstance(start_indices, Constant) else start_indices
        if len(sizes) != inputs.rank:
            raise NotKnown(f"it slices {len(sizes)} axes of a tensor of rank {inputs.rank}")
        shape = []
        for index, (dim, size) in enumerate(zip(inputs.shape, sizes, strict=True)):
            if size != -1:
                shape.append(size)
            else:
                unknown = dim is None or not isinstance(values, (list, tuple)) or isinstance(values, Spec)
                shape.append(None if unknown else dim - start_of(values[index]))
        return Spec(tuple(shape), inputs.dtype)


def start_of(value: Any) -> int:
    if isinstance(value, (Spec, Constant)):
        raise NotKnown("it starts where a tensor says")
    return whole(value, "start")


class Scatter(Knowledge):
    """Zeros of the stated shape with values put in."""

    kinds = ("core.Scatter",)

    @staticmethod
    def shape(layer: Subject, indices: Any, values: Any) -> Spec:
        return Spec(tuple(layer["shape"]), tensor(values).dtype)


class UnravelIndex(Knowledge):
    """One tensor of coordinates for each axis of the stated shape."""

    kinds = ("numpy.UnravelIndex",)

    @staticmethod
    def shape(layer: Subject, indices: Any) -> list[Spec]:
        indices, shape = tensor(indices), layer["shape"]
        return [Spec((None,) if None in shape else indices.shape, indices.dtype) for _ in shape]
