"""Numbers, sizes and shapes as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNKNOWN = "?"
LARGEST = 1 << 60  # bytes; beyond, a file may state what no float holds


def count_text(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"


def size_text(value: float | None) -> str:
    """Bytes as Keras writes them: 872.04 KB, with 1 KB of 1,024 bytes."""
    if value is None:
        return UNKNOWN
    if value < 1024:
        return f"{value:g} B"
    if value > LARGEST:
        return f"{int(value) >> 40:,} TB"
    for unit in ("KB", "MB", "GB", "TB"):
        value /= 1024
        if value < 1024 or unit == "TB":
            break
    return f"{value:,.2f} {unit}"


def short_count(value: int) -> str:
    """A count, and from a million on a short form of it too: 3,857,973,248 (3.86 G)."""
    if value < 1_000_000:
        return f"{value:,}"
    scaled = value / 1e6
    for unit in ("M", "G", "T"):
        if scaled < 1000 or unit == "T":
            break
        scaled /= 1000
    return f"{value:,} ({scaled:,.2f} {unit})"


def shape_text(shape: Any) -> str:
    """A shape as Keras prints it; lists and objects of shapes as the layer returns them."""
    if shape is None:
        return UNKNOWN
    if not isinstance(shape, list) and isinstance(shape, Mapping):
        return "{" + ", ".join(f"{key}: {shape_text(value)}" for key, value in shape.items()) + "}"
    if any(part is not None and not isinstance(part, int) and is_nested(part) for part in shape):
        return ", ".join(shape_text(part) for part in shape)
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def is_nested(part: Any) -> bool:
    return isinstance(part, (list, tuple, Mapping))


def counted(number: int, noun: str) -> str:
    """``1 layer``, ``2 layers``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
