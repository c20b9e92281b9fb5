"""The summary as one HTML fragment for notebooks: no script, no style sheet, every text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape as escape_html

from ..views.summary import SummaryView
from .escaping import escape


def render_html(view: SummaryView) -> str:
    (name, about), *ends = view.header()
    parts = [f"<div><p><strong>{plain(name)}</strong> {plain(about)}</p>", labels(ends), "<table><thead><tr>"]
    parts += [f'<th style="text-align:{side(column.right)}">{plain(column.title)}</th>' for column in view.columns]
    parts.append("</tr></thead><tbody>")
    for row in view.rows:
        parts.append("<tr>")
        for place, column in enumerate(view.columns):
            text = "<br>".join(plain(line) for line in column.lines(row))
            indent = f";padding-left:{row.indent * 1.5 + 0.5}em" if place == 0 and row.indent else ""
            parts.append(f'<td style="text-align:{side(column.right)}{indent}">{text}</td>')
        parts.append("</tr>")
    parts += ["</tbody></table>", labels(view.totals()), labels(view.notes()), "</div>"]
    return "".join(parts)


def labels(pairs: Sequence[tuple[str, str]]) -> str:
    return f"<p>{'<br>'.join(f'{plain(label)}: {plain(text)}' for label, text in pairs)}</p>" if pairs else ""


def side(right: bool) -> str:
    return "right" if right else "left"


def plain(text: str) -> str:
    return escape_html(escape(text))
