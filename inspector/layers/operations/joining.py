"""Operations between one tensor and several: concatenate, stack, split."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ...graph import Shape, Spec
from ...knowledge import MAX_OUTPUTS, Knowledge, NotKnown, Subject, product
from .operands import axis_in, count, promoted, put, same_but, tensor, tensors, whole


def concatenate(parts: Sequence[Spec], axis: Any) -> Spec:
    """One behind another: sizes along the axis add up, all others agree."""
    first = parts[0].shape
    place = axis_in(axis, len(first))
    same_but([part.shape for part in parts], place)
    sizes = [part.shape[place] for part in parts]
    total = None if None in sizes else sum(size for size in sizes if size is not None)
    return Spec(put(first, place, total), promoted(parts))


class Concatenate(Knowledge):
    """Joined along an axis that all have."""

    kinds = ("numpy.Concatenate",)

    @staticmethod
    def shape(layer: Subject, xs: Any) -> Spec:
        return concatenate(tensors(xs), layer.get("axis", 0))


class NamedStack(Knowledge):
    """Joined along the second, first or third axis."""

    kinds = ("numpy.Hstack", "numpy.Vstack", "numpy.Dstack")

    @staticmethod
    def shape(layer: Subject, xs: Any) -> Spec:
        axis = {"Hstack": 1, "Vstack": 0, "Dstack": 2}[layer.class_name]
        parts = tensors(xs)
        if axis == 2:
            parts = [Spec(deepen(part.shape), part.dtype) for part in parts]
        return concatenate(parts, axis)


def deepen(shape: Shape) -> Shape:
    """At least three axes, as Dstack takes them."""
    if len(shape) > 2:
        return shape
    return (1, *shape, 1) if len(shape) == 1 else (*shape, *(1,) * (3 - len(shape)))


class Stack(Knowledge):
    """Joined along a new axis."""

    kinds = ("numpy.Stack",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        return stack(tensors(x), layer.get("axis", 0))


def stack(parts: Sequence[Spec], axis: Any) -> Spec:
    first = parts[0].shape
    same_but([part.shape for part in parts], None)
    place = axis_in(axis, len(first) + 1)
    return Spec((*first[:place], len(parts), *first[place:]), promoted(parts))


def split(x: Spec, sections: Any, axis: Any) -> list[Spec]:
    """Equal parts, or the parts between indices."""
    place = axis_in(axis, x.rank)
    size = x.shape[place]
    if isinstance(sections, (list, tuple)):
        edges = [0, *(whole(index, "index") for index in sections), size]
        if len(edges) > MAX_OUTPUTS:
            raise NotKnown(f"it splits into {len(edges)} parts")
        sizes = [None if a is None or b is None else b - a for a, b in pairwise(edges)]
        return [Spec(put(x.shape, place, part), x.dtype) for part in sizes]
    number = count(sections, "number of sections")
    if size is not None and size % number:
        raise NotKnown(f"it splits a dimension of {size} into {number} equal parts")
    return [Spec(put(x.shape, place, None if size is None else size // number), x.dtype)] * number


class Split(Knowledge):
    """Parts along an axis."""

    kinds = ("numpy.Split",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> list[Spec]:
        return split(tensor(x), layer["indices_or_sections"], layer.get("axis", 0))


class NamedSplit(Knowledge):
    """Parts along the second, first or third axis."""

    kinds = ("numpy.Hsplit", "numpy.Vsplit", "numpy.Dsplit")

    @staticmethod
    def shape(layer: Subject, x: Any) -> list[Spec]:
        x = tensor(x)
        axis = {"Hsplit": 0 if x.rank == 1 else 1, "Vsplit": 0, "Dsplit": 2}[layer.class_name]
        return split(x, layer["indices_or_sections"], axis)


class ArraySplit(Knowledge):
    """Parts of nearly equal size, the larger ones first."""

    kinds = ("numpy.ArraySplit",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> list[Spec]:
        x, number = tensor(x), count(layer["indices_or_sections"], "number of sections")
        place = axis_in(layer.get("axis", 0), x.rank)
        size = x.shape[place]
        if size is None:
            return [x] * number
        return [Spec(put(x.shape, place, size // number + (i < size % number)), x.dtype) for i in range(number)]


class Unstack(Knowledge):
    """One tensor for each place on an axis."""

    kinds = ("core.Unstack",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> list[Spec]:
        return unstack(tensor(x), layer.get("num"), layer.get("axis", 0))


def unstack(x: Spec, number: Any, axis: Any) -> list[Spec]:
    place = axis_in(axis, x.rank)
    size = x.shape[place] if number is None else number
    if size is None:
        raise NotKnown("it unstacks an open dimension")
    return [Spec(put(x.shape, place), x.dtype)] * count(size, "number of parts")


class Meshgrid(Knowledge):
    """As many grids as vectors. Keras states the last one's dtype, with ``ij`` its default float."""

    kinds = ("numpy.Meshgrid",)

    @staticmethod
    def shape(layer: Subject, *x: Any) -> list[Spec]:
        vectors = tensors(x)
        sizes = [product(vector.shape) for vector in vectors]
        if layer.get("indexing", "xy") == "ij":
            return [Spec(tuple(sizes))] * len(vectors)
        sizes[0], sizes[1] = sizes[1], sizes[0]
        return [Spec(tuple(sizes), vectors[-1].dtype)] * len(vectors)
