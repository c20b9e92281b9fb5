"""What a verification says: checks, each of one thing in one form of the saved model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

KEPT, LOST, DESIGN, UNKNOWN = "kept", "lost", "by-design", "unknown"
Fingerprint = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: kept, lost, changed by Keras's design, or not known, and what to do."""

    name: str
    target: str
    status: str
    detail: str
    layer: str | None = None
    hint: str | None = None
    place: tuple[str, int] | None = None

    def ok(self, strict: bool) -> bool | None:
        """Whether nothing was lost; ``None`` where that is not known. What Keras changes by design fails if strict."""
        return {KEPT: True, LOST: False, DESIGN: not strict, UNKNOWN: None}[self.status]

    def to_json(self, strict: bool = False) -> dict[str, Any]:
        """The check as the JSON of the contract has it, with its status and its place in the source beside."""
        file, line = self.place or (None, None)
        return {"name": self.name, "target": self.target, "ok": self.ok(strict), "detail": self.detail,
                "layer": self.layer, "hint": self.hint, "status": self.status, "file": file, "line": line}  # fmt: skip


class Finding(NamedTuple):
    """Something that a comparison met; a check once it has a name and a target."""

    detail: str
    layer: str | None = None
    hint: str | None = None
    status: str = LOST
    place: tuple[str, int] | None = None


class Sides(NamedTuple):
    """What there is to compare: the model that was saved, what was loaded, and the form it was saved in."""

    saved: Fingerprint
    loaded: Fingerprint
    target: str
    before: Mapping[str, Any]  # the whole answer of the process that saved
    after: Mapping[str, Any]  # the whole answer of the process that loaded

    def layers(self) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """Layers that both sides have, by their path."""
        back = {layer["path"]: layer for layer in self.loaded["layers"]}
        for layer in self.saved["layers"]:
            if layer["path"] in back:
                yield layer, back[layer["path"]]


Comparison = Callable[[Sides], Iterator[Finding]]


def place_of(pair: Any) -> tuple[str, int] | None:
    """A file and a line, where there are both."""
    return (pair[0], pair[1]) if pair and pair[0] and pair[1] else None
