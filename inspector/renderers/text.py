"""The summary as text: header, table, totals, notes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..views.columns import Column
from ..views.rows import Row
from ..views.summary import SummaryView
from .escaping import escape, pad, width
from .table import Field, Layout, break_line, draw, fit

Style = Callable[[str, str], str]
INDENT = "  "


def unstyled(text: str, role: str) -> str:
    return text


class Manner(NamedTuple):
    """How to write: no wider than ``room`` columns where that is given, in what colours, how much of it."""

    room: int | None = None
    style: Style = unstyled
    quiet: bool = False
    every: bool = False
    wrapping: bool = True


def render_text(view: SummaryView, manner: Manner = Manner()) -> list[str]:  # noqa: B008  # it is immutable
    """The lines of a summary: header, table, totals, notes."""
    fields = [make_field(column, [indented(column, row) for row in view.rows]) for column in view.columns]
    layout = fit(fields, manner.room, wrapping=manner.wrapping)
    lines = draw(layout, manner.style)
    rule = lines[1]
    if not manner.quiet:
        lines = [*head_lines(view, manner), "", *lines]
    return [*lines, rule, *foot_lines(view, layout, manner)]


def make_field(column: Column, cells: list[list[str]]) -> Field:
    return Field(
        column.name,
        column.title,
        cells,
        right=column.right,
        yields=column.yields,
        wraps=column.wraps,
        breaks=column.breaks,
    )


def indented(column: Column, row: Row) -> list[str]:
    lines = column.lines(row)
    return [INDENT * row.indent + line for line in lines] if column.name in ("path", "name") else lines


def head_lines(view: SummaryView, manner: Manner) -> list[str]:
    """The model's name and kind, then its inputs and outputs: in one line of a terminal where they fit in it."""
    about, *ends = view.header()
    lines = label_lines([about], manner, "name")
    together = escape(" → ".join(text for _, text in ends))
    if manner.room is not None and len(ends) == 2 and width(together) <= manner.room:
        return [*lines, together]
    return lines + label_lines(ends, manner)


def foot_lines(view: SummaryView, layout: Layout, manner: Manner) -> list[str]:
    """Totals, what the table does not show, notes."""
    pairs = view.totals()
    if manner.quiet:
        return label_lines(pairs, manner)
    pairs += view.folding()
    if layout.gone:
        pairs.append(("Hidden", f"{', '.join(field.name for field in layout.gone)}: no room in {manner.room} columns"))
    lines = label_lines(pairs, manner)
    notes = view.notes(manner.every)
    return [*lines, "", *label_lines(notes, manner)] if notes else lines


def label_lines(pairs: Sequence[tuple[str, str]], manner: Manner, role: str = "label") -> list[str]:
    """Labels and texts in two columns."""
    pairs = [(escape(label), escape(text)) for label, text in pairs]
    size = max((width(label) for label, _ in pairs), default=0)
    lines = []
    for label, text in pairs:
        parts = [text] if manner.room is None else break_line(text, max(20, manner.room - size - 2))
        lines.append(f"{manner.style(pad(label, size), role)}  {parts[0]}")
        lines += [" " * (size + 2) + part.removeprefix("  ") for part in parts[1:]]
    return lines
