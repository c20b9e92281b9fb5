"""The rows of a summary: one a layer, or one for a block of layers that repeats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..analyses.facts import LayerFacts

if TYPE_CHECKING:
    from ..analyses.repeats import Item, Repeat

MOST_SIMILAR = 4  # blocks of other sizes that get a row each; more of them share one


class Row:
    """A line of the table: a layer where ``copies`` is 0, else so many equal (``exact``) or similar blocks."""

    __slots__ = ("copies", "entries", "exact", "facts", "indent", "receptive", "size", "total")

    def __init__(
        self,
        entries: Sequence[dict[str, Any]],
        facts: Sequence[LayerFacts],
        indent: int,
        *,
        copies: int = 0,
        size: int = 1,
        exact: bool = True,
    ) -> None:
        self.entries = entries
        self.facts = facts
        self.indent = indent
        self.copies = copies
        self.size = size
        self.exact = exact
        self.total: int | None = None
        self.receptive = ""

    @property
    def fact(self) -> LayerFacts:
        return self.facts[0]


class Rows:
    """The layers of a record as rows, folded or not, down to a depth."""

    def __init__(self, facts: Sequence[LayerFacts], entries: Sequence[dict[str, Any]]) -> None:
        self.facts = facts
        self.entries = entries
        self.top: list[int] = []
        self.children: dict[int, list[int]] = {}
        owners: list[int] = []
        for index, fact in enumerate(facts):
            del owners[fact.depth :]
            (self.children.setdefault(owners[-1], []) if owners else self.top).append(index)
            owners.append(index)

    def make(self, depth: int | None, fold: bool) -> list[Row]:
        """Rows in the file's order; ``depth`` None is all. A block's layers stand once below its row."""
        rows: list[Row] = []
        stack: list[Iterator[tuple[Row, list[int]]]] = [self.level(self.top, 0, fold)]
        while stack:
            found = next(stack[-1], None)
            if found is None:
                stack.pop()
                continue
            row, below = found
            rows.append(row)
            if below and (depth is None or self.facts[below[0]].depth <= depth):
                stack.append(self.level(below, row.indent + 1, fold))
        return rows

    def level(self, places: list[int], indent: int, fold: bool) -> Iterator[tuple[Row, list[int]]]:
        """The rows of one graph's layers, each with the layers that stand below it."""
        items: list[Item] = self.fold(places) if fold else list(range(len(places)))
        todo: list[tuple[Item | Row, int]] = [(item, indent) for item in reversed(items)]
        while todo:
            item, at = todo.pop()
            if isinstance(item, int):
                yield self.row(places[item : item + 1], at), self.children.get(places[item], [])
            elif isinstance(item, Row):
                yield item, []
            elif item.exact:
                first, last = item.copies[0][0], item.copies[-1][1]
                size = item.copies[0][1] - first
                single = size == 1
                row = self.row(places[first:last], at, copies=len(item.copies), size=size)
                yield row, self.children.get(places[first], []) if single else []
                if not single:
                    todo += [(part, at + 1) for part in reversed(item.items)]
            else:
                todo += [(row, at) for row in reversed(list(self.similar(item, places, at)))]
                todo += [(part, at) for part in reversed(item.items)]

    def fold(self, places: list[int]) -> list[Item]:
        from ..analyses.repeats import find_repeats

        return find_repeats([self.facts[i] for i in places])

    def similar(self, repeat: Repeat, places: list[int], indent: int) -> Iterator[Row]:
        """Rows for the blocks that are like the first one but for their sizes."""
        others = repeat.copies[1:]
        if len(others) > MOST_SIMILAR:
            yield self.row(places[others[0][0] : others[-1][1]], indent, copies=len(others), size=0, exact=False)
            return
        for start, stop in others:
            yield self.row(places[start:stop], indent, copies=1, size=stop - start, exact=False)

    def row(self, places: Sequence[int], indent: int, *, copies: int = 0, size: int = 1, exact: bool = True) -> Row:
        entries, facts = [self.entries[i] for i in places], [self.facts[i] for i in places]
        return Row(entries, facts, indent, copies=copies, size=size, exact=exact)
