"""Findings for people: by file, the code and the layer, what is wrong and what to do."""

from __future__ import annotations

from ...linting.rule import Finding
from ...views.findings import FindingsView
from ..escaping import escape, pad, width
from ..table import break_line
from ..text import Manner

LEAST = 30  # columns that a wrapped line keeps
INDENT = 4


def render(view: FindingsView, manner: Manner = Manner()) -> str:  # noqa: B008  # it is immutable
    """The text; lines are no wider than ``manner.room`` where that is given and words allow it."""
    lines: list[str] = []
    if view.statistics:
        lines = statistics(view, manner)
    else:
        for file, findings in view.by_file():
            lines.append(manner.style(escape(file), "name"))
            for finding in findings:
                lines += finding_lines(finding, manner)
            lines.append("")
    lines += view.gone()
    if not manner.quiet:
        lines.append(view.summary())
    return "\n".join(lines).rstrip("\n")


def finding_lines(finding: Finding, manner: Manner) -> list[str]:
    """The head, the message and the hint, each on its own line or lines."""
    head = f"  {manner.style(pad(finding.severity, 7), finding.severity)}  {manner.style(finding.code, 'code')} "
    head += manner.style(finding.name, "rule-name")
    place = finding.layer if finding.layer is not None else finding.pointer
    if place:
        head += f"  {manner.style(escape(place), 'path')}"
    if finding.line is not None:
        head += f" line {finding.line}"
    lines = [head, *wrapped(escape(finding.message), manner)]
    about = [*finding.cve, *([finding.affects] if finding.affects else [])]
    if about:
        lines += wrapped(escape(", ".join(about)), manner, "label")
    if finding.hint:
        lines += wrapped(f"hint: {escape(finding.hint)}", manner, "hint")
    return lines


def wrapped(text: str, manner: Manner, role: str | None = None) -> list[str]:
    parts = [text] if manner.room is None else break_line(text, max(LEAST, manner.room - INDENT))
    return [" " * INDENT + (manner.style(part.strip(), role) if role else part.strip()) for part in parts]


def statistics(view: FindingsView, manner: Manner) -> list[str]:
    rows = view.by_code()
    size = max((len(f"{count:,}") for *_, count in rows), default=0)
    names = max((width(name) for _, name, _, _ in rows), default=0)
    return [
        f"{count:>{size},}  {manner.style(code, 'code')}  {pad(name, names)}  {manner.style(severity, severity)}"
        for code, name, severity, count in rows
    ]
