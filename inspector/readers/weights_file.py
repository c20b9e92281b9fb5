"""Weights alone: ``x.weights.h5`` of Keras 3 and of Keras 2, and the sharded ``x.weights.json``."""

from __future__ import annotations

from pathlib import Path

from ..errors import UnknownFormat, UnreadableModel
from ..graph import Graph, Layer, Model, Weight
from .archive import Range
from .hdf5 import Dataset, Group, Window, open_hdf5
from .legacy_h5 import LAYER_NAMES, make_group_index, read_attribute, read_groups
from .probe import Probe
from .shards import MAP, read_shards
from .stores import VARS, Store, read_h5_store, read_text
from .weights_tree import build_tree

FORMAT = "weights-h5"


class Siblings:
    """The folder that a map of shards stands in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.members = {entry.name: entry for entry in folder.iterdir() if entry.is_file()}

    def read(self, name: str, cap: int) -> bytes:
        with open(self.members[name], "rb") as file:
            return file.read(cap + 1)

    def locate(self, name: str) -> Range:
        return Range(str(self.members[name]), 0, self.members[name].stat().st_size)


def recognises(probe: Probe) -> bool:
    """Any HDF5 file that is no whole model, or JSON that maps weights to shards."""
    return probe.is_hdf5 or (probe.is_json and f'"{MAP}"'.encode() in probe.head)


def read(probe: Probe) -> Model:
    """A tree of what the file keeps weights for. Raises `UnknownFormat` for HDF5 that is not Keras's."""
    if not probe.is_hdf5:
        return make_model(probe, read_shards(Siblings(probe.path.parent), probe.path.name), None)
    source = Range(str(probe.path), 0, probe.size)
    with Window(probe.path) as window:
        root = open_hdf5(window).root
        version = read_text(read_attribute(root.attributes, "keras_version"))
        if read_attribute(root.attributes, LAYER_NAMES) is not None:
            return make_legacy(probe, read_groups(root, source), version)
        if not has_store(root):
            raise UnknownFormat(describe(root), hint="a Keras file has 'model_config', 'layer_names' or 'vars' in it")
    return make_model(probe, read_h5_store(source, "the file"), version)


def has_store(root: Group) -> bool:
    """Whether any object of the file keeps its variables under ``vars``, as Keras 3 does."""
    stack: list[tuple[Group, int]] = [(root, 0)]
    seen = 0
    while stack and seen < 10_000:
        group, depth = stack.pop()
        for name, node in group.children.items():
            seen += 1
            if isinstance(node, Group):
                if name == VARS:
                    return True
                if depth < 50:
                    stack.append((node, depth + 1))
    return False


def describe(root: Group) -> str:
    """What an HDF5 file is that Keras did not write."""
    if "nb_layers" in root.attributes:
        return "the weights of a Keras older than 1.0, which are not read"
    if "CLASS" in root.attributes or "pandas_type" in root.attributes or "PYTABLES_FORMAT_VERSION" in root.attributes:
        return "an HDF5 file of PyTables or pandas, not a Keras model"
    if "_NCProperties" in root.attributes:
        return "a netCDF file, not a Keras model"
    names = [name for name, node in root.children.items() if isinstance(node, (Group, Dataset))]
    if not names:
        return "an HDF5 file with nothing in it, not a Keras model"
    return f"an HDF5 file, not a Keras model: it holds {', '.join(repr(name) for name in names[:3])}"


def make_model(probe: Probe, store: Store, version: str | None) -> Model:
    root = store.get("")
    name = (root.name if root else None) or probe.path.name.split(".")[0]
    graph, index = build_tree(store, Graph(name, "", "weights", (), built=False))
    return Model(graph, FORMAT, str(probe.path), version, size=probe.size, read_weights=lambda: index)


def make_legacy(probe: Probe, groups: dict[str, tuple[Weight, ...]], version: str | None) -> Model:
    """Keras 2's layout: one group a top-level layer, a nested model's tensors flat in its own."""
    if not groups:
        raise UnreadableModel("it names no layers")
    index = make_group_index(groups)
    layers = tuple(Layer(name, "", "layer", {}) for name in index.by_layer)
    graph = Graph(probe.path.name.split(".")[0], "", "weights", layers, built=False)
    return Model(graph, FORMAT, str(probe.path), version, size=probe.size, read_weights=lambda: index)
