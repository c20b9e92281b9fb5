"""Matrices made of vectors, and vectors taken from matrices."""

from __future__ import annotations

from typing import Any

from ...graph import Shape, Spec
from ...knowledge import Knowledge, NotKnown, Subject, product
from .operands import axes_in, reduce_shape, tensor, whole


def diagonal(rows: int | None, columns: int | None, offset: int) -> int | None:
    """The length of a diagonal that lies ``offset`` above the main one."""
    if rows is None or columns is None:
        return None
    return max(0, min(rows, columns, columns - offset if offset > 0 else rows + offset))


def square(size: int | None, offset: Any) -> Shape:
    side = None if size is None else size + abs(whole(offset, "offset"))
    return (side, side)


class Diagonal(Knowledge):
    """A diagonal of two axes, as a new last axis."""

    kinds = ("numpy.Diagonal",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x = tensor(x)
        axes = axes_in([layer.get("axis1", 0), layer.get("axis2", 1)], x.rank)
        length = diagonal(x.shape[axes[0]], x.shape[axes[1]], whole(layer.get("offset", 0), "offset"))
        return Spec((*reduce_shape(x.shape, axes), length), x.dtype)


class Diag(Knowledge):
    """A vector becomes a matrix, a matrix its diagonal; Diagflat flattens first."""

    kinds = ("numpy.Diag", "numpy.Diagflat")

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x, offset = tensor(x), whole(layer.get("k", 0), "offset")
        if layer.class_name == "Diagflat" or x.rank == 1:
            return Spec(square(product(x.shape), offset), x.dtype)
        if x.rank != 2:
            raise NotKnown(f"it takes a diagonal of a tensor of rank {x.rank}")
        return Spec((diagonal(x.shape[0], x.shape[1], offset),), x.dtype)


class Vander(Knowledge):
    """Powers of each element on a new last axis."""

    kinds = ("numpy.Vander",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x, columns = tensor(x), layer.get("N")
        return Spec((*x.shape, x.shape[0] if columns is None else columns), x.dtype)
