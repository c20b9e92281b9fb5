"""Einsum: products and sums over axes named by letters, such as ``bij,bjk->bik``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any

from ...graph import Spec
from ...knowledge import Knowledge, NotKnown, Subject
from .contraction import Contraction, Labels
from .operands import dtype_of, shape_of
from .promotion import result_type, strong

ELLIPSIS = "..."


def read_subscripts(text: Any, operands: Sequence[Any]) -> Contraction:
    """The labels of an equation. The axes of an ellipsis are numbered from the right; those left out come first."""
    if not isinstance(text, str):
        raise NotKnown("its subscripts are not text")
    before, arrow, after = text.replace(" ", "").partition("->")
    sides = before.split(",")
    if len(sides) != len(operands):
        raise NotKnown(f"{text!r} does not fit {len(operands)} operands"[:200])
    labels = tuple(read_side(side, len(shape_of(x))) for side, x in zip(sides, operands, strict=True))
    wild = max((wildcard(names) for names in labels), key=len)
    if not arrow:
        once = sorted(letter for letter, times in Counter(before).items() if times == 1 and letter.isalpha())
        return Contraction(tuple(operands), labels, (*wild, *once))
    head, dots, tail = after.partition(ELLIPSIS)
    return Contraction(tuple(operands), labels, (*head, *(wild if dots else ()), *tail))


def read_side(side: str, rank: int) -> Labels:
    head, dots, tail = side.partition(ELLIPSIS)
    hidden = rank - len(head) - len(tail)
    if hidden < 0 or (hidden and not dots):
        raise NotKnown(f"{side!r} does not fit a tensor of rank {rank}"[:200])
    return (*head, *range(-hidden, 0), *tail)


def wildcard(labels: Labels) -> tuple[Hashable, ...]:
    return tuple(label for label in labels if isinstance(label, int))


class Einsum(Knowledge):
    """The letters behind the arrow are the output's axes, all others are summed over."""

    kinds = ("numpy.Einsum",)

    @staticmethod
    def shape(layer: Subject, *operands: Any, **_: Any) -> Spec:
        dtypes = {strong(dtype_of(x)) for x in operands}
        dtype = "int32" if dtypes == {"int8"} else result_type(*dtypes)
        return Spec(read_subscripts(layer["subscripts"], operands).shape(), dtype)

    @staticmethod
    def macs(layer: Subject, output: Any, *operands: Any, **_: Any) -> int | None:
        return read_subscripts(layer["subscripts"], operands).macs()
