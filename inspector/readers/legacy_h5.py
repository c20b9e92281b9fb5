"""Whole models in HDF5, as Keras 1 to 3 write them: the config in attributes, the weights by top-level layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import UnreadableModel
from ..graph import Graph, Layer, Model, Note, Weight, WeightIndex, replace, walk
from ..keras_config import decode_model
from ..keras_config.keras1 import is_keras1, translate_keras1
from .archive import Range
from .hdf5 import Dataset, Group, Hdf5Error, Window, open_hdf5
from .json_config import load_json
from .probe import Probe
from .stores import explain, make_weight, natural_key, read_text

FORMAT = "h5"
CONFIG, TRAINING, WEIGHTS, OPTIMIZER = "model_config", "training_config", "model_weights", "optimizer_weights"
LAYER_NAMES, WEIGHT_NAMES, TOP_LEVEL = "layer_names", "weight_names", "top_level_model_weights"
MAX_CHUNKS = 100_000


def recognises(probe: Probe) -> bool:
    """An HDF5 file with a model's config in its root."""
    if not probe.is_hdf5:
        return False
    with Window(probe.path) as window:
        attributes = open_hdf5(window).root.attributes
        return CONFIG in attributes or f"{CONFIG}0" in attributes


def read(probe: Probe) -> Model:
    """The model of a file; its weights are looked up when they are asked for. Raises `UnreadableModel`."""
    with Window(probe.path) as window:
        file = open_hdf5(window)
        attributes = file.root.attributes
        config = load_json(read_joined(attributes, CONFIG), f"the attribute {CONFIG!r}")
        training, notes = read_training(attributes)
        version = read_text(read_attribute(attributes, "keras_version"))
        if version is None and WEIGHTS in file.root.children:
            group = file.root.children[WEIGHTS]
            version = read_text(group.attributes.get("keras_version")) if isinstance(group, Group) else None
        if file.user_block:
            notes.append(Note("archive-prefix", f"{file.user_block:,} bytes stand before the HDF5 data"))
        holds_weights = WEIGHTS in file.root.children
    data: Any = config.value
    if is_keras1(data, version):
        data = translate_keras1(data)
    graph = decode_model(data)
    source = Range(str(probe.path), 0, probe.size)
    if graph.kind == "subclassed" and holds_weights:
        return read_subclassed(probe, graph, version, training, (*config.notes, *notes))
    return Model(
        graph, FORMAT, str(probe.path), version, training, (*config.notes, *notes), size=probe.size,
        read_weights=(lambda: read_index(source, graph)) if holds_weights else None,
    )  # fmt: skip


def read_subclassed(
    probe: Probe, graph: Graph, version: str | None, training: Mapping[str, Any] | None, notes: tuple[Note, ...]
) -> Model:
    """A model whose config lists no layers: the file names them beside their weights, and not what they are."""
    by_group, optimizer = read_stored(Range(str(probe.path), 0, probe.size))
    index = make_group_index(by_group, optimizer)
    layers = tuple(Layer(name, "", "layer", {}) for name in index.by_layer)
    graph = replace(graph, layers=layers, built=bool(index.tensors))
    if not graph.built:
        index = index._replace(by_layer={})
    return Model(
        graph, FORMAT, str(probe.path), version, training, notes, size=probe.size, read_weights=lambda: index
    )  # fmt: skip


def make_group_index(by_group: dict[str, tuple[Weight, ...]], optimizer: tuple[Weight, ...] = ()) -> WeightIndex:
    """The index of a file whose layers are known from its groups alone; the model's own tensors are a layer too."""
    tensors = tuple(weight for found in by_group.values() for weight in found)
    by_layer = {name: found for name, found in by_group.items() if found or name != TOP_LEVEL}
    return WeightIndex(tensors, by_layer, optimizer)


def read_training(attributes: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, list[Note]]:
    """How the model was compiled. A broken one does not keep the model from being read."""
    if read_attribute(attributes, TRAINING) is None:
        return None, []
    try:
        document = load_json(read_joined(attributes, TRAINING), f"the attribute {TRAINING!r}")
    except UnreadableModel as error:
        return None, [Note("training-not-read", error.message)]
    return document.value, list(document.notes)


def read_attribute(attributes: Mapping[str, Any], name: str) -> Any:
    """An attribute, or the pieces ``name0``, ``name1`` … that Keras cuts one into that is too large for HDF5."""
    if name in attributes:
        return attributes[name]
    pieces: list[Any] = []
    while f"{name}{len(pieces)}" in attributes and len(pieces) < MAX_CHUNKS:
        pieces.append(attributes[f"{name}{len(pieces)}"])
    if not pieces:
        return None
    if all(isinstance(piece, list) for piece in pieces):
        return [item for piece in pieces for item in piece]
    joined = b"" if isinstance(pieces[0], bytes) else ""
    return joined.join(pieces) if all(isinstance(piece, type(joined)) for piece in pieces) else None


