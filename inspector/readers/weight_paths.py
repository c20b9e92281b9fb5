"""Which layer owns which stored variables: Keras 3's attribute paths against the layers of a config.

Keras keeps the layers of a model under ``layers/``, each named by its class in snake case with a counter
(``dense``, ``dense_1``) in the order of ``model.layers``; an object shared by two places is kept at the first alone.
Whatever lies below a layer's path is the layer's: a wrapper's cell, a custom layer's parts, a random generator.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from ..graph import Graph, Layer, Weight, WeightIndex
from .stores import Owner, Store, natural_key

RENAMED = {"GroupQueryAttention": "GroupedQueryAttention"}  # exported under another name than its own, which paths take
CONTAINERS = ("layers", "_layer_checkpoint_dependencies")  # the second: tf_keras 2.12 and 2.13
OPTIMIZER = "optimizer"
METRICS = ("metrics", "_metrics", "_compile_metrics")


class Shelf:
    """A store, asked for everything at or below a path."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.sorted = sorted(store)
        self.claimed: set[str] = set()

    def below(self, path: str) -> list[str]:
        """Owners at a path or below it."""
        if not path:
            return self.sorted
        own = [path] if path in self.store else []
        return own + self.sorted[bisect_left(self.sorted, f"{path}/") : bisect_left(self.sorted, f"{path}0")]

    def holds(self, path: str) -> bool:
        start = bisect_left(self.sorted, f"{path}/")
        return path in self.store or (start < len(self.sorted) and self.sorted[start].startswith(f"{path}/"))

    def children(self, path: str) -> list[str]:
        """Direct parts of a path that something is stored for, in natural order."""
        start = len(path) + 1 if path else 0
        names = {owner[start:].partition("/")[0] for owner in self.below(path) if len(owner) > start}
        return sorted(names - {""}, key=natural_key)

    def tensors(self, path: str) -> tuple[Weight, ...]:
        return tuple(weight for owner in self.below(path) for weight in self.store[owner].tensors)

    def claim(self, path: str) -> None:
        self.claimed.update(self.below(path))

    def name(self, path: str) -> str | None:
        return self.store.get(path, Owner(None, ())).name


class Place(NamedTuple):
    """A model on its way through the match: its graph, its path, the stored path it starts at (None: not stored)."""

    graph: Graph
    prefix: str
    base: str | None


def index_store(store: Store, graph: Graph, *, counts_shared: bool = True) -> WeightIndex:
    """The stored variables by layer path. ``counts_shared``: tf_keras lets a layer met before take no number."""
    shelf = Shelf(store)
    by_layer: dict[str, tuple[Weight, ...]] = {}
    optimizer = find_optimizers(shelf)
    for path in optimizer:
        shelf.claim(path)
    kept_at: dict[int | None, str] = {}
    places = [Place(graph, "", "")]
    for graph, prefix, base in places:
        found = {} if base is None else match_layers(shelf, graph, base, kept_at, counts_shared)
        complete = base is not None and graph.built and not has_leftovers(shelf, base)
        for layer in graph.layers:
            path, group = prefix + layer.name, found.get(layer.name)
            if layer.inner is not None:
                places.append(Place(layer.inner, f"{path}/", group))
            if group is not None:
                by_layer[path] = shelf.tensors(group)
            if not by_layer.get(path) and not is_certainly_empty(layer, complete):
                by_layer.pop(path, None)
            elif group is None:
                by_layer[path] = ()
    for graph, prefix, _ in reversed(places):
        add_shared(by_layer, prefix.removesuffix("/"), graph)
    return make_index(shelf, by_layer, optimizer)


def find_groups(store: Store, graph: Graph, *, counts_shared: bool = True) -> dict[str, str]:
    """The stored path of every layer that something is stored for, by layer path; of one kept elsewhere, that place."""
    shelf = Shelf(store)
    for path in find_optimizers(shelf):
        shelf.claim(path)
    kept_at: dict[int | None, str] = {}
    groups: dict[str, str] = {}
    places = [Place(graph, "", "")]
    for graph, prefix, base in places:
        found = {} if base is None else match_layers(shelf, graph, base, kept_at, counts_shared)
        groups |= {f"{prefix}{name}": group for name, group in found.items()}
        places += [Place(x.inner, f"{prefix}{x.name}/", found.get(x.name)) for x in graph.layers if x.inner is not None]
    return groups


