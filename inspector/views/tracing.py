"""From a model's graphs to its drawing: a node a call, an edge a tensor, nested models opened, blocks folded.

Each graph is a frame; frames wait on a stack, so that deep nesting meets no limit of Python's. All nodes are made
first; then each frame's tensors are followed to the calls that make and take them, through whatever boxes they cross.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from ..analyses.facts import Facts, LayerFacts
from ..analyses.parts import FOREIGN
from ..analyses.repeats import Item, Repeat, find_repeats
from ..analyses.summary import named_ends
from ..graph import Graph, Spec
from .cards import about_model, params_text
from .details import describe_class
from .drawing import FOLDED, INPUT, LAYER, OUTPUT, RESULT, Drawing, Node
from .families import family_of
from .frames import Frame, Sheet
from .quantities import counted
from .rows import MOST_SIMILAR, Rows
from .wiring import Wiring

MOST_NODES, MOST_LEVELS = 20_000, 24  # beyond, nested models stay closed


class Tracer:
    """Draws one sheet of a model. ``depth`` None opens every nested model."""

    def __init__(self, facts: Facts, record: dict[str, Any], *, depth: int | None = None, fold: bool = False) -> None:
        self.facts = facts
        self.record = record
        self.depth = depth
        self.fold = fold
        self.rows = Rows(facts.layers, record["layers"])
        self.hatched = find_hatched(facts, record)
        self.drawing = Drawing(record["model"]["name"] or "?", about_model(record))
        self.frames: list[Frame] = []

    def trace(self, sheet: Sheet = Sheet()) -> Drawing:  # noqa: B008  # it is immutable
        """The drawing of a sheet."""
        root = self.open_sheet(sheet)
        self.frames.append(root)
        for frame in self.frames:  # it grows while nested models open
            self.make_nodes(frame)
        for frame in self.frames:
            self.wiring(frame).connect()
        if sheet == Sheet():
            self.add_ends(root)
            self.note_unknown()
        self.drawing.measure()
        return self.drawing

    def note_unknown(self) -> None:
        """Say it where layers are known and their connections are not."""
        kind = self.record["model"]["kind"]
        if self.drawing.edges or not self.drawing.nodes or kind not in ("subclassed", "weights"):
            return
        why = "the file holds weights alone" if kind == "weights" else "its call is Python code, not in the file"
        self.drawing.notes.append(f"how its layers are connected is not known: {self.hatched.get('') or why}")

    def open_sheet(self, sheet: Sheet) -> Frame:
        if sheet.owner is None:
            return self.make_frame(self.facts.model.graph, sheet, self.rows.top, "", None, 0)
        fact = self.facts.layers[sheet.owner]
        assert fact.layer.inner is not None
        places = self.rows.children.get(sheet.owner, [])
        return self.make_frame(fact.layer.inner, sheet, places, f"{fact.path}/", None, 0)

    def make_frame(
        self, graph: Graph, sheet: Sheet, places: Sequence[int], prefix: str, box: str | None, level: int
    ) -> Frame:
        places = places[sheet.first : sheet.last]
        names = [self.facts.layers[place].layer.name for place in places]
        return Frame(graph, sheet, places, names, prefix, box, level)

    def wiring(self, frame: Frame) -> Wiring:
        return Wiring(self.facts, self.drawing, frame, self.fold)

    # Nodes.

    def make_nodes(self, frame: Frame) -> None:
        facts = [self.facts.layers[place] for place in frame.places]
        items: list[Item] = find_repeats(facts) if self.fold and len(facts) > 2 else list(range(len(facts)))
        todo: list[tuple[Item, str | None]] = [(item, frame.box) for item in reversed(items)]
        while todo:
            item, box = todo.pop()
            if isinstance(item, int):
                self.make_layer(frame, item, box)
                continue
            if not item.exact:
                todo += [(part, box) for part in reversed(item.items)]
                self.fold_similar(frame, item, box)
            elif not self.is_one_way(frame, item):
                todo += [(at, box) for at in reversed(range(item.copies[0][0], item.copies[-1][1]))]
            elif (inside := self.fold_equal(frame, item, box)) is not None:
                todo += [(part, inside) for part in reversed(item.items)]

    def is_one_way(self, frame: Frame, repeat: Repeat) -> bool:
        """Whether one block can stand for its copies: each takes from the one before, or all from the same layers.

        Equal layers of different branches follow one another in the file too; as one they would join the branches.
        """
        if any(self.facts.layers[frame.places[at]].layer.kind == "input" for at in range(*repeat.copies[0])):
            return False  # each has its name, and something else to take it
        taken = [self.sources(frame, start, stop) for start, stop in repeat.copies]
        return all(
            not after.isdisjoint(range(start, stop)) or before == after
            for (start, stop), (before, after) in zip(repeat.copies, pairwise(taken), strict=False)
        )

    def sources(self, frame: Frame, start: int, stop: int) -> set[int]:
        """The places outside a block that its tensors come from; a layer without known calls follows the one before."""
        found: set[int] = set()
        for at in range(start, stop):
            calls = self.facts.layers[frame.places[at]].layer.calls
            near = [frame.place.get(ref.layer, -1) for call in calls for ref in call.refs()] if calls else [at - 1]
            found.update(place for place in near if not start <= place < stop)
        return found

    def fold_equal(self, frame: Frame, repeat: Repeat, box: str | None) -> str | None:
        """A box for a block and its copies; a single layer that repeats is one node, and needs none."""
        first, stop = repeat.copies[0]
        frame.fold(repeat)
        names = frame.names
        if stop - first == 1 and self.facts.layers[frame.places[first]].layer.inner is None:
            self.make_layer(frame, first, box, len(repeat.copies))
            return None
        name = f"{names[first]} … {names[stop - 1]}" if stop - first > 1 else names[first]
        made = self.drawing.make_box("block", frame.prefix + names[first], name, box)
        made.copies = len(repeat.copies)
        made.about = f"{counted(stop - first, 'layer')} each"
        made.opens = frame.part(first, repeat.copies[-1][1])
        return made.id

    def fold_similar(self, frame: Frame, repeat: Repeat, box: str | None) -> None:
        """A node for each further stage that is like the first but for its sizes; many of them share one."""
        others = list(repeat.copies[1:])
        if len(others) > MOST_SIMILAR:
            others = [(others[0][0], others[-1][1])]
        for start, stop in others:
            names, places = frame.names, frame.places[start:stop]
            node = self.drawing.make_node(
                FOLDED, frame.prefix + names[start], f"{names[start]} … {names[stop - 1]}", box
            )
            node.copies = len(repeat.copies) - 1 if len(repeat.copies) - 1 > MOST_SIMILAR else 1
            node.text = f"{counted(stop - start, 'layer')}, as above in other sizes"
            node.family = "model"
            entries = [self.record["layers"][place] for place in places]
            node.params, node.macs = sum_known(entries, "params"), sum_known(entries, "macs")
            node.shape = entries[-1]["output_shape"]
            node.opens = frame.part(start, stop)
            frame.sum_up(start, stop, node)

    def make_layer(self, frame: Frame, at: int, box: str | None, copies: int = 1) -> None:
        place = frame.places[at]
        fact = self.facts.layers[place]
        inner = fact.layer.inner
        for call in range(len(fact.layer.calls)) or (0,):
            if inner is not None and self.may_open(frame, inner, place):
                self.open_box(frame, fact, place, call, box)
            else:
                node = self.drawing.make_node(LAYER, fact.path, fact.layer.name, box)
                node.copies = copies
                self.describe(node, fact, place, call)
                frame.made[fact.layer.name, call] = node

    def may_open(self, frame: Frame, inner: Graph, place: int) -> bool:
        deep = frame.level >= (MOST_LEVELS if self.depth is None else min(self.depth, MOST_LEVELS))
        return not deep and bool(self.rows.children.get(place)) and len(self.drawing.nodes) < MOST_NODES

    def open_box(self, frame: Frame, fact: LayerFacts, place: int, call: int, box: str | None) -> None:
        assert fact.layer.inner is not None
        made = self.drawing.make_box("model", fact.path, fact.layer.name, box)
        made.layer = place
        made.about = " · ".join(filter(None, (fact.layer.class_name, params_text(fact.params))))
        if len(fact.layer.calls) > 1:
            made.badge = f"call {call + 1} of {len(fact.layer.calls)}"
        made.hatched = self.hatched.get(fact.path, "")
        made.opens = Sheet(place)
        places = self.rows.children[place]
        inside = self.make_frame(fact.layer.inner, Sheet(place), places, f"{fact.path}/", made.id, frame.level + 1)
        frame.made[fact.layer.name, call] = inside
        self.frames.append(inside)

    def describe(self, node: Node, fact: LayerFacts, place: int, call: int) -> None:
        layer, entry = fact.layer, self.record["layers"][place]
        node.kind = INPUT if layer.kind == "input" else LAYER
        node.layer, node.call = place, call
        node.family = family_of(layer)
        node.class_name = entry["class_name"] or ""
        output = fact.outputs[call] if call < len(fact.outputs) else None
        node.text = describe_class(layer, output.rank if isinstance(output, Spec) else None)
        node.params, node.macs = fact.params, fact.macs
        node.hatched = self.hatched.get(fact.path, "")
        if self.rows.children.get(place):
            node.opens = Sheet(place)
        if call < len(entry["calls"]):
            node.shape = entry["calls"][call]["output_shape"]
        if len(layer.calls) > 1:
            node.badge = f"call {call + 1} of {len(layer.calls)}"
            node.macs = fact.macs // len(layer.calls) if fact.macs else fact.macs
            node.params = 0 if call and fact.params is not None else fact.params  # counted once
        elif not layer.calls and fact.graph.built and fact.graph.kind in ("functional", "sequential"):
            node.unused, node.badge = True, "never called"
        elif fact.params and not layer.trainable:
            node.badge = "frozen"

    # Ends.

    def add_ends(self, root: Frame) -> None:
        """The model's outputs as nodes of their own, and the dict keys of inputs and outputs."""
        wiring = self.wiring(root)
        for ref, key in named_ends(root.graph.inputs):
            taken = wiring.maker(ref)
            if taken is not None and key not in (None, ref.layer):
                taken[0].badge = f"key {key}"
        for place, (ref, key) in enumerate(named_ends(root.graph.outputs)):
            found = wiring.maker(ref)
            if found is None:
                continue
            end = self.drawing.make_node(OUTPUT, f"output {place}", key or ref.layer, None)
            end.text, end.family = "output", "input"
            edge = self.drawing.make_edge(RESULT, found[0], end, ref.output)
            wiring.put_tensor(edge, ref)
            end.shape = edge.shape


def sum_known(entries: Sequence[Mapping[str, Any]], field: str) -> int | None:
    values = [entry[field] for entry in entries]
    return None if None in values else sum(values)


def find_hatched(facts: Facts, record: dict[str, Any]) -> dict[str, str]:
    """Layers whose inside is not known, by path, with the reason."""
    found = {note["layer"]: note["message"] for note in record["notes"] if note["code"] == "opaque" and note["layer"]}
    for fact in facts.layers:
        if fact.layer.class_name in FOREIGN:
            found[fact.path] = FOREIGN[fact.layer.class_name]
    for path, part in facts.model.parts.items():
        if part.verdict in ("dynamic", "opaque"):
            found[path] = "; ".join(reason.message for reason in part.reasons) or part.verdict
    return found