def read_joined(attributes: Mapping[str, Any], name: str) -> bytes | str:
    value = read_attribute(attributes, name)
    if not isinstance(value, (bytes, str)):
        raise UnreadableModel(f"the attribute {name!r} is not text")
    return value


def read_names(group: Group, name: str) -> list[str] | None:
    """A list of names in an attribute; ``None`` where there is none."""
    value = read_attribute(group.attributes, name)
    if value is None:
        return None
    if not isinstance(value, list):
        raise UnreadableModel(f"the attribute {name!r} of {group.path or 'the root'} is not a list of names")
    return [text for item in value if (text := read_text(item)) is not None]


def read_index(source: Range, graph: Graph) -> WeightIndex:
    """The stored tensors by layer. Raises `UnreadableModel`."""
    by_group, optimizer = read_stored(source)
    by_layer: dict[str, tuple[Weight, ...]] = {}
    for layer in graph.layers:
        found = by_group.get(layer.name, ())
        if found or graph.built or layer.kind == "input":  # no group: an operation, which `model.layers` leaves out
            by_layer[layer.name] = found
        if layer.inner is not None:
            by_layer |= assign_nested(layer.name, layer.inner, found)
    tensors = tuple(weight for found in by_group.values() for weight in found)
    unclaimed = tuple(weight for name, found in by_group.items() if name not in by_layer for weight in found)
    return WeightIndex(tensors, by_layer, optimizer, unclaimed)


def read_stored(source: Range) -> tuple[dict[str, tuple[Weight, ...]], tuple[Weight, ...]]:
    """The tensors by top-level layer, and the optimizer's."""
    try:
        with Window(source.path, source.offset, source.size) as window:
            root = open_hdf5(window).root
            group = root.children.get(WEIGHTS)
            by_group = read_groups(group, source) if isinstance(group, Group) else {}
            return by_group, tuple(read_optimizer(root, source))
    except Hdf5Error as error:
        raise explain(error, "the HDF5 file") from None


def read_groups(group: Group, source: Range) -> dict[str, tuple[Weight, ...]]:
    """Each layer's tensors in the order of ``weight_names``, by the layer's name."""
    names = read_names(group, LAYER_NAMES)
    if names is None:
        raise UnreadableModel(f"{group.path or 'the root'} has no attribute {LAYER_NAMES!r}")
    found: dict[str, tuple[Weight, ...]] = {}
    for name in [*names, TOP_LEVEL]:
        child = find_child(group, name)
        if isinstance(child, Group):
            found[name] = tuple(read_weights(child, source))
        elif name != TOP_LEVEL:
            raise UnreadableModel(f"there is no group for the layer {name!r}, which {LAYER_NAMES!r} names")
    return found


def read_weights(group: Group, source: Range) -> Iterator[Weight]:
    for name in read_names(group, WEIGHT_NAMES) or ():
        node = find_child(group, name)
        if not isinstance(node, Dataset):
            raise UnreadableModel(f"{group.path}/{name} is named as a weight, and is not stored in the file")
        yield make_weight(f"{group.path}/{name}", node, source)


def find_child(group: Group, path: str) -> object:
    """What lies at a path below a group, reached through hard links only."""
    node: object = group
    for part in path.split("/"):
        if not isinstance(node, Group):
            return None
        node = node.children.get(part) if part else node
    return node


def read_optimizer(root: Group, source: Range) -> Iterator[Weight]:
    """The optimizer's variables: in the order of ``weight_names`` where it is stated, else as the file has them."""
    group = root.children.get(OPTIMIZER)
    if not isinstance(group, Group):
        return
    if read_names(group, WEIGHT_NAMES) is not None:
        yield from read_weights(group, source)
        return
    stack: list[Group] = [group]
    while stack:
        for name, node in sorted(stack.pop().children.items(), key=lambda item: natural_key(item[0])):
            if isinstance(node, Group):
                stack.append(node)
            elif isinstance(node, Dataset):
                yield make_weight(node.path or name, node, source)


def assign_nested(outer: str, inner: Graph, weights: tuple[Weight, ...]) -> dict[str, tuple[Weight, ...]]:
    """The tensors of a nested model by its layers, where every one's name says whose it is; else nothing.

    The file keeps a nested model's tensors flat, and each name holds the name of the layer that made it.
    """
    paths: dict[str, list[str]] = {}
    for path, _, layer in walk(inner):
        if layer.inner is None:
            paths.setdefault(layer.name, []).append(f"{outer}/{path}")
    if any(len(found) > 1 for found in paths.values()):
        return {}
    found: dict[str, list[Weight]] = {f"{outer}/{path}": [] for path, _, _ in walk(inner)}
    start = len(f"{WEIGHTS}/{outer}/")
    for weight in weights:
        owners = {part for part in weight.path[start:].split("/")[:-1] if part in paths}
        if len(owners) != 1:
            return {}
        path = paths[owners.pop()][0]
        while path != outer:  # the layer, and every model between
            found[path].append(weight)
            path = path.rpartition("/")[0]
    return {path: tuple(tensors) for path, tensors in found.items()}


__all__ = ["FORMAT", "read", "read_groups", "read_names", "recognises"]
