"""The weights of a submodel in the other form: from one list a layer to variables by object, and back."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import NotExtractable
from ..graph import Layer, Weight
from ..readers import keras_archive
from ..readers.legacy_h5 import LAYER_NAMES, TOP_LEVEL, WEIGHT_NAMES, WEIGHTS
from ..readers.stores import VARS, Store
from ..readers.weight_paths import find_groups, name_groups
from .cut import Cut
from .hdf5 import BFLOAT16, Group
from .owners import Owners
from .places import Atlas
from .variables import Register, Variable, not_told
from .weights import Cargo, make_dataset, open_stored, put_names, walk_pieces


def load_as_archive(cut: Cut, atlas: Atlas) -> Cargo:
    """The cargo of an ``.h5`` file for a ``.keras`` archive. Raises `NotExtractable` where an owner is not sure."""
    owners = Owners(atlas)
    root = Group()
    root.group(VARS).attributes["name"] = cut.graph.name
    to = name_groups(cut.graph)
    tensors: dict[str, Weight] = {}
    for path, layer, origin in walk_pieces(cut):
        group = to.get(path)
        if group is None or not origin:
            continue
        root.group(f"{group}/{VARS}").attributes["name"] = layer.name
        if layer.inner is not None:
            continue
        for variable, weight in owners.of_layer(origin):
            place, _, last = variable.place.rpartition("/")
            root.group(f"{group}/{place}").children[last] = make_dataset(weight, atlas)
            tensors[weight.path] = weight
    return Cargo(root, list(tensors.values()), {})


def load_as_legacy(cut: Cut, atlas: Atlas) -> Cargo:
    """The cargo of a ``.keras`` archive for an ``.h5`` file: one list a layer, what it trains first."""
    with open_stored(atlas) as (_, store, assets):
        stored = find_groups(store, atlas.model.graph, counts_shared=atlas.modern)
    refuse_shared_places(cut)
    root = Group()
    weights = root.group(WEIGHTS)
    names = [layer.name for layer in cut.graph.layers if layer.kind != "operation"]
    put_names(weights, LAYER_NAMES, names)
    put_names(weights.group(TOP_LEVEL), WEIGHT_NAMES, [])
    tensors: list[Weight] = []
    origins = {path: origin for path, _, origin in walk_pieces(cut)}
    counts = own_counts(store, stored, origins)
    for name in names:
        layer = cut.graph.by_name[name]
        refuse_assets(layer, [stored.get(o, "") for p, o in origins.items() if p.split("/")[0] == name], assets)
        register = Register(atlas.inference, counts.get)
        found = [] if not origins[name] else register.in_one_list(cut.graph, layer, name)
        group = weights.group(name)
        listed = list(list_stored(found, store, stored, origins))
        put_names(group, WEIGHT_NAMES, [place for place, _ in listed])
        for place, weight in listed:
            parent, _, last = place.rpartition("/")
            group.group(parent).children[last] = make_dataset(weight, atlas)
            tensors.append(weight)
    return Cargo(root, tensors, {})


def list_stored(
    variables: list[Variable], store: Store, stored: dict[str, str], origins: dict[str, str]
) -> Iterator[tuple[str, Weight]]:
    """Name and tensor of each variable, all of which the store must have."""
    for variable in variables:
        path = "/".join(filter(None, (stored.get(origins[variable.layer]), variable.holder)))
        if path not in store and variable.holder:  # tf_keras has some by their private attributes' names
            path = f"{stored.get(origins[variable.layer])}/_{variable.holder}"
        owned = {weight.path.rpartition("/")[2]: weight for weight in store[path].tensors} if path in store else {}
        weight = owned.get(str(variable.number))
        if weight is None:
            raise not_told(variable.layer, f"the archive has no variable {variable.number} at {path!r}")
        if variable.spec and None not in variable.spec.shape and tuple(variable.spec.shape) != weight.shape:
            raise not_told(variable.layer, f"{weight.path!r} has another shape than its config says")
        label = f"{variable.number}_{variable.spec.name}" if variable.spec else str(variable.number)
        if weight.dtype == BFLOAT16:
            raise not_told(variable.layer, "Keras does not read weights of dtype bfloat16 from .h5 files")
        yield "/".join(filter(None, (variable.layer, variable.holder, label))), weight


def own_counts(store: Store, stored: dict[str, str], origins: dict[str, str]) -> dict[str, int]:
    """How many variables each layer has that keeps them all itself, by its path in the submodel."""
    counts: dict[str, int] = {}
    for path, origin in origins.items():
        group = stored.get(origin)
        if group is not None and not any(owner.startswith(f"{group}/") and store[owner].tensors for owner in store):
            counts[path] = len(store[group].tensors) if group in store else 0
    return counts


def refuse_assets(layer: Layer, groups: list[str], assets: list[str]) -> None:
    for group in groups:
        if group and any(name.startswith(f"{keras_archive.ASSETS}{group}/") for name in assets):
            raise NotExtractable(f"{layer.name!r} brings files along, such as a vocabulary, and .h5 holds none",
                                 hint="-o FILE.keras")  # fmt: skip


def refuse_shared_places(cut: Cut) -> None:
    """Raise `NotExtractable` where a layer stands at two places: .h5 files cannot say so."""
    met: set[int] = set()
    for path, layer, _ in walk_pieces(cut):
        if layer.shared_id is not None and layer.shared_id in met:
            raise NotExtractable(f"{path!r} stands at two places in the model, which .h5 files cannot say",
                                 hint="-o FILE.keras")  # fmt: skip
        if layer.shared_id is not None:
            met.add(layer.shared_id)


__all__ = ["load_as_archive", "load_as_legacy"]
