"""Products that sum over axes: every axis of the operands bears a label; equal labels are one axis.

From the labels follow the output's axes and the multiply-accumulates of one sample: the sizes of all labels but
the batch's. The batch axis is the first of every tensor that is no constant; where they differ, it cannot be told.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

from ...graph import Constant, Shape
from ...knowledge import NotKnown
from .operands import broadcast_dim, shape_of

Labels = tuple[Hashable, ...]


class Contraction(NamedTuple):
    """The operands, the labels of their axes, and the labels that the output keeps."""

    operands: tuple[Any, ...]
    labels: tuple[Labels, ...]
    output: Labels

    def sizes(self) -> dict[Hashable, int | None]:
        """The size of every label; sizes of 1 yield to others."""
        found: dict[Hashable, int | None] = {}
        for operand, labels in zip(self.operands, self.labels, strict=True):
            for label, dim in zip(labels, shape_of(operand), strict=True):
                found[label] = broadcast_dim(found.get(label, 1), dim)
        return found

    def shape(self) -> Shape:
        sizes = self.sizes()
        return tuple(sizes[label] for label in self.output)

    def macs(self) -> int | None:
        """Multiply-accumulates of one sample; 0 where nothing is summed over, as in an outer product."""
        sizes = self.sizes()
        if len(self.operands) < 2 or not set(sizes) - set(self.output):
            return 0
        if len(self.operands) > 2:
            raise NotKnown("the order in which it multiplies its operands is chosen at run time")
        batch = self.find_batch()
        total = 1
        for label, size in sizes.items():
            if label == batch:
                continue
            if size is None:
                return None
            total *= size
        return total

    def find_batch(self) -> Hashable:
        """The label of the batch axis; ``None`` where all operands are constants."""
        firsts = {
            labels[0]
            for operand, labels in zip(self.operands, self.labels, strict=True)
            if labels and not isinstance(operand, Constant)
        }
        if len(firsts) > 1:
            raise NotKnown("which of its axes is the batch cannot be told")
        return firsts.pop() if firsts else None


def matmul(x1: Any, x2: Any) -> Contraction:
    """The last axis of the first with the second last of the second; the axes before are aligned from the right."""
    left, right = len(shape_of(x1)), len(shape_of(x2))
    if not left or not right:
        raise NotKnown("a matrix product takes no scalars")
    rows: Labels = ("row",) if left > 1 else ()
    columns: Labels = ("column",) if right > 1 else ()
    first, second = leading(left - 2), leading(right - 2)
    longer = max(first, second, key=len)
    return Contraction((x1, x2), ((*first, *rows, "sum"), (*second, "sum", *columns)), (*longer, *rows, *columns))


def leading(count: int) -> Labels:
    return tuple(range(-count, 0)) if count > 0 else ()


def dot(x1: Any, x2: Any) -> Contraction:
    """As `matmul`, with every axis before of both in the output."""
    left, right = len(shape_of(x1)), len(shape_of(x2))
    first: list[Hashable] = [("left", axis) for axis in range(left)]
    second: list[Hashable] = [("right", axis) for axis in range(right)]
    if left and right:
        first[-1] = second[max(right - 2, 0)] = "sum"
    return join(x1, x2, first, second)


def inner(x1: Any, x2: Any) -> Contraction:
    """The last axes of both."""
    left, right = len(shape_of(x1)), len(shape_of(x2))
    axes = ([left - 1], [right - 1]) if left and right else ([], [])
    return tensordot(x1, x2, axes)


def tensordot(x1: Any, x2: Any, axes: tuple[Sequence[int], Sequence[int]]) -> Contraction:
    """The given axes of both, pair by pair."""
    first: list[Hashable] = [("left", axis) for axis in range(len(shape_of(x1)))]
    second: list[Hashable] = [("right", axis) for axis in range(len(shape_of(x2)))]
    for index, (a, b) in enumerate(zip(*axes, strict=True)):
        first[a] = second[b] = ("sum", index)
    return join(x1, x2, first, second)


def join(x1: Any, x2: Any, first: list[Hashable], second: list[Hashable]) -> Contraction:
    kept = [label for label in (*first, *second) if not (first.count(label) and second.count(label))]
    return Contraction((x1, x2), (tuple(first), tuple(second)), tuple(kept))


def everything(x1: Any, x2: Any) -> Contraction:
    """All axes of two operands of one shape."""
    labels = leading(len(shape_of(x1)))
    if len(shape_of(x2)) != len(labels):
        raise NotKnown("its operands have different ranks")
    return Contraction((x1, x2), (labels, labels), ())
