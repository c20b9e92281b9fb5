"""What a run of ``check`` comes to: files, findings that count, what was left out, and whether it fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .baseline import Key
from .discovery import Found
from .rule import SEVERITIES, Finding

UNUSED = "KS806"


class Report(NamedTuple):
    """``findings`` are those to show, in order; ``hidden`` counts the infos that nobody asked to see."""

    files: list[str]
    findings: list[Finding]
    skipped: list[Found]
    hidden: int = 0
    known: int = 0
    gone: Sequence[Key] = ()

    def fails(self, fail_on: str) -> bool:
        """Whether a finding is as grave as ``fail_on``; an info never is."""
        least = max(1, SEVERITIES.index(fail_on))
        return any(SEVERITIES.index(finding.severity) >= least for finding in self.findings)

    def count(self, severity: str) -> int:
        return sum(finding.severity == severity for finding in self.findings)


__all__ = ["UNUSED", "Report"]
