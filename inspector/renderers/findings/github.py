"""Findings as GitHub's workflow commands, which become annotations of a pull request."""

from __future__ import annotations

from ...linting.rule import Finding
from ...views.findings import FindingsView, from_here
from ..escaping import escape
from ..text import Manner

LEVELS = {"error": "error", "warning": "warning", "info": "notice"}
DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY = {**DATA, ":": "%3A", ",": "%2C"}


def render(view: FindingsView, manner: Manner = Manner()) -> str:  # noqa: B008 - of one form with the others
    """One command a finding, on line 1, as models have no lines."""
    return "\n".join(command(finding) for finding in view.findings)


def command(finding: Finding) -> str:
    title = f"kinspect ({finding.code} {finding.name})"
    where = f"{finding.layer}: " if finding.layer else ""
    hint = f"\nhint: {escape(finding.hint)}" if finding.hint else ""
    text = f"{escape(where + finding.message)}{hint}"
    about = {"file": escape(from_here(finding.file)), "line": str(finding.line or 1), "title": title}
    properties = ",".join(f"{name}={encode(value, PROPERTY)}" for name, value in about.items())
    return f"::{LEVELS[finding.severity]} {properties}::{encode(text, DATA)}"


def encode(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(char, char) for char in text)
