"""Findings as JUnit's XML: a suite a file, a failed test a finding; a file without any is one that passed.

A finding of severity info is a test that passed and has something to say: it fails no run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from ...linting.rule import Finding
from ...views.findings import FindingsView
from ..escaping import escape
from ..text import Manner


def render(view: FindingsView, manner: Manner = Manner()) -> str:  # noqa: B008 - of one form with the others
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for finding in view.findings:
        by_file[finding.file].append(finding)
    files = dict.fromkeys((*view.report.files, *by_file))
    cases = sum(max(1, len(by_file[file])) for file in files) + len(view.report.skipped)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="kinspect" tests="{cases}" failures="{failures(view.findings)}">',
    ]
    for file in files:
        lines += suite(file, by_file[file])
    for found in view.report.skipped:
        lines.append(f'  <testsuite name={attribute(found.path)} tests="1" failures="0" skipped="1">')
        lines.append(f'    <testcase name="check" classname={attribute(found.path)}>')
        lines += [f"      <skipped message={attribute(found.why or '')}/>", "    </testcase>", "  </testsuite>"]
    return "\n".join([*lines, "</testsuites>"])


def suite(file: str, findings: list[Finding]) -> Iterator[str]:
    yield f'  <testsuite name={attribute(file)} tests="{max(1, len(findings))}" failures="{failures(findings)}">'
    if not findings:
        yield f'    <testcase name="check" classname={attribute(file)}/>'
    for finding in findings:
        place = f" {finding.layer}" if finding.layer else ""
        yield f"    <testcase name={attribute(f'{finding.code} {finding.name}{place}')} classname={attribute(file)}>"
        if finding.severity == "info":
            yield f"      <system-out>{text(finding.message)}</system-out>"
        else:
            yield f"      <failure type={attribute(finding.severity)} message={attribute(finding.message)}>"
            yield f"{text(finding.hint or finding.message)}</failure>"
        yield "    </testcase>"
    yield "  </testsuite>"


def failures(findings: list[Finding]) -> int:
    return sum(finding.severity != "info" for finding in findings)


def attribute(value: str) -> str:
    return quoteattr(escape(value))


def text(value: str) -> str:
    return escape(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
