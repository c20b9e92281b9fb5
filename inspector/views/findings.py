"""The findings of ``kinspect check`` as people and programs read them: by file, by code, as a record."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from ..linting.report import Report
from ..linting.rule import Finding
from .quantities import counted

PLAIN = ("code", "name", "severity", "file", "layer", "message", "line", "pointer", "hint")


class FindingsView:
    """A report with what the renderers ask of it."""

    def __init__(self, report: Report, *, statistics: bool = False) -> None:
        self.report = report
        self.statistics = statistics

    @property
    def findings(self) -> list[Finding]:
        return self.report.findings

    def by_file(self) -> Iterator[tuple[str, list[Finding]]]:
        for file, found in groupby(self.findings, key=lambda finding: finding.file):
            yield file, list(found)

    def by_code(self) -> list[tuple[str, str, str, int]]:
        """Code, name, severity and how often, the most frequent first."""
        counts = Counter((f.code, f.name, f.severity) for f in self.findings)
        return [(*key, count) for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]

    def record(self) -> dict[str, Any]:
        """The record of ``--format json``; what a rule adds to a finding stands behind the nine fields of every one."""
        report = self.report
        return {
            "schema_version": 1,
            "files": report.files,
            "findings": [self.finding_record(finding) for finding in self.findings],
            "skipped": [{"file": found.path, "why": found.why} for found in report.skipped],
            "baseline": {
                "known": report.known,
                "gone": [{"file": file, "layer": layer or None, "code": code} for file, layer, code in report.gone],
            },
        }

    def finding_record(self, finding: Finding) -> dict[str, Any]:
        record = {name: getattr(finding, name) for name in PLAIN}
        if finding.cve or finding.affects:
            record |= {"cve": list(finding.cve), "affects": finding.affects}
        return record

    def summary(self) -> str:
        """One line: how much was found, in how many of how many files."""
        report = self.report
        files = counted(len(report.files), "file")
        if not self.findings:
            line = f"All checks passed: {files}"
        else:
            hit = len({finding.file for finding in self.findings})
            kinds = [counted(n, word) for word in ("error", "warning", "info") if (n := report.count(word))]
            where = f"in {hit:,} of {files}" if len(report.files) > 1 else "in 1 file"
            line = f"Found {', '.join(kinds)} {where}"
        more = []
        if report.known:
            more.append(f"{report.known:,} known to the baseline")
        if report.hidden:
            more.append(f"{counted(report.hidden, 'info')} shown with --info")
        return line + (f" ({', '.join(more)})" if more else "")

    def gone(self) -> list[str]:
        """What the baseline knows and no file shows any more."""
        return [
            f"gone from the baseline: {code} {file}{f' [{layer}]' if layer else ''}"
            for file, layer, code in self.report.gone
        ]


def from_here(path: str) -> str:
    """A path as services know it that show findings in a repository: from the current folder, where it lies in it."""
    if not path:
        return path
    try:
        found = os.path.relpath(path).replace(os.sep, "/")
    except ValueError:  # on another drive
        return path
    return path if found == ".." or found.startswith("../") else found


__all__ = ["FindingsView", "from_here"]
