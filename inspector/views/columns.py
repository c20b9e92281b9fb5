"""The columns of a summary, each stated once: its title, its value for data, its text for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..graph import Layer, Spec, Unknown, flatten, walk
from ..knowledge import DTYPE_BYTES, product
from .details import describe_class
from .quantities import UNKNOWN, count_text, counted, shape_text, size_text
from .rows import Row

Value = int | float | str | bool | None


class Column(NamedTuple):
    """``value`` is the plain value, ``lines`` what a table shows.

    On a terminal the column of the highest ``yields`` gives way first (0 never does), after those with ``wraps``
    at least as high have been broken at ``breaks``.
    """

    name: str
    title: str
    value: Callable[[Row], Value]
    lines: Callable[[Row], list[str]]
    right: bool = False
    yields: int = 0
    wraps: int = 0
    breaks: str = " "
    needs: str = ""


def pick_columns(names: Iterable[str]) -> list[Column]:
    return [COLUMNS[name] for name in names]


def name_lines(row: Row) -> list[str]:
    if not row.copies:
        return [row.entries[0]["path"]]
    first, last = row.entries[0]["path"], row.entries[-1]["path"]
    span = first if first == last else f"{first} … {last}"
    return [f"×{row.copies} {span}" if row.exact else span]


def own_name(row: Row) -> str:
    return str(row.entries[0]["name"])


def class_text(row: Row) -> str:
    return row.entries[0]["class_name"] or UNKNOWN


def seen(row: Row) -> str:
    return row.receptive


def type_text(row: Row) -> str:
    if not row.copies or (row.size == 1 and row.exact):
        output = row.fact.outputs[-1] if row.fact.outputs else None
        return describe_class(row.fact.layer, output.rank if isinstance(output, Spec) else None)
    if row.exact:
        return f"block of {counted(row.size, 'layer')}"
    blocks = "" if row.copies == 1 else f"{row.copies} blocks, "
    return f"{blocks}{counted(len(row.entries), 'layer')}, as above"


def output_lines(row: Row) -> list[str]:
    """One line a call; a layer that is called at one shape only says it once."""
    if row.copies:
        return [shape_text(row.entries[-1]["output_shape"])]
    calls = row.entries[0]["calls"] or row.entries[:1]  # a layer without known calls may know what it returns
    if len(calls) == 1:
        return [shape_text(calls[0]["output_shape"])]
    texts = [shape_text(call["output_shape"]) for call in calls]
    return texts[:1] if len(set(texts)) == 1 and len(texts) > 1 and not connected(row) else texts


def connected(row: Row) -> list[str]:
    return [", ".join(call["connected_to"]) for call in row.entries[0]["calls"]]


def sum_of(field: str) -> Callable[[Row], int | None]:
    """The sum of a field over all the layers that a row stands for; ``None`` where one is not known."""

    def total(row: Row) -> int | None:
        if not row.copies:
            own: int | None = row.entries[0][field]
            return own
        values = [entry[field] for entry in row.entries]
        return None if None in values else sum(values)

    return total


def trainable(row: Row) -> str:
    """Keras's flag, of the layers that have parameters; ``partly`` where a nested model or a block is half frozen."""
    states = {
        layer.trainable
        for entry, fact in zip(row.entries, row.facts, strict=True)
        if entry["params"] != 0
        for layer in leaves(fact.layer)
    }
    return "" if not states else "partly" if len(states) > 1 else "yes" if True in states else "no"


def leaves(layer: Layer) -> Iterable[Layer]:
    if layer.inner is None:
        return [layer]
    return [leaf for _, _, leaf in walk(layer.inner) if leaf.inner is None and leaf.kind == "layer"]


def share(row: Row) -> float | None:
    params = sum_of("params")(row)
    return None if params is None or row.total is None else params / row.total if row.total else 0.0


def memory(row: Row) -> int | None:
    """Bytes of all that the layers' calls return for one sample; ``None`` where a shape or a dtype is open."""
    total = 0.0
    for fact in row.facts:
        for output in fact.outputs or [Unknown("never called")]:
            for spec in flatten(output):
                size = product(spec.shape[1:]) if isinstance(spec, Spec) else None
                width = DTYPE_BYTES.get(spec.dtype) if isinstance(spec, Spec) else None
                if size is None or width is None:
                    return None
                total += size * width
    return int(total)


def one(text: Callable[[Row], str]) -> Callable[[Row], list[str]]:
    return lambda row: [text(row)]


def number(name: str, title: str, total: Callable[[Row], Any], text: Callable[[Any], str], yields: int) -> Column:
    return Column(name, title, total, lambda row: [text(total(row))], right=True, yields=yields)


def share_text(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.1%}"


def dtype(row: Row) -> str:
    return (
        "" if row.copies and len({entry["dtype"] for entry in row.entries}) > 1 else row.entries[0]["dtype"] or UNKNOWN
    )


def calls(row: Row) -> int:
    return sum(len(entry["calls"]) for entry in row.entries)


def stored(row: Row) -> list[str]:
    """A layer's own weights, one a line: shape and dtype; nothing for a block, and for a model its layers have them."""
    fact = row.fact
    weights = [] if row.copies or fact.layer.inner is not None else fact.weights or []
    return [f"{shape_text(list(weight.shape))} {weight.dtype}" for weight in weights] or [""]


def joined(lines: Callable[[Row], list[str]]) -> Callable[[Row], str]:
    return lambda row: "; ".join(lines(row))


COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (
        Column("path", "Layer", joined(name_lines), name_lines, wraps=4, breaks=" … "),
        Column("name", "Name", own_name, one(own_name)),
        Column("class", "Class", class_text, one(class_text), yields=1),
        Column("type", "Type", type_text, one(type_text), yields=1, wraps=1),
        Column("output", "Output shape", joined(output_lines), output_lines, yields=2, wraps=2, breaks="), "),
        number("params", "Params", sum_of("params"), count_text, 1),
        number("trainable_params", "Trainable params", sum_of("trainable_params"), count_text, 6),
        Column("trainable", "Trainable", trainable, one(trainable), yields=5),
        number("macs", "MACs", sum_of("macs"), count_text, 4),
        number("bytes", "Size", sum_of("bytes"), size_text, 7),
        Column("dtype", "Dtype", dtype, one(dtype), yields=6),
        Column("weights", "Weights", joined(stored), stored, yields=5),
        number("share", "Share", share, share_text, 8),
        number("memory", "Memory", memory, size_text, 8),
        number("calls", "Calls", calls, str, 8),
        Column("receptive", "Receptive field", seen, one(seen), yields=8, needs="receptive"),
        Column("connected", "Connected to", joined(connected), connected, yields=3, wraps=3, breaks=", "),
    )
}  # fmt: skip
