"""What stands in the nodes and beside the edges of a drawing: short forms of names, shapes and counts."""

from __future__ import annotations

from typing import Any

from .quantities import UNKNOWN, counted, shape_text

LONGEST_NAME = 48  # characters of a name in a picture; its whole name is in the tooltip
LONGEST_TEXT = 44
MOST_DIMENSIONS = 6


def clip(text: str, most: int = LONGEST_NAME) -> str:
    """A text that fits a node, its middle left out where it is too long: both ends tell names apart."""
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}…{text[-(most - most // 2 - 1) :]}"


def short_shape(shape: Any) -> str:
    """``32×32×3``: dimensions after an open batch; a fixed batch stands before a bar, an open dimension is ``?``."""
    if shape is None:
        return UNKNOWN
    if any(isinstance(part, (list, tuple, dict)) for part in shape) or len(shape) > MOST_DIMENSIONS:
        return clip(shape_text(shape))
    sizes = ["?" if size is None else str(size) for size in shape[1:]]
    batch = f"{shape[0]} | " if shape and shape[0] is not None else ""
    return batch + ("×".join(sizes) if sizes else "scalar")


def short_number(value: int) -> str:
    """``777.6 k``: at most four figures, in thousands, millions, billions (G) and trillions (T)."""
    if value < 10_000:
        return f"{value:,}"
    scaled = float(value) if value < 1 << 80 else float(1 << 80)
    for unit in ("k", "M", "G", "T"):
        scaled /= 1000
        if scaled < 999.95 or unit == "T":
            break
    return f"{scaled:,.1f} {unit}" if scaled < 100 else f"{scaled:,.0f} {unit}"


def params_text(value: int | None) -> str:
    return f"{UNKNOWN if value is None else short_number(value)} params"


def stats(params: int | None, macs: int | None) -> str:
    """``896 params · 777.6 k MACs``; what is nothing is not said."""
    parts = [params_text(params)] if params != 0 else []
    if macs:
        parts.append(f"{short_number(macs)} MACs")
    return " · ".join(parts)


def about_model(record: dict[str, Any]) -> str:
    """``Functional · 15 layers · 223.2 k params · 0.3 G MACs``."""
    model, totals = record["model"], record["totals"]
    kind = model["class_name"] or model["kind"]
    parts = [kind if model["built"] or model["kind"] == "weights" else f"{kind}, not built"]
    parts.append(counted(len(record["layers"]), "layer"))
    for field in ("params", "macs"):
        value, word = totals[field], "params" if field == "params" else "MACs"
        if value is not None:
            parts.append(f"{short_number(value)} {word}")
        elif totals[f"known_{field}"]:
            parts.append(f"≥ {short_number(totals[f'known_{field}'])} {word}")
    return " · ".join(parts)
