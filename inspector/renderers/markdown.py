"""The summary in Markdown: a heading, a table that GitHub renders, totals, notes."""

from __future__ import annotations

from collections.abc import Sequence

from ..views.summary import SummaryView
from .escaping import escape

SPECIAL = "\\`*[]<>|#&~"
INDENT = "&nbsp;&nbsp;"


def render_markdown(view: SummaryView) -> str:
    (name, about), *ends = view.header()
    lines = [f"# {plain(name)}", "", plain(about), ""]
    lines += items(ends)
    lines.append(table_row([plain(column.title) for column in view.columns]))
    lines.append(table_row(["---:" if column.right else ":---" for column in view.columns]))
    for row in view.rows:
        cells = ["<br>".join(plain(line) for line in column.lines(row)) for column in view.columns]
        cells[0] = INDENT * row.indent + cells[0]
        lines.append(table_row(cells))
    lines += ["", *items(view.totals()), *items(view.notes())]
    return "\n".join(lines).rstrip("\n")


def items(pairs: Sequence[tuple[str, str]]) -> list[str]:
    return [*(f"- {plain(label)}: {plain(text)}" for label, text in pairs), ""] if pairs else []


def table_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def plain(text: str) -> str:
    """Text that Markdown leaves as it is. Underscores matter only at the edge of a word."""
    found = []
    for part in escape(text).split(" "):
        word = "".join(f"\\{char}" if char in SPECIAL else char for char in part)
        if word.startswith("_") or word.endswith("_"):
            word = word.replace("_", "\\_")
        found.append(word)
    return " ".join(found)
