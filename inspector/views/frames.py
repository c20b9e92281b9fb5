"""Where the layers of one graph stand on the page, folded or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..analyses.repeats import Repeat
from ..graph import Graph
from .drawing import Node


class Sheet(NamedTuple):
    """What one page shows: a graph's layers, all of them or those at some places.

    ``owner`` is the nested model's place in the record's layers; None is the model itself.
    """

    owner: int | None = None
    first: int = 0
    last: int | None = None


class Frame:
    """One graph on the page: the places of its layers, and what was made of each of their calls."""

    def __init__(
        self,
        graph: Graph,
        sheet: Sheet,
        places: Sequence[int],
        names: list[str],
        prefix: str,
        box: str | None,
        level: int,
    ) -> None:
        self.graph = graph
        self.places = places
        self.names = names
        self.place = {name: at for at, name in enumerate(names)}
        self.prefix = prefix
        self.box = box
        self.level = level
        self.sheet = sheet
        self.made: dict[tuple[str, int], Node | Frame] = {}
        self.summaries: dict[int, Node] = {}
        self.shown_by = list(range(len(places)))  # the place that a folded layer is drawn at
        self.blocks: dict[int, tuple[int, int]] = {}  # of a folded layer: where its first block begins, and its copy

    def target(self, name: str, call: int) -> Node | Frame | None:
        """What is drawn for a call, of a folded layer the one that stands for it."""
        at = self.place.get(name)
        if at is None:
            return None
        while self.shown_by[at] != at:
            at = self.shown_by[at]
        if at in self.summaries:
            return self.summaries[at]
        return self.made.get((self.names[at], call)) or self.made.get((self.names[at], 0))

    def fold(self, repeat: Repeat) -> None:
        """Let the first copy stand for all of them, layer by layer."""
        first = repeat.copies[0][0]
        for number, (start, end) in enumerate(repeat.copies):
            for at in range(start, end):
                self.blocks.setdefault(at, (first, number))
                if number:
                    self.shown_by[at] = first + at - start

    def sum_up(self, start: int, stop: int, node: Node) -> None:
        """Let one node stand for these layers."""
        self.summaries[start] = node
        for at in range(start + 1, stop):
            self.shown_by[at] = start

    def part(self, start: int, stop: int) -> Sheet:
        """The sheet that shows these layers one by one."""
        return Sheet(self.sheet.owner, self.sheet.first + start, self.sheet.first + stop)
