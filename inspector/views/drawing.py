"""A model as a drawing, stated once for every picture: nodes are calls, edges are tensors, boxes are nested models.

`Drawing` says what is drawn and what each thing is called; where it lies on the page is the renderer's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from ..errors import UsageError

INPUT, LAYER, OUTPUT, STUB, FOLDED = "input", "layer", "output", "stub", "folded"
TENSOR, RESULT, TIE = "tensor", "result", "tie"


class Node:
    """One call of a layer. ``kind`` is also `OUTPUT` (an end of the model), `STUB` (a tensor from another sheet) or
    `FOLDED` (blocks that are as one drawn above)."""

    __slots__ = (
        "badge", "box", "call", "class_name", "copies", "emphasis", "family", "hatched", "id", "kind", "layer", "macs",
        "macs_share", "name", "opens", "params", "params_share", "path", "shape", "text", "unused",
    )  # fmt: skip

    def __init__(self, id: str, kind: str, path: str, name: str, box: str | None) -> None:
        self.id = id
        self.kind = kind
        self.path = path
        self.name = name
        self.box = box
        self.call: int | None = None
        self.copies = 1
        self.class_name = ""
        self.text = ""  # the class and what matters of its config
        self.family = "other"
        self.badge = ""
        self.hatched = ""  # why its inside is not known
        self.unused = False
        self.layer: int | None = None  # its place in the record's layers
        self.params: int | None = None
        self.macs: int | None = None
        self.params_share = self.macs_share = 0.0  # of the largest node
        self.shape: Any = None
        self.emphasis = ""  # "strong", "faint"
        self.opens: Any = None  # the sheet that shows its inside

    @property
    def label(self) -> str:
        """How lists and tooltips call it: ``encoder/conv2d``, of a shared layer with the number of its call."""
        return f"{self.path}@{self.call}" if self.call is not None and self.badge.startswith("call ") else self.path


class Edge:
    """A tensor on its way from one call to another; ``label`` is what stands beside it."""

    __slots__ = ("boxes", "dtype", "head", "id", "key", "kind", "label", "output", "shape", "tail")

    def __init__(self, id: str, kind: str, tail: Node, head: Node, output: int = 0) -> None:
        self.id = id
        self.kind = kind
        self.tail = tail
        self.head = head
        self.output = output
        self.shape: Any = None
        self.dtype: str | None = None
        self.label = ""
        self.key = ""  # the argument or the dict key it goes in by
        self.boxes: tuple[str | None, str | None] | None = None  # of a tie, the boxes that it joins


class Box:
    """A nested model, or a block that stands for ``copies`` equal ones."""

    __slots__ = ("about", "badge", "copies", "hatched", "id", "kind", "layer", "name", "opens", "parent", "path")

    def __init__(self, id: str, kind: str, path: str, name: str, parent: str | None) -> None:
        self.id = id
        self.kind = kind  # "model" or "block"
        self.path = path
        self.name = name
        self.parent = parent
        self.about = ""
        self.badge = ""
        self.copies = 1
        self.hatched = ""
        self.layer: int | None = None
        self.opens: Any = None


class Drawing:
    """All that is drawn on one page, in the order in which the file names it."""

    def __init__(self, title: str, about: str) -> None:
        self.title = title
        self.about = about
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.boxes: list[Box] = []
        self.notes: list[str] = []
        self.rankdir = "TB"
        self.placed = False  # laid out by us, since it is too large for dot
        self.extent: tuple[float, float] | None = None  # in points, where it is known before it is drawn
        self.sized = False  # nodes by their parameters
        self.show: frozenset[str] = frozenset()

    @property
    def families(self) -> list[str]:
        """Those that the legend must name, as `FAMILIES` orders them."""
        from .families import FAMILIES

        used = {node.family for node in self.nodes if node.kind not in (STUB, FOLDED)}
        return [family for family in FAMILIES if family in used]

    def make_node(self, kind: str, path: str, name: str, box: str | None) -> Node:
        node = Node(f"n{len(self.nodes)}", kind, path, name, box)
        self.nodes.append(node)
        return node

    def make_edge(self, kind: str, tail: Node, head: Node, output: int = 0) -> Edge:
        edge = Edge(f"e{len(self.edges)}", kind, tail, head, output)
        self.edges.append(edge)
        return edge

    def make_box(self, kind: str, path: str, name: str, parent: str | None) -> Box:
        box = Box(f"b{len(self.boxes)}", kind, path, name, parent)
        self.boxes.append(box)
        return box

    def measure(self) -> None:
        """Each node's share of the largest one's parameters and multiply-accumulates."""
        for field in ("params", "macs"):
            largest = max((getattr(node, field) or 0 for node in self.nodes), default=0)
            for node in self.nodes:
                setattr(node, f"{field}_share", (getattr(node, field) or 0) / largest if largest else 0.0)

    def highlight(self, pattern: str) -> int:
        """Set off what matches by path, name or class, and let the rest step back; how many nodes that are."""
        found = self.matches(pattern)
        for node in self.nodes:
            node.emphasis = "faint"
        for node in found:
            node.emphasis = "strong"
        return len(found)

    def matches(self, pattern: str) -> list[Node]:
        """The nodes that a pattern means, by path, name or class."""
        return [node for node in self.nodes if any(fnmatchcase(text, pattern) for text in texts_of(node))]

    def keep_part(self, first: str | None, last: str | None) -> None:
        """Only what lies on a way from ``first`` to ``last``; either may be left open."""
        kept = set(self.nodes)
        if first is not None:
            kept &= self.reach(self.find(first), lambda edge: (edge.tail, edge.head))
        if last is not None:
            kept &= self.reach(self.find(last), lambda edge: (edge.head, edge.tail))
        if not kept:
            raise UsageError(f"no way leads from {first!r} to {last!r}")
        self.nodes = [node for node in self.nodes if node in kept]
        self.edges = [edge for edge in self.edges if edge.tail in kept and edge.head in kept]
        self.drop_empty_boxes()

    def drop_empty_boxes(self) -> None:
        parents = {box.id: box.parent for box in self.boxes}
        used: set[str | None] = set()
        for node in self.nodes:
            box = node.box
            while box is not None and box not in used:
                used.add(box)
                box = parents[box]
        self.boxes = [box for box in self.boxes if box.id in used]

    def find(self, name: str) -> list[Node]:
        """The nodes of a layer or of a nested model, by path or by name where only one layer has it."""
        parents = {box.id: box.parent for box in self.boxes}
        boxes = {box.id for box in self.boxes if box.path == name}
        found = [node for node in self.nodes if name in (node.path, node.label) or node.box in boxes]
        if boxes:
            found += [node for node in self.nodes if any(box in boxes for box in chain(node.box, parents))]
        found = found or [node for node in self.nodes if node.name == name and node.kind != OUTPUT]
        if not found:
            raise no_such_layer(name, [*(node.path for node in self.nodes), *(box.path for box in self.boxes)])
        return found

    def reach(self, start: Iterable[Node], ends: Callable[[Edge], tuple[Node, Node]]) -> set[Node]:
        following: dict[Node, list[Node]] = {}
        for edge in self.edges:
            if edge.kind != TIE:
                before, after = ends(edge)
                following.setdefault(before, []).append(after)
        found, stack = set(start), list(start)
        while stack:
            for node in following.get(stack.pop(), ()):
                if node not in found:
                    found.add(node)
                    stack.append(node)
        return found


def texts_of(node: Node) -> tuple[str, ...]:
    return node.path, node.name, node.class_name, node.label


def chain(box: str | None, parents: Mapping[str, str | None]) -> Iterable[str]:
    while box is not None:
        yield box
        box = parents.get(box)


def no_such_layer(name: str, known: list[str]) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(name, known[:5000], 1, 0.5)
    hint = f"did you mean {near[0]!r}?" if near else "kinspect summary --depth all lists the layers by path"
    return UsageError(f"no layer {name!r} in this drawing", hint=hint)
