"""What the rules have in common that look at the objects of a file's documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .rule import Finding, Rule

if TYPE_CHECKING:
    from ..analyses.config_objects import Node
    from .case import Case

MAX_FINDINGS = 100


class ObjectRule(Rule):
    """A rule that filters the walk over all objects. A hostile file gets `MAX_FINDINGS` of it, and is told so."""

    needs = ("objects",)

    def check(self, case: Case) -> Iterator[Finding]:
        for count, finding in enumerate(self.find(case)):
            if count == MAX_FINDINGS:
                yield self.finding(f"more of the same: the first {MAX_FINDINGS} are listed", hint=finding.hint)
                return
            yield finding

    def find(self, case: Case) -> Iterator[Finding]:
        raise NotImplementedError

    def at(self, node: Node, message: str, *more: str | int, **said: Any) -> Finding:
        """A finding at an object, or at what stands below it under the keys ``more``."""
        return self.finding(message, layer=node.layer, pointer=node.pointer(*more), **said)


__all__ = ["MAX_FINDINGS", "ObjectRule"]
