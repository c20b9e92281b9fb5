"""The parts of a model that have an inside: nested models, classes not Keras's own, foreign code; and what is known."""

from __future__ import annotations

from collections.abc import Iterator
from linecache import getline
from typing import NamedTuple

from ..errors import UnreadableModel
from ..graph import Graph, Layer, Model, Part, Reason
from ..keras_config import decode_layer
from ..layers import find_knowledge
from .advice import advise, find_signs

FOREIGN = {
    "Lambda": "its function is Python code",
    "TFSMLayer": "it runs a SavedModel, which stands in another file",
    "TorchModuleWrapper": "it runs a PyTorch module",
    "JaxLayer": "it runs a JAX function",
    "FlaxLayer": "it runs a Flax module",
}
OWN_CLASSES = ("Functional", "Model", "Sequential", "Container", "Graph")


class Place(NamedTuple):
    """A part: where it stands, its verdict, its graph where that is known, and what would tell more."""

    path: str
    class_name: str | None
    kind: str | None
    layers: int | None
    part: Part
    graph: Graph | None = None
    hint: str | None = None


def find_parts(model: Model) -> list[Place]:
    """The model itself and every part inside, outer parts before inner ones."""
    graph = model.graph
    root = model.parts.get("") or judge_graph(model.format, graph)
    layers = list(walk_held(model))
    if root.verdict == "opaque" and model.format != "code":
        held = [path for path, depth, layer in layers if not depth and layer.kind in ("functional", "sequential")]
        root = root._replace(flags=(*root.flags, *find_signs(model, held)))
    root = root._replace(flags=(*root.flags, *overrides(model, graph)))
    places = [Place("", graph.class_name or None, graph.kind, count_layers(graph), root, graph, advise(model, root))]
    listed = {""}
    for path, _, layer in layers:
        part = model.parts.get(path) or judge_layer(model, layer)
        if part is not None and path not in listed:
            listed.add(path)
            places.append(describe_layer(model, path, layer, part))
    inside = [describe_found(model, path, part) for path, part in model.parts.items() if path not in listed]
    return in_tree_order([*places, *inside]) if inside else places


def describe_layer(model: Model, path: str, layer: Layer, part: Part) -> Place:
    inner = layer.inner
    known = inner is not None and inner.kind != "weights"
    part = part._replace(flags=(*part.flags, *overrides(model, inner))) if known and inner is not None else part
    return Place(
        path, layer.class_name or part.class_name, layer.kind if layer.class_name else None,
        count_layers(inner) if inner is not None else None, part, inner, advise(model, part, layer),
    )  # fmt: skip


def describe_found(model: Model, path: str, part: Part) -> Place:
    """A part inside a box that the graph does not open: its class and verdict are what recovery tells."""
    kind = "layer"
    if part.verdict == "declared":
        kind = "sequential" if part.class_name == "Sequential" else "functional"
    return Place(path, part.class_name, kind, None, part)


def in_tree_order(places: list[Place]) -> list[Place]:
    """Each part behind the nearest part around it, otherwise in the order they came."""
    paths = {place.path for place in places}
    inside: dict[str, list[Place]] = {path: [] for path in paths}
    for place in places[1:]:
        above = place.path
        while above not in paths or above == place.path:
            above = above.rpartition("/")[0]
        inside[above].append(place)
    ordered, stack = [], [places[0]]
    while stack:
        place = stack.pop()
        ordered.append(place)
        stack.extend(reversed(inside[place.path]))
    return ordered


def count_layers(graph: Graph) -> int | None:
    """The layers a model lists, input layers and bare variables left out; a subclassed one may have more."""
    if graph.kind not in ("functional", "sequential") and not graph.layers:
        return None
    return sum(layer.kind != "input" and layer.class_name != "Variable" for layer in graph.layers)


