"""Every layer of a model with a path that it has again when the model is loaded in another process.

The names of layers that a subclassed model makes come from counters of the process; the attributes that hold them
do not. So a layer of a Functional or Sequential model goes by its name, any other by where its owner keeps it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import keras
from keras.src.utils.naming import to_snake_case

DEEPEST = 6  # levels of lists and dicts that an attribute is searched for layers
MOST = 10_000  # values of a container that are looked at


@dataclass
class Place:
    """A layer, where it stands, whether Keras tracks it, and the other paths that lead to it.

    ``stable`` and ``stable_aliases`` are the same paths without the counts that Keras gives names in each process;
    ``within`` is the path of the layer that holds it, its key there, and the key without a count.
    """

    path: str
    layer: Any
    named: bool = True
    tracked: bool = True
    aliases: list[str] = field(default_factory=list)
    stable: str = ""
    within: tuple[str, str, str] = ("", "", "")
    stable_aliases: list[str] = field(default_factory=list)


@cache
def keras_attributes() -> frozenset[str]:
    """The attributes that Keras itself keeps on layers and models."""
    models = (keras.Sequential([keras.layers.Dense(1)]), keras.Model(), keras.layers.Layer())
    kept = {name for value in models for name in vars(value)}
    kept |= {name for value in models for name in dir(type(value))}
    return frozenset(
        kept | {"_functional", "_loss_tracker", "_compile_metrics", "_compile_loss", "optimizer", "stop_training"}
    )


def walk_layers(model: Any) -> list[Place]:
    """The model itself, under the empty path, and every layer that it reaches, each once, owners first."""
    root = Place("", model)
    found = {id(model): root}
    stack = [root]
    places = []
    while stack:
        owner = stack.pop()
        places.append(owner)
        below = []
        counts: dict[str, int] = {}
        for key, child, named, tracked in children(owner.layer):
            fixed = stable_key(key, child, counts) if named else key
            path, stable = join(owner.path, key), join(owner.stable, fixed)
            known = found.get(id(child))
            if known is not None:
                if path not in (known.path, *known.aliases):
                    known.aliases.append(path)
                    known.stable_aliases.append(stable)
                continue
            within = owner.path, key, fixed
            place = Place(path, child, named, tracked and owner.tracked, stable=stable, within=within)
            found[id(child)] = place
            below.append(place)
        stack.extend(reversed(below))
    return places


def join(path: str, key: str) -> str:
    return f"{path}/{key}" if path else key


def stable_key(name: str, layer: Any, counts: dict[str, int]) -> str:
    """A name that Keras made of the class and a count, counted within its owner; any other as it is."""
    stem = to_snake_case(type(layer).__name__)
    if name.removeprefix(stem).lstrip("_").isdecimal() or name == stem:
        counts[stem] = counts.get(stem, -1) + 1
        return f"{stem}:{counts[stem]}"
    return name


def children(layer: Any) -> Iterator[tuple[str, Any, bool, bool]]:
    """(key, layer, goes by its name, is tracked) of the layers that one holds."""
    tracked = {id(child): child for child in getattr(layer, "_layers", ())}
    yielded: set[int] = set()
    if hasattr(layer, "_nodes_by_depth") or isinstance(layer, keras.Sequential):
        for child in layer._layers:
            yielded.add(id(child))
            yield child.name, child, True, True
    for name, value in list(vars(layer).items()):
        if name in keras_attributes() or name.startswith(("_self_", "_tf_")):
            continue
        for key, child in search(name, value):
            if id(child) not in yielded:
                yield key, child, False, id(child) in tracked
    held = {id(child) for name, value in vars(layer).items() if name not in ("_layers", "_operations")
            for _, child in search(name, value)}  # fmt: skip
    for index, child in enumerate(tracked.values()):
        if id(child) not in yielded | held:
            yield f"#{index}", child, False, True


def search(key: str, value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Layers in a value, those in its lists and dicts too, by their place in it."""
    if isinstance(value, keras.Layer):
        yield key, value
    elif depth < DEEPEST and isinstance(value, list | tuple):
        for index, item in enumerate(value[:MOST]):
            yield from search(f"{key}/{index}", item, depth + 1)
    elif depth < DEEPEST and isinstance(value, Mapping):
        for name, item in list(value.items())[:MOST]:
            yield from search(f"{key}/{name}", item, depth + 1)


def own_variables(layer: Any) -> list[Any]:
    """The variables that a layer itself keeps, without those of the layers below it and of random generators."""
    return [*getattr(layer, "_trainable_variables", ()), *getattr(layer, "_non_trainable_variables", ())]
