"""Findings as SARIF 2.1.0, which code scanning of GitHub and others takes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from ..._version import __version__
from ...linting.rule import Finding, Rule
from ...views.findings import FindingsView, from_here
from ...views.rule import rule_record
from ..escaping import escape
from ..json import render_json
from ..rules import render_markdown
from ..text import Manner
from .gitlab import fingerprints

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "info": "note"}
SAFETY = "KS6"


def render(view: FindingsView, manner: Manner = Manner(), rules: Sequence[Rule] = ()) -> str:  # noqa: B008
    """One run; ``rules`` are those whose findings it may hold, described where they have any."""
    met = {finding.code for finding in view.findings}
    described = [rule for rule in rules if rule.code in met]
    places = {rule.code: index for index, rule in enumerate(described)}
    marks = fingerprints(view.findings)
    driver = {
        "name": "kinspect",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [describe(rule) for rule in described],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [result(f, mark, places) for f, mark in zip(view.findings, marks, strict=True)],
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {"level": "note", "message": {"text": escape(f"{found.path} was not checked: {found.why}")}}
                    for found in view.report.skipped
                ],
            }
        ],
    }
    return render_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def describe(rule: Rule) -> dict[str, Any]:
    first, _, rest = (rule.__doc__ or "").strip().partition("\n")
    text = " ".join(rest.split()) or first
    page = {
        "id": rule.code,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": first},
        "fullDescription": {"text": text},
        "help": {"text": f"{text}\n\nkinspect rule {rule.code}", "markdown": render_markdown(rule_record(rule))},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
    }
    if rule.code.startswith(SAFETY):
        level = {"error": "8.0", "warning": "5.0", "info": "1.0"}[rule.severity]
        page["properties"] = {"tags": ["security"], "security-severity": level}
    return page


def result(finding: Finding, mark: str, places: dict[str, int]) -> dict[str, Any]:
    text = escape(finding.message) + (f"\n\nWhat to do: {escape(finding.hint)}" if finding.hint else "")
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": as_uri(finding.file)},
            "region": {"startLine": finding.line or 1},
        }
    }
    logical = [
        {"fullyQualifiedName": escape(name), "kind": kind}
        for name, kind in ((finding.layer, "member"), (finding.pointer, "object"))
        if name
    ]
    if logical:
        location["logicalLocations"] = logical
    made: dict[str, Any] = {
        "ruleId": finding.code,
        "level": LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [location],
        "partialFingerprints": {"kinspect/v1": mark},
    }
    if finding.code in places:
        made["ruleIndex"] = places[finding.code]
    return made


def as_uri(file: str) -> str:
    """A path as a reference from the current folder, where it lies in it; every byte that a URI has not is encoded."""
    path = from_here(file)
    return ("file://" if os.path.isabs(path) else "") + quote(path.encode("utf-8", "surrogateescape"))
