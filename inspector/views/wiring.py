"""The tensors of a frame: from the node that makes each to the nodes that take it, through the boxes between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from ..analyses.facts import Facts
from ..graph import Spec, TensorRef, Unknown, flatten
from .drawing import STUB, TENSOR, TIE, Drawing, Edge, Node
from .frames import Frame


class Wiring:
    """The tensors of one frame, from the node that makes each to the nodes that take it."""

    def __init__(self, facts: Facts, drawing: Drawing, frame: Frame, fold: bool) -> None:
        self.facts = facts
        self.drawing = drawing
        self.frame = frame
        self.fold = fold
        self.stubs: dict[TensorRef, Node] = {}
        self.drawn: set[tuple[str, int, str, str]] = set()

    def connect(self) -> None:
        frame = self.frame
        if frame.graph.kind == "sequential" and not frame.graph.built:
            self.connect_chain()
            return
        for place in frame.places:
            fact = self.facts.layers[place]
            made = []
            for index, call in enumerate(fact.layer.calls):
                for number, (ref, key) in enumerate(named_refs(call.args, call.kwargs)):
                    self.connect_tensor(fact.layer.name, index, number, ref, key)
                made.append(frame.made.get((fact.layer.name, index)))
            for index, (before, after) in enumerate(pairwise(made)):
                self.tie(fact.layer.name, index, before, after)

    def tie(self, name: str, call: int, before: Node | Frame | None, after: Node | Frame | None) -> None:
        """Tie a call of a layer to its next one; of an open nested model, one box to the other."""
        if before is after:
            return
        if isinstance(before, Node) and isinstance(after, Node):
            self.drawing.make_edge(TIE, before, after)
        elif isinstance(before, Frame) and isinstance(after, Frame):
            ends = self.taker(name, call, 0), self.taker(name, call + 1, 0)
            if ends[0] is not None and ends[1] is not None:
                self.drawing.make_edge(TIE, ends[0], ends[1]).boxes = before.box, after.box

    def connect_chain(self) -> None:
        """A Sequential that waits for its input shape: its layers follow one another."""
        names = self.frame.names
        for before, after in pairwise(names):
            tail, head = self.maker(TensorRef(before, 0, 0)), self.taker(after, 0, 0)
            if tail is not None and head is not None and tail[0] is not head:
                self.drawing.make_edge(TENSOR, tail[0], head)

    def connect_tensor(self, name: str, call: int, number: int, ref: TensorRef, key: str) -> None:
        frame = self.frame
        head = self.taker(name, call, number)
        found = self.maker(ref)
        if head is None:
            return
        if found is None:
            if ref.layer in frame.place:
                return
            found = self.stub(ref), 0
        tail = found[0]
        at, source = frame.place[name], frame.place.get(ref.layer, -1)
        if tail is head or (source >= 0 and self.goes_back(source, at)):
            return
        if self.fold:
            mark = (tail.id, found[1], head.id, key)
            if mark in self.drawn:
                return
            self.drawn.add(mark)
        edge = self.drawing.make_edge(TENSOR, tail, head, found[1])
        edge.key = key
        self.put_tensor(edge, ref)

    def goes_back(self, source: int, at: int) -> bool:
        """Whether a tensor goes from one copy of a folded block to a later one, which is drawn in the same place."""
        here, there = self.frame.blocks.get(source), self.frame.blocks.get(at)
        return here is not None and there is not None and here[0] == there[0] and here[1] != there[1]

    def put_tensor(self, edge: Edge, ref: TensorRef) -> None:
        at = self.frame.place.get(ref.layer)
        if at is None:
            return
        outputs = self.facts.layers[self.frame.places[at]].outputs
        value = outputs[ref.call] if ref.call < len(outputs) else Unknown("never called")
        flat = [] if isinstance(value, Unknown) else flatten(value)
        if ref.output < len(flat) and isinstance(flat[ref.output], Spec):
            edge.shape, edge.dtype = list(flat[ref.output].shape), flat[ref.output].dtype

    def maker(self, ref: TensorRef) -> tuple[Node, int] | None:
        """The node that makes a tensor, inside whatever models it comes out of, and which of its outputs that is."""
        frame: Frame = self.frame
        while True:
            found = frame.target(ref.layer, ref.call)
            if not isinstance(found, Frame):
                return None if found is None else (found, ref.output)
            frame = found
            refs = ends_of(frame, frame.graph.output_refs(), -1)
            if not refs:
                return None
            ref = refs[min(ref.output, len(refs) - 1)]

    def taker(self, name: str, call: int, number: int) -> Node | None:
        """The node that takes the ``number``-th tensor of a call: of an open nested model, its own input."""
        frame = self.frame
        while True:
            found = frame.target(name, call)
            if not isinstance(found, Frame):
                return found
            frame = found
            refs = ends_of(frame, frame.graph.input_refs(), 0)
            if not refs:
                return None
            ref = refs[min(number, len(refs) - 1)]
            name, call, number = ref.layer, ref.call, 0

    def stub(self, ref: TensorRef) -> Node:
        """What comes from outside the sheet."""
        if ref not in self.stubs:
            node = self.drawing.make_node(STUB, self.frame.prefix + ref.layer, ref.layer, None)
            node.text = "from"
            self.stubs[ref] = node
        return self.stubs[ref]


def ends_of(frame: Frame, refs: list[TensorRef], chained: int) -> list[TensorRef]:
    """A model's inputs or outputs; of one that is not built, the first or last of its layers."""
    if refs or not frame.place:
        return refs
    return [TensorRef(frame.names[chained], 0, 0)]


def named_refs(args: Any, kwargs: Mapping[str, Any]) -> Iterator[tuple[TensorRef, str]]:
    """The tensors that enter a call, in Keras's order, each with the keyword or dict key it goes in by."""
    stack: list[tuple[Any, str]] = [(kwargs[name], str(name)) for name in sorted(kwargs, key=str, reverse=True)]
    stack.append((args, ""))
    while stack:
        node, key = stack.pop()
        if isinstance(node, TensorRef):
            yield node, key
        elif isinstance(node, dict):
            stack.extend((node[name], str(name)) for name in sorted(node, key=str, reverse=True))
        elif isinstance(node, (list, tuple)) and not hasattr(node, "_fields"):
            stack.extend((item, key) for item in reversed(node))