def name_groups(graph: Graph, *, counts_shared: bool = True) -> dict[str, str]:
    """The path that Keras keeps each layer of a model at, by layer path, nested models' included: what `find_groups`
    finds in a file that Keras writes, without the file.

    An object met before has the path of the first place, where ``counts_shared`` says whether it takes a number
    all the same. Keras goes into a model before it goes on to the layer behind.
    """
    groups: dict[str, str] = {}
    kept_at: dict[int, str] = {}
    stack = [(layer, "", group) for layer, group in reversed(number_layers(graph, "", kept_at, counts_shared))]
    while stack:
        layer, prefix, group = stack.pop()
        path = prefix + layer.name
        if layer.shared_id is not None:
            group = kept_at.setdefault(layer.shared_id, group)
        groups[path] = group
        if layer.inner is not None:
            inner = number_layers(layer.inner, group, kept_at, counts_shared)
            stack.extend((below, f"{path}/", place) for below, place in reversed(inner))
    return groups


def number_layers(graph: Graph, base: str, kept_at: Mapping[int, str], counts_shared: bool) -> list[tuple[Layer, str]]:
    """The layers of one model with the names of their class and their number in it."""
    used: Counter[str] = Counter()
    named = []
    for layer in graph.layers:
        if not is_tracked(layer) or (layer.kind == "input" and graph.kind == "sequential"):
            continue  # neither is in `model.layers`
        stem = snake_case(layer.class_name)
        name = f"{stem}_{used[stem]}" if used[stem] else stem
        if counts_shared or layer.shared_id is None or layer.shared_id not in kept_at:
            used[stem] += 1
        named.append((layer, f"{base}/{CONTAINERS[0]}/{name}" if base else f"{CONTAINERS[0]}/{name}"))
    return named


def add_shared(by_layer: dict[str, tuple[Weight, ...]], path: str, graph: Graph) -> None:
    """A nested model has what its layers have, those included that are kept with another model."""
    if path in by_layer:
        parts = (by_layer.get(f"{path}/{layer.name}", ()) for layer in graph.layers)
        every = {weight.path: weight for found in (by_layer[path], *parts) for weight in found}
        by_layer[path] = tuple(every.values())


def is_certainly_empty(layer: Layer, complete: bool) -> bool:
    """Whether no stored variable means that the layer has none: not so where it was not built when it was saved."""
    return layer.kind in ("input", "operation") or (complete and (bool(layer.calls) or layer.inner is not None))


def make_index(shelf: Shelf, by_layer: dict[str, tuple[Weight, ...]], optimizer: list[str]) -> WeightIndex:
    kept = {owner for path in optimizer for owner in shelf.below(path)}
    return WeightIndex(
        tuple(weight for path, owner in shelf.store.items() if path not in kept for weight in owner.tensors),
        by_layer,
        tuple(weight for path in optimizer for weight in shelf.tensors(path)),
        tuple(w for path, owner in shelf.store.items() if path not in shelf.claimed for w in owner.tensors),
    )


def find_optimizers(shelf: Shelf) -> list[str]:
    """Top-level objects that are optimizers: by the attribute's name and by the step counter each of them keeps."""
    return [name for name in shelf.children("") if name.endswith(OPTIMIZER) and keeps_steps(shelf, name)]


def keeps_steps(shelf: Shelf, path: str) -> bool:
    if path == OPTIMIZER:
        return True
    first = shelf.tensors(path)[:1]
    return bool(first) and first[0].shape == () and first[0].dtype.startswith(("int", "uint"))


