"""The nodes of a drawing in an order in which each stands below what it takes, and each box in one piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Union

from ..views.drawing import TIE, Box, Drawing, Node

Item = Union[Node, Box]  # noqa: UP007  # read at run time


class Order:
    """Nodes and boxes by what they stand in, each level sorted so that chains stay together."""

    def __init__(self, drawing: Drawing) -> None:
        self.boxes = {box.id: box for box in drawing.boxes}
        self.inside: dict[str | None, list[Item]] = {}
        first: dict[str | None, int] = {}
        for place, node in enumerate(drawing.nodes):
            self.inside.setdefault(node.box, []).append(node)
            for name in self.ancestors(node):
                first.setdefault(name, place)
        for box in drawing.boxes:
            self.inside.setdefault(box.parent, []).append(box)
        places = {node.id: place for place, node in enumerate(drawing.nodes)} | {
            box: at for box, at in first.items() if box is not None
        }
        for items in self.inside.values():
            items.sort(key=lambda item: places.get(item.id, 0))
        self.followers: dict[str, dict[str, None]] = {}
        for edge in drawing.edges:
            if edge.kind != TIE:
                tail, head = self.lift(edge.tail, edge.head)
                if tail != head:
                    self.followers.setdefault(tail, {})[head] = None

    def ancestors(self, node: Node) -> list[str]:
        """The boxes around a node, outermost first."""
        found, box = [], node.box
        while box is not None:
            found.append(box)
            box = self.boxes[box].parent
        return found[::-1]

    def lift(self, tail: Node, head: Node) -> tuple[str, str]:
        """The two things of one level between which a tensor goes."""
        ways = [*self.ancestors(tail), tail.id], [*self.ancestors(head), head.id]
        level = 0
        while level < min(map(len, ways)) - 1 and ways[0][level] == ways[1][level]:
            level += 1
        return ways[0][level], ways[1][level]

    def level(self, box: str | None) -> list[Item]:
        """The things in a box, sorted; where they go in a circle, in the file's order."""
        items = {item.id: item for item in self.inside.get(box, [])}
        waits = dict.fromkeys(items, 0)
        for name in items:
            for follower in self.followers.get(name, ()):
                if follower in waits:
                    waits[follower] += 1
        ready = [name for name in reversed(items) if not waits[name]]
        left = iter(items)
        done: dict[str, Item] = {}
        while len(done) < len(items):
            name = ready.pop() if ready else next(name for name in left if name not in done)
            if name in done:
                continue
            done[name] = items[name]
            for follower in reversed(list(self.followers.get(name, ()))):
                if follower in waits:
                    waits[follower] -= 1
                    if not waits[follower]:
                        ready.append(follower)
        return list(done.values())

    def walk(self) -> Iterator[tuple[Item, int, bool]]:
        """Every node and box with the number of boxes around it; a box comes once more, as an end."""
        stack: list[Iterator[Item]] = [iter(self.level(None))]
        around: list[Box] = []
        while stack:
            item = next(stack[-1], None)
            if item is None:
                stack.pop()
                if around:
                    yield around.pop(), len(around), True
                continue
            yield item, len(around), False
            if isinstance(item, Box):
                around.append(item)
                stack.append(iter(self.level(item.id)))


def find_ranks(drawing: Drawing) -> dict[str, int]:
    """Of each node, the length of the longest way to it; tensors that go in a circle count for nothing."""
    tails: dict[str, list[str]] = {}
    for edge in drawing.edges:
        if edge.kind != TIE:
            tails.setdefault(edge.head.id, []).append(edge.tail.id)
    ranks: dict[str, int] = {}
    for item, _, _ in Order(drawing).walk():
        if isinstance(item, Node):
            ranks[item.id] = max((ranks.get(tail, -1) for tail in tails.get(item.id, ())), default=-1) + 1
    return ranks


def find_late_ranks(drawing: Drawing, ranks: Mapping[str, int]) -> dict[str, int]:
    """Of each node, the last row in which all that follows has room below it: where `dot` puts most."""
    heads: dict[str, list[str]] = {}
    for edge in drawing.edges:
        if edge.kind != TIE and ranks[edge.tail.id] < ranks[edge.head.id]:
            heads.setdefault(edge.tail.id, []).append(edge.head.id)
    last = max(ranks.values(), default=0)
    late: dict[str, int] = {}
    for name in sorted(ranks, key=lambda name: ranks[name], reverse=True):
        late[name] = min((late[head] for head in heads.get(name, ())), default=last + 1) - 1
    return late
