"""A verification as text: each target with its verdict, below it what was lost and what to do."""

from __future__ import annotations

from ..views.verify import CheckRow, VerifyView
from .escaping import escape, pad, width
from .table import break_line
from .text import Manner, label_lines

LEAST = 30  # columns that a wrapped line keeps, whatever its indent


def render_verify(view: VerifyView, manner: Manner = Manner()) -> list[str]:  # noqa: B008  # it is immutable
    """The lines of a verification; no wider than ``manner.room`` where that is given and words allow it."""
    lines = [] if manner.quiet else [*label_lines([view.header()], manner, "name"), ""]
    targets = view.targets()
    size = max((width(escape(target)) for target in targets), default=0)
    for target in targets:
        status, counts = view.verdict(target)
        lines.append(f"{manner.style(pad(escape(target), size), 'name')}  {manner.style(status, status)}  {counts}")
        rows, left = view.rows(target)
        names = max((len(row.name) for row in rows), default=0)
        for row in rows:
            lines += row_lines(row, names, manner)
        lines += [f"  … and {count:,} more of {name}, listed with -v" for name, count in left.items()]
    if not manner.quiet:
        lines += ["", view.summary()]
    return lines


def row_lines(row: CheckRow, names: int, manner: Manner) -> list[str]:
    """The finding, then its place and its hint, each further in."""
    head = f"  {manner.style(pad(row.status, 9), row.status)}  {pad(row.name, names)}  "
    indent = 2 + 9 + 2 + names + 2
    text = f"{row.layer}: {row.detail}" if row.layer else row.detail
    first, *others = wrapped(escape(text), manner, indent)
    lines = [head + first, *(" " * indent + line for line in others)]
    if row.place:
        lines.append(" " * indent + manner.style(f"at {escape(row.place)}", "place"))
    for number, line in enumerate(row.hint):
        mark = "→ " if not number else "  "
        lines.append((" " * indent + manner.style((mark + escape(line)).rstrip(), "hint")).rstrip())
    return lines


def wrapped(text: str, manner: Manner, taken: int) -> list[str]:
    if manner.room is None:
        return [text]
    return [line.strip() for line in break_line(text, max(LEAST, manner.room - taken))]
