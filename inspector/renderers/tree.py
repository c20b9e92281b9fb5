"""The layers as a tree: nested models with what they hold, the columns beside them."""

from __future__ import annotations

from collections.abc import Sequence

from ..views.rows import Row
from ..views.summary import SummaryView
from .table import draw, fit
from .text import Manner, foot_lines, head_lines, make_field


def render_tree(view: SummaryView, manner: Manner = Manner()) -> list[str]:  # noqa: B008  # it is immutable
    """Names with their branches below the model; columns give way as in the table."""
    branches = draw_branches([row.indent for row in view.rows])
    names = [[branch + own_name(row)] for branch, row in zip(branches, view.rows, strict=True)]
    fields = []
    for column in view.columns:
        if column.name == "path":
            fields.append(make_field(column._replace(wraps=0), names))
        else:
            fields.append(make_field(column, [column.lines(row) for row in view.rows]))
    layout = fit(fields, manner.room, wrapping=manner.wrapping)
    lines = [] if manner.quiet else head_lines(view, manner)
    lines += draw(layout, manner.style)[2:]
    return [*lines, "", *foot_lines(view, layout, manner)]


def own_name(row: Row) -> str:
    if row.copies:
        first, last = row.entries[0]["name"], row.entries[-1]["name"]
        span = first if first == last else f"{first} … {last}"
        return f"×{row.copies} {span}" if row.exact else span
    return str(row.entries[0]["name"])


def draw_branches(levels: Sequence[int]) -> list[str]:
    """The branch before each name, from the rows' levels in order; one pass from the end."""
    open_levels: set[int] = set()
    branches = []
    for level in reversed(levels):
        open_levels = {other for other in open_levels if other <= level}
        trunk = "".join("│  " if above in open_levels else "   " for above in range(level))
        branches.append(trunk + ("├─ " if level in open_levels else "└─ "))
        open_levels.add(level)
    return branches[::-1]
