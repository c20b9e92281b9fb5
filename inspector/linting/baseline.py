"""Findings that a project knows of and lives with: new ones are told, old ones are not, and those that are gone are.

A finding is known by its file, its layer and its rule; how often a rule met a layer is counted.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..errors import UsageError
from .rule import Finding

VERSION = 1
MAX_BYTES = 64 << 20
Key = tuple[str, str, str]


class Sifted(NamedTuple):
    """Findings that the baseline does not know, those that it knows, and entries that nothing fits any more."""

    new: list[Finding]
    known: list[Finding]
    gone: list[Key]


def read_baseline(path: str) -> Counter[Key]:
    """The findings of a baseline file, by key, counted. Raises `UsageError`."""
    try:
        with open(path, "rb") as file:
            data = json.loads(file.read(MAX_BYTES))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"{path}: {reason}", hint="write one with --write-baseline") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not a baseline: {error}", hint="write it anew with --write-baseline") from error
    entries = data.get("findings") if isinstance(data, dict) else None
    if not isinstance(entries, list) or data.get("schema_version") != VERSION:
        raise UsageError(f"{path}: not a baseline of this version", hint="write it anew with --write-baseline")
    return Counter(read_entry(path, entry) for entry in entries for _ in range(read_count(entry)))


def read_entry(path: str, entry: object) -> Key:
    if isinstance(entry, dict):
        key = entry.get("file"), entry.get("layer") or "", entry.get("rule")
        if all(isinstance(part, str) for part in key):
            return str(key[0]), str(key[1]), str(key[2])
    raise UsageError(f"{path}: not a baseline: an entry is no finding", hint="write it anew with --write-baseline")


def read_count(entry: object) -> int:
    count = entry.get("count", 1) if isinstance(entry, dict) else 1
    return min(count, 1_000_000) if isinstance(count, int) and count > 0 else 1


def write_text(findings: Iterable[Finding], folder: str) -> str:
    """The text of a baseline in a folder, its entries sorted, one a line, so that a diff of it reads well."""
    counts = Counter(key_of(finding, folder) for finding in findings)
    lines = [
        json.dumps({"file": file, "layer": layer or None, "rule": rule} | ({"count": n} if n > 1 else {}))
        for (file, layer, rule), n in sorted(counts.items())
    ]
    inside = ",\n".join(f"    {line}" for line in lines)
    return f'{{\n  "schema_version": {VERSION},\n  "findings": [' + (f"\n{inside}\n  ]\n}}" if lines else "]\n}")


def key_of(finding: Finding, folder: str) -> Key:
    """A finding's key, its file's path taken from the folder that the baseline lies in."""
    return from_folder(finding.file, folder), finding.layer or "", finding.code


def from_folder(path: str, folder: str) -> str:
    """A path as patterns and baselines of a folder know it."""
    return os.path.relpath(path, folder).replace(os.sep, "/")


def sift(findings: Sequence[Finding], baseline: Counter[Key], checked: Iterable[str], folder: str) -> Sifted:
    """Hold findings against a baseline in a folder; what is gone is told of the files that were checked alone."""
    left = Counter(baseline)
    new, known = [], []
    for finding in findings:
        key = key_of(finding, folder)
        if left[key] > 0:
            left[key] -= 1
            known.append(finding)
        else:
            new.append(finding)
    files = {from_folder(path, folder) for path in checked}
    return Sifted(new, known, sorted(key for key, count in left.items() if count > 0 and key[0] in files))


__all__ = ["Sifted", "from_folder", "read_baseline", "sift", "write_text"]