def match_layers(
    shelf: Shelf, graph: Graph, base: str, kept_at: dict[int | None, str], counts_shared: bool
) -> dict[str, str]:
    """For each layer of one model the path its variables are kept at, where there is one."""
    found: dict[str, str] = {}
    layers = [layer for layer in graph.layers if is_tracked(layer)]
    for container in CONTAINERS:
        start = f"{base}/{container}" if base else container
        if shelf.holds(start):
            numbered = [x for x in layers if counts_shared or x.shared_id is None or x.shared_id not in kept_at]
            found.update(match_container(shelf, numbered, start))
            break
    if len(found) < len(layers):
        named = name_attributes(shelf, base)
        for layer in layers:
            path = named.get(layer.name) if layer.shared_id not in kept_at else kept_at[layer.shared_id]
            if layer.name not in found and path is not None:
                found[layer.name] = path
    for layer in layers:
        if layer.name in found:
            if layer.inner is None:
                shelf.claim(found[layer.name])
            elif found[layer.name] in shelf.store:
                shelf.claimed.add(found[layer.name])
            if layer.shared_id is not None:
                kept_at.setdefault(layer.shared_id, found[layer.name])
    return found


def is_tracked(layer: Layer) -> bool:
    """Whether a layer is in ``model.layers``: operations of ``keras.ops`` are not."""
    return layer.kind != "operation" or not (layer.module or "").startswith(("keras.ops", "keras.src.ops"))


def match_container(shelf: Shelf, layers: list[Layer], start: str) -> dict[str, str]:
    """Layers to the numbered names of a container; else to names that are the layers' own."""
    stored = set(shelf.children(start))
    by_stem: dict[str, list[Layer]] = {}
    for layer in layers:
        by_stem.setdefault(snake_case(layer.class_name), []).append(layer)
    found: dict[str, str] = {}
    numbered: dict[str, list[str]] = {}
    for name in sorted(stored, key=natural_key):
        numbered.setdefault(find_stem(name, by_stem), []).append(name)
    for stem, members in by_stem.items():
        names = choose_names(shelf, start, stem, len(members), numbered.get(stem, []))
        found |= {layer.name: f"{start}/{name}" for layer, name in zip(members, names, strict=True) if name in stored}
    taken = set(found.values())
    for layer in layers:
        path = f"{start}/{layer.name}"
        if layer.name not in found and layer.name in stored and path not in taken:
            found[layer.name] = path
    return found


def choose_names(shelf: Shelf, start: str, stem: str, count: int, group: list[str]) -> list[str]:
    """The names of a class's layers in a container: numbers in steps of one; of two; or whatever order there is."""
    by_one = [stem, *(f"{stem}_{number}" for number in range(1, count))][:count]
    if set(by_one).issuperset(group):
        return by_one
    by_two, number = [], 0
    for _ in range(count):  # tf_keras 2.12 counts a layer twice if it has weights, as all that is not stored here does
        name = f"{stem}_{number}" if number else stem
        by_two.append(name)
        number += 1 if name in group and not shelf.tensors(f"{start}/{name}") else 2
    if set(by_two).issuperset(group):
        return by_two
    return group if len(group) == count else by_one


def find_stem(name: str, stems: dict[str, list[Layer]]) -> str:
    """The class's name in a stored name, its number left out; a class's own name may end in one."""
    head, _, number = name.rpartition("_")
    return head if name not in stems and head in stems and number.isdecimal() else name


def name_attributes(shelf: Shelf, base: str) -> dict[str, str]:
    """What a model keeps at attributes of its own (subclasses of Functional do), by name."""
    named: dict[str, list[str]] = {}
    for child in shelf.children(base):
        path = f"{base}/{child}" if base else child
        name = shelf.name(path)
        if name is not None and path not in shelf.claimed:
            named.setdefault(name, []).append(path)
    return {name: paths[0] for name, paths in named.items() if len(paths) == 1}


def has_leftovers(shelf: Shelf, base: str) -> bool:
    """Whether variables in a model's containers found no layer, so that a layer without any is not certain."""
    starts = [f"{base}/{container}" if base else container for container in CONTAINERS]
    return any(
        shelf.store[owner].tensors and owner not in shelf.claimed and not is_deeper(owner, start)
        for start in starts
        for owner in shelf.below(start)
    )


def is_deeper(owner: str, start: str) -> bool:
    """Whether an owner belongs to a nested model, which is matched after its own."""
    return any(f"/{container}/" in owner[len(start) :] for container in CONTAINERS)


@lru_cache(maxsize=1024)
def snake_case(class_name: str) -> str:
    """A class name as Keras spells it in paths: ``Conv2DTranspose`` is ``conv2d_transpose``."""
    name = re.sub(r"\W+", "", RENAMED.get(class_name, class_name))
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
