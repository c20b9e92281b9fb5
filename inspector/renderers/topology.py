"""A topology as text: the verdict, the tree of the parts, the facts."""

from __future__ import annotations

from ..views.topology import PartRow, TopologyView
from .escaping import escape, pad, width
from .table import break_line
from .text import Manner, label_lines
from .tree import draw_branches

LEAST = 30  # columns that a wrapped line keeps, whatever its indent
MARKS = {"place": "at ", "hint": "→ "}


def render_topology(view: TopologyView, manner: Manner = Manner()) -> list[str]:  # noqa: B008  # it is immutable
    """The lines of a topology; no wider than ``manner.room`` where that is given and words allow it."""
    word, text = view.verdict()
    role = {"DAG": "declared", "no DAG": "dynamic"}.get(word, "opaque")
    verdict = wrapped(escape(text), manner.room, width(word) + 2)
    head = [f"{manner.style(word, role)}  {verdict[0]}", *verdict[1:]]
    if manner.quiet:
        return head + tree_lines(view, manner)
    return [
        *label_lines([view.header()], manner, "name"),
        *head,
        "",
        *tree_lines(view, manner),
        "",
        *label_lines(view.facts(), manner),
    ]


def tree_lines(view: TopologyView, manner: Manner) -> list[str]:
    """The parts with their branches; below each its reasons, beside the trunk that goes on."""
    rows = view.rows
    branches = ["", *draw_branches([row.level - 1 for row in rows[1:]])]
    names = max(width(branch + escape(row.name)) for branch, row in zip(branches, rows, strict=True))
    classes = max(width(escape(row.class_name)) for row in rows)
    verdicts = max(len(row.verdict) for row in rows)
    lines = []
    for place, (branch, row) in enumerate(zip(branches, rows, strict=True)):
        cells = [
            branch + manner.style(pad(escape(row.name), names - width(branch)), "name"),
            pad(escape(row.class_name), classes),
            manner.style(pad(row.verdict, verdicts if row.size else 0), row.verdict),
            row.size,
        ]
        lines.append("  ".join(cells).rstrip())
        lines += below_lines(row, trunk(rows, branches, place), manner)
    if view.hidden:
        lines.append(f"… and {view.hidden:,} more parts, listed with -v")
    return lines


def trunk(rows: list[PartRow], branches: list[str], place: int) -> str:
    """What goes on beside a row's reasons: the branches of the parts that follow on its levels."""
    row = rows[place]
    own = branches[place]
    stem = own[: len(own) - 3] + ("│  " if own.endswith("├─ ") else "   ") if own else ""
    child = place + 1 < len(rows) and rows[place + 1].level > row.level
    return f"{stem}{'│' if child else ' '}  "


def below_lines(row: PartRow, stem: str, manner: Manner) -> list[str]:
    lines = []
    for role, text in row.below:
        mark = MARKS.get(role, "")
        indent = "  " if role == "place" else ""
        for number, part in enumerate(wrapped(mark + escape(text), manner.room, width(stem) + len(indent), hang=2)):
            lines.append(f"{stem}{indent}{manner.style(part, role if role != 'reason' or number else 'reason')}")
    return lines


def wrapped(text: str, room: int | None, taken: int, hang: int | None = None) -> list[str]:
    """A text in lines that leave ``taken`` columns free; those after the first stand ``hang`` columns in."""
    if room is None:
        return [text]
    first, *others = break_line(text, max(LEAST, room - taken))
    return [first, *((" " * (taken if hang is None else hang)) + line.strip() for line in others)]
