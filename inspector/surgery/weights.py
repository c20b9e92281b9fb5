"""The weights that a submodel keeps: which they are in the parent's file, and where they go in its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from ..errors import NotExtractable
from ..graph import Layer, Weight, walk
from ..readers import keras_archive
from ..readers.archive import Archive, Range
from ..readers.legacy_h5 import LAYER_NAMES, TOP_LEVEL, WEIGHT_NAMES, WEIGHTS
from ..readers.probe import look_at
from ..readers.stores import VARS, Extent, Store
from ..readers.weight_paths import CONTAINERS, Shelf, find_groups, name_groups
from .cut import Cut
from .hdf5 import MAX_MESSAGE, Dataset, Group
from .places import Atlas


class Cargo(NamedTuple):
    """What a submodel's file holds besides its config: the tree of its tensors, and the assets of its layers."""

    root: Group
    tensors: list[Weight]
    assets: dict[str, Range]  # by their new names


class Stored(NamedTuple):
    """An open ``.keras`` archive or folder: its variables, and the names of its assets."""

    box: Archive | keras_archive.Folder
    store: Store
    assets: list[str]


@contextmanager
def open_stored(atlas: Atlas) -> Iterator[Stored]:
    """What the parent's archive holds, open. Raises `NotExtractable` where its variables cannot be read."""
    probe = look_at(atlas.model.source)
    box = keras_archive.open_box(probe)
    try:
        read_store, why_not = keras_archive.find_store(box, probe)
        if read_store is None:
            raise NotExtractable(f"its weights cannot be kept: {why_not}")
        assets = [name for name in box.members if name.startswith(keras_archive.ASSETS) and not name.endswith("/")]
        yield Stored(box, read_store(), assets)
    finally:
        box.close()


def load_archive(cut: Cut, atlas: Atlas) -> Cargo:
    """The cargo of a ``.keras`` archive or folder, each layer's objects under the path Keras will look for them at."""
    with open_stored(atlas) as stored:
        store = stored.store
        moves = list(find_moves(cut, atlas, store))
        assets = {new: stored.box.locate(old) for old, new in move_assets(stored.assets, moves)}
    root = Group()
    for path in ("", *name_groups(cut.graph, counts_shared=atlas.modern).values()):  # tf_keras looks for every one
        root.group(f"{path}/{VARS}" if path else VARS)
    if atlas.modern:
        root.group(VARS).attributes["name"] = cut.graph.name
    tensors: list[Weight] = []
    shelf = Shelf(store)
    for move in moves:
        for owner in shelf.below(move.old) if move.deep else [move.old] if move.old in store else []:
            group = root.group(f"{move.new}{owner[len(move.old) :]}/{VARS}")
            name = move.name if owner == move.old else store[owner].name
            if name is not None and store[owner].name is not None:
                group.attributes["name"] = name
            for weight in store[owner].tensors:
                group.children[weight.path.rpartition("/")[2]] = make_dataset(weight, atlas)
                tensors.append(weight)
    return Cargo(root, tensors, assets)


class Move(NamedTuple):
    """Objects that go from one stored path to another: all below it, or with ``deep`` False the one object alone."""

    old: str
    new: str
    name: str
    deep: bool = True


def find_moves(cut: Cut, atlas: Atlas, store: Store) -> Iterator[Move]:
    """For every layer of the submodel, nested ones too, the path it is kept at and the path it goes to, each once."""
    parent = atlas.model.graph
    counts_shared = atlas.modern
    stored = find_groups(store, parent, counts_shared=counts_shared)
    by_rule = name_groups(parent, counts_shared=counts_shared)
    shared = {layer.shared_id: stored[path] for path, _, layer in walk(parent) if layer.shared_id and path in stored}
    to = name_groups(cut.graph, counts_shared=counts_shared)
    shelf = Shelf(store)
    done: set[str] = set()
    for path, layer, origin in walk_pieces(cut):
        new = to.get(path)
        old = stored.get(origin) or shared.get(layer.shared_id or 0) or by_rule.get(origin)
        if new is None or old is None or not origin or new in done:
            continue
        done.add(new)
        yield Move(old, new, layer.name, deep=layer.inner is None)
        if layer.inner is not None:
            for child in shelf.children(old):
                if child not in (*CONTAINERS, VARS):
                    yield Move(f"{old}/{child}", f"{new}/{child}", child)


