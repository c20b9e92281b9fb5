"""The names that a ``.keras`` file notes beside its tensors, against the layers that will take them."""

from __future__ import annotations

from ..graph import Layer, Model, walk
from ..readers.keras_archive import find_store, open_box
from ..readers.probe import look_at
from ..readers.stores import Store
from ..readers.weight_paths import find_groups


def find_renamed(model: Model) -> list[tuple[str, Layer, str]]:
    """The layers that take tensors stored under another name: path, layer, the stored name."""
    if model.format not in ("keras", "keras-dir") or model.graph.kind not in ("functional", "sequential"):
        return []
    if not model.weights or not model.weights.tensors:
        return []
    store = read_store(model.source)
    if store is None:
        return []
    found = []
    groups = find_groups(store, model.graph)
    for path, _, layer in walk(model.graph):
        owner = store.get(groups.get(path, ""))
        if layer.inner is not None or layer.shared_id is not None or owner is None or not owner.tensors:
            continue
        if owner.name and owner.name != layer.name:
            found.append((path, layer, owner.name))
    return found


def read_store(source: str) -> Store | None:
    """The variables of an archive by the path of their owner, with its name."""
    probe = look_at(source)
    box = open_box(probe)
    try:
        read, _ = find_store(box, probe)
    finally:
        box.close()
    return read() if read is not None else None


__all__ = ["find_renamed", "read_store"]
