"""What a file of Keras 2 spells so that Keras 3 cannot put the model together again, whatever its layers are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..graph import Graph, Model, walk
from .parts import walk_held


class Obstacle(NamedTuple):
    """What stands in the way of loading a file, where, and what to do."""

    what: str
    hint: str
    layer: str | None = None


class FirstLayer(NamedTuple):
    """The first layer of a Sequential that states the shape of the model, with the batch axis; its path."""

    path: str
    name: str
    class_name: str
    shape: list[Any]


def find_obstacles(model: Model) -> Iterator[Obstacle]:
    """Why Keras 3 cannot load a file of Keras 2, as far as the config shows; arguments of layers are left out."""
    if is_archive_of_keras_2(model):
        yield Obstacle(f"a .keras file of tf_keras {model.keras_version}, whose config Keras 3 does not read",
                       "load it with tf_keras, save it as .h5, and load that with Keras 3")  # fmt: skip
    elif model.format == "h5" and not (model.keras_version or "").startswith("3."):
        yield from find_policies(model)
        yield from find_calls(model)


def is_archive_of_keras_2(model: Model) -> bool:
    """Whether it is what tf_keras writes as ``.keras``, which nothing but tf_keras reads."""
    return model.format in ("keras", "keras-dir") and (model.keras_version or "").startswith("2.")


def find_first_layers(model: Model) -> Iterator[FirstLayer]:
    """Where Keras 3 takes the batch for one dimension more: it wants an InputLayer, and Keras before 2.4 wrote none."""
    stack: list[tuple[str, Graph]] = [("", model.graph)]
    while stack:
        prefix, graph = stack.pop()
        listed = graph.config.get("layers")
        entry = listed[0] if graph.kind == "sequential" and isinstance(listed, list) and listed else None
        config = entry.get("config") if isinstance(entry, Mapping) else None
        if isinstance(entry, Mapping) and isinstance(config, Mapping) and entry.get("class_name") != "InputLayer":
            shape, name = config.get("batch_input_shape"), str(config.get("name", "?"))
            if isinstance(shape, list) and "batch_shape" not in config and config.get("layers") is None:
                yield FirstLayer(prefix + name, name, str(entry.get("class_name")), shape)
        nested = [(f"{prefix}{layer.name}/", layer.inner) for layer in graph.layers if layer.inner is not None]
        stack.extend((path, inner) for path, inner in reversed(nested))


def find_policies(model: Model) -> Iterator[Obstacle]:
    """Mixed precision: tf_keras writes its policy as an object of a class that Keras 3 does not have there."""
    found = []
    for path, _, layer in walk_held(model):
        dtype = layer.config.get("dtype")
        if isinstance(dtype, Mapping) and str(dtype.get("class_name")).startswith("Policy"):
            found.append((path, layer))
    if found:
        path, layer = found[0]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        yield Obstacle(
            f"{layer.class_name} {layer.name!r}{more} has a Policy of tf_keras as dtype, which Keras 3 does not read",
            'state the name alone in the config, "dtype": "mixed_float16", or load it with tf_keras',
            path,
        )


def find_calls(model: Model) -> Iterator[Obstacle]:
    """Nested models whose calls Keras 2 counts from one: what comes after them does not find its input."""
    graphs = [("", model.graph), *((f"{p}/", x.inner) for p, _, x in walk(model.graph) if x.inner is not None)]
    for prefix, graph in graphs:
        listed = graph.config.get("layers")
        entries = [item for item in listed if isinstance(item, Mapping)] if isinstance(listed, list) else []
        calls = {str(item.get("name")): count_calls(item) for item in entries}
        for item in entries:
            late = next(((name, index) for name, index in find_references(item.get("inbound_nodes"))
                         if index >= calls.get(name, index + 1)), None)  # fmt: skip
            if late is not None:
                name, index = late
                yield Obstacle(
                    f"{str(item.get('name'))!r} takes what call {index} of {name!r} returns, and it has {calls[name]}: "
                    "Keras 2 counts the calls of a nested model from one, and Keras 3 cannot put the graph together",
                    "load it with tf_keras, or count the node indices of nested models down by one in the config",
                    prefix + name,
                )  # fmt: skip
                break


def count_calls(entry: Mapping[str, Any]) -> int:
    nodes = entry.get("inbound_nodes")
    return max(1, len(nodes) if isinstance(nodes, list) else 0)


def find_references(nodes: Any) -> Iterator[tuple[str, int]]:
    """The layer and call of each tensor in the nested lists of Keras 2."""
    stack = [nodes]
    while stack:
        value = stack.pop()
        if not isinstance(value, list):
            continue
        if len(value) in (3, 4) and isinstance(value[0], str) and isinstance(value[1], int):
            yield value[0], value[1]
        else:
            stack.extend(reversed(value))


__all__ = ["FirstLayer", "Obstacle", "find_first_layers", "find_obstacles", "is_archive_of_keras_2"]
