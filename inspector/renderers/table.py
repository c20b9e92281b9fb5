"""A table in plain columns: widths of their own, and, where there is a width to keep, what gives way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .escaping import escape, pad, widest, width

GAP = 2
NARROW = 60  # on terminals narrower than this, and only there, names are cut
LEAST = 16  # columns that a wrapped cell keeps
VITAL = 2  # what yields so little is kept by narrower gaps

Cell = list[str]


class Field:
    """A column of the table to be drawn: its cells, and how soon it gives way (0 is never)."""

    __slots__ = ("breaks", "cells", "even", "name", "right", "title", "width", "wraps", "yields")

    def __init__(
        self,
        name: str,
        title: str,
        cells: list[Cell],
        *,
        right: bool = False,
        yields: int = 0,
        wraps: int = 0,
        breaks: str = " ",
    ) -> None:
        self.name = name
        self.title = title
        clean = "".join([line for cell in cells for line in cell]).isprintable()
        self.cells = cells if clean else [[escape(line) for line in cell] for cell in cells]
        self.right = right
        self.yields = yields
        self.wraps = wraps
        self.breaks = breaks
        self.measure()

    def measure(self) -> None:
        self.width, self.even = widest([self.title, *(line for cell in self.cells for line in cell)])


class Layout:
    """The fields that are shown, the gap between them, and the names of those that gave way."""

    __slots__ = ("fields", "gap", "gone")

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields = list(fields)
        self.gone: list[Field] = []
        self.gap = GAP

    def width(self) -> int:
        return sum(field.width for field in self.fields) + self.gap * (len(self.fields) - 1)

    def drop(self, field: Field) -> None:
        self.fields.remove(field)
        self.gone.append(field)


def fit(fields: Sequence[Field], room: int | None, *, wrapping: bool = True) -> Layout:
    """A layout no wider than ``room``; all the fields where no room is given.

    The least useful goes first. A column wraps before one less useful than its ``wraps`` must go: ranges of
    names, then connections, shapes, types. Then the gaps narrow; names are never cut but on a terminal too
    narrow to read. At the end whatever still finds room comes back. Without ``wrapping`` only what is
    vital is kept by it, which takes fewer lines.
    """
    layout = Layout(fields)
    if room is None:
        return layout
    while layout.width() > room:
        excess = layout.width() - room
        loser = max((f for f in layout.fields if f.yields), key=lambda f: f.yields, default=None)
        wrappable = max((f for f in layout.fields if f.wraps and f.width > LEAST), key=lambda f: f.wraps, default=None)
        enough = min(wrappable.wraps, 9 if wrapping else VITAL) if wrappable else 0
        if wrappable is not None and (loser is None or loser.yields <= enough):
            wrap(wrappable, max(LEAST, wrappable.width - excess))
        elif layout.gap > 1 and (loser is None or loser.yields <= VITAL):
            layout.gap = 1
        elif loser is not None:
            layout.drop(loser)
        else:
            break
    if room < NARROW and layout.width() > room:
        cut(layout.fields[0], max(LEAST, layout.fields[0].width - layout.width() + room))
    bring_back(layout, fields, room)
    return layout


def bring_back(layout: Layout, fields: Sequence[Field], room: int) -> None:
    for field in reversed(layout.gone[:]):
        if layout.width() + layout.gap + field.width <= room:
            layout.gone.remove(field)
            shown = {*layout.fields, field}
            layout.fields = [f for f in fields if f in shown]
    layout.gap = GAP
    if layout.width() > room:
        layout.gap = 1


def wrap(field: Field, target: int) -> None:
    """Break cells so that they take at most ``target`` columns, or as few as their longest piece."""
    field.cells = [[part for line in cell for part in break_line(line, target, field.breaks)] for cell in field.cells]
    field.measure()
    if field.width > target:
        field.wraps = 0  # one piece is wider: no use to try again


def break_line(line: str, target: int, after: str = " ") -> list[str]:
    """A line in parts of at most ``target`` columns, broken at ``after`` alone; later parts are indented."""
    if width(line) <= target:
        return [line]
    text = line.lstrip(" ")
    indent = " " * (len(line) - len(text))
    head, tail = ("", after) if after in (" ", ", ", "), ") else (after.lstrip(), " ")
    pieces = text.split(after)
    pieces = [(head if n else "") + piece + (tail if n < len(pieces) - 1 else "") for n, piece in enumerate(pieces)]
    parts = [indent + pieces[0]]
    for piece in pieces[1:]:
        if width((parts[-1] + piece).rstrip()) > target:
            parts.append(f"{indent}  {piece}")
        else:
            parts[-1] += piece
    return [part.rstrip() for part in parts]


def cut(field: Field, target: int) -> None:
    field.cells = [
        [line if width(line) <= target else line[: target - 1] + "…" for line in cell] for cell in field.cells
    ]
    field.measure()


def draw(layout: Layout, style: Callable[[str, str], str]) -> list[str]:
    """The lines of a table; ``style`` colours a text for its role (``title``, ``rule``, or a column's name)."""
    fields, gap = layout.fields, " " * layout.gap
    lines = [gap.join(style(pad(f.title, f.width, f.right), "title") for f in fields).rstrip()]
    lines.append(style("─" * layout.width(), "rule"))
    for index in range(len(fields[0].cells)):
        lines += [
            gap.join(draw_cell(f, index, line, f is fields[-1], style) for f in fields).rstrip()
            for line in range(max(len(f.cells[index]) for f in fields))
        ]
    return lines


def draw_cell(field: Field, index: int, line: int, last: bool, style: Callable[[str, str], str]) -> str:
    cell = field.cells[index]
    text = cell[line] if line < len(cell) else ""
    if not last or field.right:
        if not field.even:
            text = pad(text, field.width, field.right)
        else:
            text = text.rjust(field.width) if field.right else text.ljust(field.width)
    return style(text, field.name)
