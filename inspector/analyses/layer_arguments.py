"""Which arguments the layers of each Keras take, and which of a file's a Keras does not: from a table of its source.

The table is written by `fixtures/build_arguments.py`. A class stands in it with the versions that have it, by their
places in the list of versions, and each argument with its own where they differ; ``*`` is all that `Layer`
takes, ``**`` anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ..graph import Model, walk

LAYER, ANY, ANYTHING = "Layer", "*", "**"
HELD = ("keras.initializers", "keras.regularizers", "keras.constraints")
LAYERS = re.compile(r"(keras|tf_keras)\.(src\.|engine\.)*layers(\.|$)|keras\.src\.engine|keras\.engine")
LISTED = "layers"
HOLDS_LAYERS = (LISTED, "layer", "cell", "cells", "forward_layer", "backward_layer")
READ_BY_MODELS = frozenset({"batch_input_shape"})  # Sequential takes it for its own, see KS712
Spans = tuple[tuple[int, int], ...]


class Stated(NamedTuple):
    """A layer as a config states it: its path in the model, its class and arguments, where it stands."""

    path: str
    class_name: str
    config: Mapping[str, Any]
    pointer: str | None = None


class Refused(NamedTuple):
    """An argument that a version does not take, and the later one that first takes it or the one that last took it."""

    name: str
    first: str | None
    last: str | None


class Class(NamedTuple):
    spans: Spans
    arguments: Mapping[str, Spans | None]  # `None`: wherever the class is

    def takes(self, argument: str, version: int) -> bool:
        if argument not in self.arguments:
            return False
        spans = self.arguments[argument]
        return holds(self.spans if spans is None else spans, version)


class Table(NamedTuple):
    """The classes by name; versions are places in ``versions``."""

    versions: tuple[str, ...]
    classes: Mapping[str, str]

    def find(self, target: tuple[int, ...] | None) -> int | None:
        """The place of a target version, the latest for `None`; `None` where the table ends before it."""
        numbers = [tuple(int(part) for part in version.split(".")) for version in self.versions]
        if target is None:
            return len(numbers) - 1
        if target[:2] > numbers[-1]:
            return None
        if target < (3,):
            return 0
        return max((place for place, number in enumerate(numbers) if number <= (*target, 0)[:2]), default=0)


@cache
def read_table() -> Table:
    """The table, read at the first use."""
    data = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
    return Table(tuple(data["versions"]), data["layers"])


@cache
def read_class(name: str) -> Class | None:
    """What the table says of a class; `None` where no version of Keras has it."""
    text = read_table().classes.get(name)
    if text is None:
        return None
    spans, *words = text.split(" ")
    arguments = {}
    for word in words:
        argument, _, places = word.partition("@")
        arguments[argument] = read_spans(places) if places else None
    return Class(read_spans(spans.removeprefix("@")), arguments)


def read_spans(text: str) -> Spans:
    pairs = (part.partition("-") for part in text.split(","))
    return tuple((int(first), int(last or first)) for first, _, last in pairs)


def holds(spans: Spans, version: int) -> bool:
    return any(first <= version <= last for first, last in spans)


def find_refused(stated: Stated, version: int) -> tuple[Refused, ...] | None:
    """The arguments of a layer that a version does not take; `None` where it does not have the class at all."""
    kind, base = read_class(stated.class_name), read_class(LAYER)
    if kind is None or base is None:
        return ()
    if not holds(kind.spans, version):
        return None
    found: list[Refused] = []
    for argument in () if kind.takes(ANYTHING, version) else stated.config:
        name = str(argument)
        general = kind.takes(ANY, version) and base.takes(name, version)
        if not (general or kind.takes(name, version) or name in READ_BY_MODELS):
            found.append(Refused(name, *lifetime(kind, name, version)))
    return tuple(found)


def lifetime(kind: Class, argument: str, version: int) -> tuple[str | None, str | None]:
    """The version that brings an argument, or else the one that last had it."""
    if argument not in kind.arguments:
        return None, None
    return span_beside(kind.arguments[argument] or kind.spans, version)


def span_beside(spans: Spans, version: int) -> tuple[str | None, str | None]:
    """The first version of a span behind ``version``; where there is none, the last one of the span before."""
    versions = read_table().versions
    behind = next((first for first, _ in spans if first > version), None)
    return (versions[behind], None) if behind is not None else (None, versions[spans[-1][1]])


def stated_layers(document: Mapping[str, Any]) -> Iterator[Stated]:
    """Every layer of Keras's own that a config states, and every initializer and the like, wherever they stand.

    What a layer holds has the layer's path. Nothing of the user's own is told, but what stands in it is.
    """
    stack = [Item(document, "", "", "")]
    while stack:
        item = stack.pop()
        value, config = item.value, item.value.get("config") if isinstance(item.value, Mapping) else None
        if isinstance(value, Mapping) and isinstance(value.get("class_name"), str) and config is not None:
            name = class_of(value, item.key) if isinstance(config, Mapping) else None
            listed = config if isinstance(config, list) else config.get("layers") if name_models(config) else None
            if isinstance(listed, list):
                below = "/config" if isinstance(config, list) else "/config/layers"
                stack.extend(reversed(list(enter(listed, item, below))))
                continue
            path = item.path or (name_of(value) if item.pointer else "")
            if name is not None and isinstance(config, Mapping) and not is_operation(value, config):
                yield Stated(path, name, config, item.pointer)
            item = Item(config, path, f"{item.pointer}/config", "")
            value = config
        if isinstance(value, Mapping):
            pairs: Any = value.items()
        else:
            pairs = enumerate(value) if isinstance(value, list) else ()
        stack.extend(
            Item(held, item.path, f"{item.pointer}/{key}", item.key if isinstance(key, int) else str(key))
            for key, held in reversed(list(pairs))
            if isinstance(held, (Mapping, list))
        )


class Item(NamedTuple):
    """A value on its way through a config: the path of the layer it stands in, its place, and the key it stands at."""

    value: Any
    path: str
    pointer: str
    key: str


def name_models(config: Any) -> bool:
    return isinstance(config, Mapping) and isinstance(config.get("layers"), list)


def enter(listed: list[Any], item: Item, below: str) -> Iterator[Item]:
    """The layers of a model, with their paths."""
    for index, entry in enumerate(listed):
        name = name_of(entry)
        yield Item(entry, f"{item.path}/{name}" if item.path else name, f"{item.pointer}{below}/{index}", LISTED)


def class_of(entry: Mapping[str, Any], key: str) -> str | None:
    """The table's name of an entry's class; `None` where it is of somebody else's, or may be of anything."""
    module, registered, name = entry.get("module"), entry.get("registered_name"), entry["class_name"]
    if isinstance(registered, str) and registered not in ("", name):
        return None
    if "module" not in entry:
        return str(name) if key in HOLDS_LAYERS else None
    if not isinstance(module, str):
        return None
    if module in HELD:
        return f"{module.removeprefix('keras.')}.{name}"
    return str(name) if LAYERS.match(module) else None


def model_layers(model: Model) -> Iterator[Stated]:
    """The same of a model that no document states: a live one."""
    for path, _, layer in walk(model.graph):
        if layer.inner is None and layer.kind in ("layer", "input") and (layer.module or "").startswith("keras."):
            yield Stated(path, layer.class_name, layer.config)


def name_of(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return "?"
    config = entry.get("config")
    inner = config.get("name") if isinstance(config, Mapping) else None
    return str(entry.get("name") or inner or str(entry.get("class_name")).lower())


def is_operation(entry: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Whether it is an operation of ``keras.ops`` as Keras 3 writes it into ``.h5`` files: under a bare class name."""
    nodes = entry.get("inbound_nodes")
    modern = isinstance(nodes, list) and bool(nodes) and isinstance(nodes[0], Mapping) and "args" in nodes[0]
    return "module" not in entry and modern and "trainable" not in config


__all__ = [
    "Refused",
    "Stated",
    "find_refused",
    "model_layers",
    "read_class",
    "read_table",
    "span_beside",
    "stated_layers",
]
