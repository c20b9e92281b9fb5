"""A verification as people read it: what was lost first, with what to do; then what is by design; then the count."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from .quantities import counted
from .summary import FORMATS

ORDER = ("lost", "by-design", "unknown", "kept")
SOME = 8  # findings of one check that are told before they are counted
TOLD = ("lost", "by-design", "unknown")


class CheckRow(NamedTuple):
    """One finding: its status, its check and target, the layer, what was found, where, and what to do."""

    status: str
    name: str
    layer: str
    detail: str
    place: str
    hint: tuple[str, ...]


class VerifyView:
    """The record in groups by target. ``every`` tells all findings, and what was kept, one by one."""

    def __init__(self, record: Mapping[str, Any], *, every: bool = False) -> None:
        self.record, self.every = record, every
        self.first = self.first_tellers()

    def first_tellers(self) -> dict[str, int]:
        """For each hint, the check that tells it first; it holds for the rest as well, in other targets too."""
        targets = self.targets()
        ordered = sorted(self.record["checks"], key=lambda c: (targets.index(c["target"]), ORDER.index(c["status"])))
        found: dict[str, int] = {}
        for check in ordered:
            found.setdefault(check["hint"], id(check))
        return found

    def header(self) -> tuple[str, str]:
        """The model's name, and its class, kind and format."""
        model = self.record["model"]
        about = [f"{model['class_name']} ({model['kind']})"] if model["class_name"] else []
        about.append(FORMATS.get(model["format"], model["format"]))
        if model["keras_version"]:
            about.append(f"Keras {model['keras_version']}")
        return model["name"] or model["source"], " · ".join(about)

    def targets(self) -> list[str]:
        return list(dict.fromkeys(check["target"] for check in self.record["checks"]))

    def verdict(self, target: str) -> tuple[str, str]:
        """One status for a target, and how many checks came out how."""
        checks = [check for check in self.record["checks"] if check["target"] == target]
        names = {status: {c["name"] for c in checks if c["status"] == status} for status in ORDER}
        worst = next(status for status in ORDER if names[status] and (status != "unknown" or not names["kept"]))
        if worst == "by-design" and not self.record["strict"]:
            worst = "kept"
        parts = [f"{len(found)} {status}" for status, found in names.items() if found]
        return worst, ", ".join(parts)

    def rows(self, target: str) -> tuple[list[CheckRow], dict[str, int]]:
        """What to tell of a target, and how many findings of each check are left out."""
        shown: list[CheckRow] = []
        seen: dict[str, int] = {}
        left: dict[str, int] = {}
        checks = [check for check in self.record["checks"] if check["target"] == target]
        for check in sorted(checks, key=lambda check: ORDER.index(check["status"])):
            told = check["status"] in TOLD and not check["detail"].startswith("not run: ")
            if not told and not self.every:
                continue
            key = f"{check['status']} {check['name']}"
            seen[key] = seen.get(key, 0) + 1
            if seen[key] > SOME and not self.every:
                left[check["name"]] = left.get(check["name"], 0) + 1
                continue
            shown.append(self.row(check))
        return shown, left

    def row(self, check: Mapping[str, Any]) -> CheckRow:
        hint = check["hint"] if check["hint"] and self.first[check["hint"]] == id(check) else ""
        lines = tuple(hint.splitlines()) if hint else ()
        return CheckRow(check["status"], check["name"], check["layer"] or "", check["detail"], place_of(check), lines)

    def summary(self) -> str:
        """The last line."""
        lost = sum(check["ok"] is False for check in self.record["checks"])
        total = counted(len({(c["target"], c["name"]) for c in self.record["checks"]}), "check")
        return f"{total}, nothing lost" if not lost else f"{total}, {counted(lost, 'finding')}"


def place_of(check: Mapping[str, Any]) -> str:
    """``model.py:12``, the file from the current folder where it lies below it."""
    if not check["file"]:
        return ""
    near = os.path.relpath(check["file"]) if os.path.isabs(check["file"]) else check["file"]
    return f"{check['file'] if near.startswith('..') else near}:{check['line']}"
