"""Findings as GitLab's Code Quality report: a list of issues, each with a fingerprint that stays the same."""

from __future__ import annotations

from typing import Any

from ...linting.rule import Finding
from ...views.findings import FindingsView, from_here
from ..escaping import escape
from ..json import render_json
from ..text import Manner

LEVELS = {"error": "major", "warning": "minor", "info": "info"}


def render(view: FindingsView, manner: Manner = Manner()) -> str:  # noqa: B008 - of one form with the others
    marks = fingerprints(view.findings)
    return render_json([issue(finding, mark) for finding, mark in zip(view.findings, marks, strict=True)])


def issue(finding: Finding, mark: str) -> dict[str, Any]:
    where = f"{escape(finding.layer)}: " if finding.layer else ""
    return {
        "description": f"{where}{escape(finding.message)}",
        "check_name": f"{finding.code} {finding.name}",
        "fingerprint": mark,
        "severity": LEVELS[finding.severity],
        "location": {"path": escape(from_here(finding.file)), "lines": {"begin": finding.line or 1}},
    }


def fingerprints(findings: list[Finding]) -> list[str]:
    """Equal for the same rule, file and layer from run to run; several of one kind are numbered."""
    from hashlib import sha256

    met: dict[tuple[str, ...], int] = {}
    marks = []
    for finding in findings:
        key = (from_here(finding.file), finding.layer or "", finding.code, finding.pointer or "")
        met[key] = met.get(key, 0) + 1
        text = "\0".join((*key, str(met[key])))
        marks.append(sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40])
    return marks