def walk_held(model: Model) -> Iterator[tuple[str, int, Layer]]:
    """Every layer with its path and the number of models around it; those that wrappers and configs hold, too."""
    stack = [(layer.name, 0, layer) for layer in reversed(root_layers(model))]
    while stack:
        path, depth, layer = stack.pop()
        yield path, depth, layer
        if layer.inner is not None:
            below = depth + (layer.inner.kind != "weights")
            stack.extend((f"{path}/{sub.name}", below, sub) for sub in reversed(layer.inner.layers))
        stack.extend((f"{path}/{sub.name}", depth, sub) for sub in reversed(list(held_layers(layer))))


def root_layers(model: Model) -> list[Layer]:
    """The model's layers; of a subclassed one, the layers and models its config holds stand for stored weights."""
    graph = model.graph
    if graph.kind != "subclassed" or model.format == "code":
        return list(graph.layers)
    data = {"class_name": graph.class_name, "module": graph.module, "config": dict(graph.config)}
    try:
        held = {layer.name: layer for layer in held_layers(decode_layer(data))}
    except UnreadableModel:  # what a class of the user's keeps in its config is its own affair
        held = {}
    rows = [held.pop(layer.name, layer) for layer in graph.layers]
    return [*rows, *held.values()]


def held_layers(layer: Layer) -> Iterator[Layer]:
    """The layers that stand in a layer's config: what a wrapper wraps, a cell, a model given to a custom layer."""
    for held in layer.wraps.values():
        for item in held if isinstance(held, (list, tuple)) else (held,):
            if isinstance(item, Layer):
                yield item


def judge_graph(form: str, graph: Graph) -> Part:
    """A file declares the graph of Functional and Sequential models; of others it holds none."""
    if graph.kind == "functional" or (graph.kind == "sequential" and graph.built):
        return Part("declared")
    if graph.kind == "sequential":
        why = "it was saved without an input shape: its layers follow one another, and their shapes are not known"
        return Part("declared", (Reason("needs-inputs", why),))
    if graph.kind == "weights":
        why = "a weights file holds tensors, and nothing of how they are used"
        return Part("opaque", (Reason("weights-only", why),))
    where = "code" if form == "code" else "code, and the file holds none of them"
    return Part("opaque", (Reason("no-graph-in-file", f"the calls of {graph.class_name} are in its {where}"),))


def judge_layer(model: Model, layer: Layer) -> Part | None:
    """The part a nested model, a foreign class or foreign code makes; `None` for a plain layer of Keras."""
    if layer.inner is not None and layer.inner.kind != "weights":
        return judge_graph(model.format, layer.inner)
    if layer.inner is not None:
        why = "the file holds the weights of its layers, and neither its class nor its calls"
        return Part("opaque", (Reason("weights-only", why),))
    if layer.class_name in FOREIGN and find_knowledge(layer) is not None:
        return Part("opaque", (Reason("foreign-code", FOREIGN[layer.class_name]),))
    if layer.kind not in ("layer", "subclassed") or layer.class_name in ("", "Variable") or find_knowledge(layer):
        return None
    return Part("opaque", (custom_reason(model, layer),))


def custom_reason(model: Model, layer: Layer) -> Reason:
    name, module = layer.class_name, layer.module
    if model.format == "code":
        file, line = layer.origin or (None, None)
        why = f"{name} holds no other layers: it stands as one box, and what it computes is in its call"
        return Reason("custom-class", why, file, line, getline(file, line or 0).strip() or None if file else None)
    if module and module.partition(".")[0] in ("keras", "tf_keras", "tensorflow"):
        return Reason("custom-class", f"{name} is a class of {module} that is not known here")
    where = f"in {module}" if module and module != "__main__" else "in code"
    return Reason("custom-class", f"{name} is defined {where}, and the file holds its config and weights alone")


def overrides(model: Model, graph: Graph) -> tuple[Reason, ...]:
    """A subclass of Functional or Sequential is saved with its graph, and may have a `call` of its own besides."""
    if model.format == "code" or graph.kind not in ("functional", "sequential") or graph.class_name in OWN_CLASSES:
        return ()
    why = f"{graph.class_name} is a class of its own: this is the graph it was made of, and its code may call otherwise"
    return (Reason("own-class", why),)
