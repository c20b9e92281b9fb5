"""Findings one a line, for editors and ``grep``: the file, the layer, the code, what is wrong."""

from __future__ import annotations

from ...views.findings import FindingsView
from ..escaping import escape
from ..text import Manner


def render(view: FindingsView, manner: Manner = Manner()) -> str:  # noqa: B008  # it is immutable
    """``file: KS103 error [layer] message``; with ``-q`` nothing else."""
    lines = []
    for finding in view.findings:
        place = finding.layer if finding.layer is not None else finding.pointer
        lines.append(
            f"{manner.style(escape(finding.file), 'name')}: {manner.style(finding.code, 'code')} "
            f"{manner.style(finding.severity, finding.severity)} {f'[{escape(place)}] ' if place else ''}"
            f"{escape(finding.message)}"
        )
    lines += view.gone()
    if not manner.quiet:
        lines.append(view.summary())
    return "\n".join(lines)
