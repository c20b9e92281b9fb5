"""Rearrange: axes split, ordered and joined by a pattern such as ``b (h p) w -> b h (w p)``."""

from __future__ import annotations

import re
from math import prod
from typing import Any

from ...graph import Shape, Spec
from ...knowledge import Knowledge, NotKnown, Subject, product
from .operands import tensor, whole

AXIS = re.compile(r"\w+|\([^()]*\)")


def read_axes(side: str) -> list[list[str]]:
    """One side of a pattern: the names on each axis."""
    return [token.strip("()").split() for token in AXIS.findall(side)]


def sizes_of(axes: list[list[str]], shape: Shape, lengths: dict[str, Any]) -> dict[str, int | None]:
    """The size of every name; in a group, one name takes what the stated lengths leave."""
    sizes: dict[str, int | None] = {}
    for names, dim in zip(axes, shape, strict=False):
        stated = {name: whole(lengths[name], "length") for name in names if name in lengths and len(names) > 1}
        missing = [name for name in names if name not in stated]
        if len(missing) > 1:
            raise NotKnown(f"the lengths of {', '.join(missing)} are not stated")
        rest = prod(stated.values())
        sizes |= stated | dict.fromkeys(missing, dim if dim is None or not stated else dim // rest)
    return sizes


class Rearrange(Knowledge):
    """A pattern names every axis before and after. Keras gives no open dimension to a split or joined axis."""

    kinds = ("einops.Rearrange",)

    @staticmethod
    def shape(layer: Subject, x: Any, pattern: str, **axes_lengths: Any) -> Spec:
        x = tensor(x)
        before, arrow, after = pattern.partition("->")
        if not arrow:
            raise NotKnown(f"{pattern!r} is not a pattern"[:200])
        sizes = sizes_of(read_axes(before), x.shape, axes_lengths)
        return Spec(tuple(product([sizes[name] for name in names]) for names in read_axes(after)), x.dtype)
