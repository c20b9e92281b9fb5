"""The graph of a model read from its config alone, whatever is wrong with it: every fault, where the reader stops.

The reader of models refuses a graph with a cycle or a reference to nothing at the first fault. Here each is found, by
the names and numbers that stand in the config, in the dialects of Keras 1 to 3.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..keras_config.nodes import find_histories
from ..keras_config.values import CONSTANT, is_history
from .config_objects import ConfigObjects, Node, shown

MAX_FAULTS = 20  # of one kind in one model

Key = tuple[str, int]


class Fault(NamedTuple):
    """What is wrong, and below which key of the model's config."""

    node: Node
    message: str
    place: tuple[str | int, ...]


def find_faults(objects: ConfigObjects) -> Iterator[Fault]:
    """Every fault of every graph in the documents."""
    for node in objects.named:
        layers, is_model = node.config.get("layers"), "output_layers" in node.config or node.class_name == "Sequential"
        if isinstance(layers, list) and layers and is_model:
            yield from RawGraph(node, layers).faults()


class RawGraph:
    """A model's layers by name, with how often each is called and from which calls each call takes tensors."""

    def __init__(self, model: Node, layers: list[Any]) -> None:
        self.model = model
        self.entries = [(index, entry) for index, entry in enumerate(layers) if isinstance(entry, dict)]
        self.names = [name_of(entry) for _, entry in self.entries]
        self.is_functional = "output_layers" in model.config
        self.calls: dict[str, int] = {}
        self.sources: dict[Key, list[Key]] = {}
        self.places: dict[Key, tuple[str | int, ...]] = {}
        if self.is_functional:
            for index, entry in self.entries:
                self.add(index, entry)
            self.count_from_zero()

    def add(self, index: int, entry: dict[str, Any]) -> None:
        name, nodes = name_of(entry), entry.get("inbound_nodes")
        nodes = nodes if isinstance(nodes, list) else []
        is_input = entry.get("class_name") == "InputLayer"
        first = self.calls.get(name, 0)  # of two layers of one name, the calls of the second follow
        self.calls[name] = first + (1 if is_input and not nodes else len(nodes))
        for number, call in enumerate(nodes):
            self.sources[name, first + number] = list(dict.fromkeys(references_in(call)))
            self.places[name, first + number] = ("layers", index, "inbound_nodes", number)

    def count_from_zero(self) -> None:
        """Keras 2 counts the calls of a nested model from one."""
        nested = {name_of(entry) for _, entry in self.entries if is_model(entry)}
        asked = [source for sources in self.sources.values() for source in sources if source[0] in nested]
        lowest: dict[str, int] = {}
        for name, call in asked:
            lowest[name] = min(call, lowest.get(name, call))
        if any(lowest.values()):
            for key, sources in self.sources.items():
                self.sources[key] = [(name, call - (lowest.get(name, 0) > 0)) for name, call in sources]

    def faults(self) -> Iterator[Fault]:
        label = shown(self.model.name)
        for name, count in Counter(self.names).most_common(MAX_FAULTS):
            if count > 1:
                places = [index for (index, _), other in zip(self.entries, self.names, strict=True) if other == name]
                text = f"{count} layers of {label} are named {shown(name)}: Keras needs each name once"
                yield Fault(self.model, text, ("config", "layers", places[1]))
        if self.is_functional:
            yield from self.dangling()
            cycle = self.cycle()
            if cycle:
                names = " → ".join(shown(name) for name, _ in [*cycle[:5], cycle[0]])
                text = f"layers of {label} wait for one another: {names}"
                yield Fault(self.model, text, ("config", *self.places[cycle[0]]))

    def dangling(self) -> Iterator[Fault]:
        """References to no layer, or to a call that is not there."""
        models = {name_of(entry) for _, entry in self.entries if is_model(entry)}
        asked = [(f"layer {shown(name)}", self.places[name, number], sources)
                 for (name, number), sources in self.sources.items()]  # fmt: skip
        for key in ("input_layers", "output_layers"):
            ends = list(dict.fromkeys((item[0], item[1]) for item in find_histories(self.model.config.get(key))))
            asked.append((f"the model {shown(self.model.name)} in its {key}", (key,), ends))
        found = 0
        for who, place, sources in asked:
            for source, call in sources:
                fault = self.missing(source, call, source in models)
                if fault is not None:
                    found += 1
                    yield Fault(self.model, f"{who} takes a tensor of {fault}", ("config", *place))
                if found >= MAX_FAULTS:
                    return

    def missing(self, source: str, call: int, is_nested: bool) -> str | None:
        if source not in self.calls:
            return f"{shown(source)}, and there is no such layer"
        count = self.calls[source] + is_nested  # a nested model has a call of its own making, counted or not
        return None if 0 <= call < count else f"call {call} of {shown(source)}, which has {self.calls[source]}"

    def cycle(self) -> list[Key]:
        """Calls that each take a tensor of the next, and the last of the first; none where the graph has an order."""
        followers: dict[Key, list[Key]] = {}
        waits = dict.fromkeys(self.sources, 0)
        for key, sources in self.sources.items():
            for source in sources:
                if source in waits:
                    waits[key] += 1
                    followers.setdefault(source, []).append(key)
        ready = deque(key for key, count in waits.items() if not count)
        while ready:
            for follower in followers.get(ready.popleft(), ()):
                waits[follower] -= 1
                if not waits[follower]:
                    ready.append(follower)
        stuck = {key for key, count in waits.items() if count}
        if not stuck:
            return []
        path: dict[Key, int] = {}
        at = next(iter(stuck))
        while at not in path:
            path[at] = len(path)
            at = next(source for source in self.sources[at] if source in stuck)
        return list(path)[path[at] :]


def name_of(entry: dict[str, Any]) -> str:
    config = entry.get("config")
    name = entry.get("name")
    name = config.get("name") if name is None and isinstance(config, dict) else name
    return name if isinstance(name, str) else str(entry.get("class_name"))[:80]


def is_model(entry: dict[str, Any]) -> bool:
    config = entry.get("config")
    return isinstance(config, dict) and isinstance(config.get("layers"), list)


def references_in(call: Any) -> Iterator[Key]:
    """The calls whose tensors a call takes: tensors of Keras 3, histories of Keras 1 and 2."""
    stack = [call]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            config = value.get("config")
            if value.get("class_name") == "__keras_tensor__" and isinstance(config, dict):
                history = config.get("keras_history")
                if isinstance(history, list) and is_history(history):
                    yield history[0], history[1]
            else:
                stack.extend(value.values())
        elif is_history(value):
            if value[0] != CONSTANT:
                yield value[0], value[1]
            stack.extend(value[3:])
        elif isinstance(value, list):
            stack.extend(value)


__all__ = ["Fault", "find_faults"]
