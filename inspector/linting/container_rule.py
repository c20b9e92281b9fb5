"""What the rules have in common that look at archives, HDF5 files and SavedModels."""

from __future__ import annotations

from collections.abc import Iterator

from .case import Case
from .rule import Finding, Rule

MAX_FINDINGS = 50
MAX_NAME = 120


class ContainerRule(Rule):
    """A rule about a file as a container. A hostile file gets `MAX_FINDINGS` of it, and is told so."""

    def check(self, case: Case) -> Iterator[Finding]:
        for count, finding in enumerate(self.find(case)):
            if count == MAX_FINDINGS:
                yield self.finding(f"more of the same: the first {MAX_FINDINGS} are listed", hint=finding.hint)
                return
            yield finding

    def find(self, case: Case) -> Iterator[Finding]:
        raise NotImplementedError


def quoted(name: str) -> str:
    """A name from a file, quoted, and cut where it is longer than any sound one."""
    return repr(name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}…")


def spelled(size: int) -> str:
    """Bytes as people read them, however large a number a file states."""
    if size < 1024:
        return f"{size} bytes"
    for place, unit in enumerate(("KB", "MB", "GB", "TB"), start=1):
        if size < 1024 ** (place + 1) or unit == "TB":
            break
    whole, part = size >> 10 * place, (size >> 10 * (place - 1)) % 1024
    return f"{whole:,} {unit}" if whole >= 10 else f"{whole}.{part * 10 // 1024} {unit}"


__all__ = ["ContainerRule", "quoted", "spelled"]
