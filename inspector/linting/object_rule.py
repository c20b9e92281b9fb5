"""What the rules have in common that look at the objects of a file's documents."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from .rule import SEVERITIES, Finding, Rule

if TYPE_CHECKING:
    from ..analyses.config_objects import Node
    from .case import Case

MAX_FINDINGS, MAX_COUNTED = 100, 2_000


class ObjectRule(Rule):
    """A rule that filters the walk over all objects; of very many findings, it lists some of each severity."""

    needs = ("objects",)

    def check(self, case: Case) -> Iterator[Finding]:
        counts = dict.fromkeys(SEVERITIES, 0)
        for finding in islice(self.find(case), MAX_COUNTED):
            counts[finding.severity] += 1
            if counts[finding.severity] <= MAX_FINDINGS:
                yield finding
        least = "at least " if sum(counts.values()) == MAX_COUNTED else ""
        for severity, count in counts.items():
            if count > MAX_FINDINGS:
                message = f"{least}{count - MAX_FINDINGS:,} more of the same, which are not listed"
                yield self.finding(message, severity=severity)

    def find(self, case: Case) -> Iterator[Finding]:
        raise NotImplementedError

    def at(self, node: Node, message: str, *more: str | int, **said: Any) -> Finding:
        """A finding at an object, or at what stands below it under the keys ``more``."""
        return self.finding(message, layer=node.layer, pointer=node.pointer(*more), **said)


__all__ = ["MAX_FINDINGS", "ObjectRule"]