def walk_pieces(cut: Cut) -> Iterator[tuple[str, Layer, str]]:
    """Every layer of the submodel with its path there and its path in the parent, empty for what the cut added."""
    for name, piece in cut.pieces.items():
        yield name, piece.layer, piece.path
        if piece.layer.inner is not None and piece.names:
            for path, _, layer in walk(piece.layer.inner):
                yield f"{name}/{path}", layer, f"{piece.path}/{path}"


def move_assets(names: Iterable[str], moves: Iterable[Move]) -> Iterator[tuple[str, str]]:
    """Files of assets, which lie in folders named as the weights are: their old and their new names."""
    for move in moves:
        start = f"{keras_archive.ASSETS}{move.old}/"
        for name in names:
            if move.deep and name.startswith(start):
                yield name, f"{keras_archive.ASSETS}{move.new}/{name[len(start) :]}"


def load_legacy(cut: Cut, atlas: Atlas) -> Cargo:
    """The cargo of an ``.h5`` file: one group a layer, with its tensors by the names they have there."""
    index = atlas.model.weights
    if index is None:
        raise NotExtractable("it holds no weights")
    root = Group()
    weights = root.group(WEIGHTS)
    names = [
        layer.name for layer in cut.graph.layers
        if layer.kind != "operation" or not atlas.modern or index.by_layer.get(cut.pieces[layer.name].path)
    ]  # fmt: skip
    put_names(weights, LAYER_NAMES, names)
    put_names(weights.children.setdefault(TOP_LEVEL, Group()), WEIGHT_NAMES, [])
    tensors: list[Weight] = []
    owners: Any = None  # made where names do not tell
    for name in names:
        piece = cut.pieces[name]
        found = index.by_layer.get(piece.path, ()) if piece.names else ()
        if len(piece.names) > 1 and piece.path not in index.by_layer:
            from .owners import Owners

            owners = owners or Owners(atlas)
            found = tuple(weight for _, weight in owners.of_layer(piece.path))
        group = weights.group(name)
        start = len(f"{WEIGHTS}/{piece.names[0]}/") if piece.names else 0
        put_names(group, WEIGHT_NAMES, [weight.path[start:] for weight in found])
        for weight in found:
            place, _, last = weight.path[start:].rpartition("/")
            group.group(place).children[last] = make_dataset(weight, atlas)
            tensors.append(weight)
    return Cargo(root, tensors, {})


def put_names(group: Group | Dataset, attribute: str, names: list[str]) -> None:
    """A list of names as an attribute, in pieces where it is too long for one, as Keras does it."""
    assert isinstance(group, Group)
    width = max((len(name.encode()) for name in names), default=1)
    most = max(1, MAX_MESSAGE // max(width, 1))
    if len(names) <= most:
        group.attributes[attribute] = names
        return
    for number, start in enumerate(range(0, len(names), most)):
        group.attributes[f"{attribute}{number}"] = names[start : start + most]


def make_dataset(weight: Weight, atlas: Atlas) -> Dataset:
    """A stored tensor, to be copied block by block, and put in order first where it does not lie in one piece."""
    load = weight.load
    if isinstance(load, Extent):
        return Dataset(weight.shape, weight.dtype, weight.nbytes, load.blocks)
    if not weight.nbytes:
        return Dataset(weight.shape, weight.dtype, 0, tuple)
    if atlas.weights_file is None:
        raise NotExtractable(
            f"{weight.path!r} is stored compressed or in pieces, and is not copied",
            hint="load the model with Keras and save it again",
        )
    from .decoding import decode_blocks

    return Dataset(weight.shape, weight.dtype, weight.nbytes, decode_blocks(atlas.weights_file, weight))


__all__ = ["Cargo", "load_archive", "load_legacy"]
