"""Which layers are called, and with what: seen in a real run, in a Functional graph, or in neither."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from .graph import own_nodes
from .kinds import held_layers, is_declared, is_users
from .reasons import reason_for_class
from .records import Reason, Recovery
from .state import patched
from .symbolic import Seen


@contextlib.contextmanager
def calls_recorded(met: Seen) -> Iterator[None]:
    """Notes each layer's first call inside, wherever it happens: an RNN's cell is called where no trace sees it."""
    original = keras.Layer.__call__

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if id(self) not in met:
            met[id(self)] = (self, *_without_values(args, kwargs))
        return original(self, *args, **kwargs)

    with patched(keras.Layer, "__call__", call):
        yield


def _without_values(args: Any, kwargs: Any) -> Any:
    def leaf(value: Any) -> Any:
        if not hasattr(value, "shape") or not hasattr(value, "dtype"):
            return value
        return keras.KerasTensor(tuple(value.shape), keras.backend.standardize_dtype(value.dtype))

    try:
        return keras.tree.map_structure(leaf, (args, kwargs))
    except (TypeError, ValueError):  # a shape not known, or a dtype Keras does not know
        return (), {}


def calls_in(functional: Any) -> Seen:
    """Each layer of a Functional graph with the arguments of its first call, as a trace would have seen it."""
    found: Seen = {}
    for node in own_nodes(functional):
        if isinstance(node.operation, keras.Layer):
            found.setdefault(id(node.operation), (node.operation, node.arguments.args, node.arguments.kwargs))
    return found


def never_called(root: Any, called: set[int], direct: set[int], parts: Mapping[str, Recovery]) -> list[Reason]:
    """A flag for each layer that the model, or a user's layer in it, holds and `call` does not call; outermost ones.

    `called` are ids of layers, `direct` ids of the variables that operations use past the layer that owns them. Where
    a part is not recovered, nobody knows what it may call.
    """
    flags: list[Reason] = []
    todo, met = [("", root)], {id(root)}
    while todo:
        prefix, owner = todo.pop(0)
        for path, layer in held_layers(owner, prefix, met):
            if _is_reached(layer, called, direct):
                if is_users(layer) and path in parts and parts[path].verdict == "recovered":
                    todo.append((path, layer))
                continue
            message = f"{path} ({type(layer).__name__}) is held by {type(owner).__name__} and never called in it"
            flags.append(reason_for_class("never-called", message, type(owner), path))
    return flags


def _is_reached(layer: Any, called: set[int], direct: set[int]) -> bool:
    """Called itself, or used by its weights or by the layers that it holds: a container is not called."""
    inside = layer._flatten_layers()
    used = any(id(part) in called for part in inside) or any(id(variable) in direct for variable in layer.weights)
    return used or isinstance(layer, keras.layers.InputLayer)


def waiting(model: Any, seen: Seen) -> bool:
    """Whether a user's layer inside is called by a layer of Keras alone, such as the cell of an RNN."""
    every = model._flatten_layers(include_self=False)
    return any(is_users(layer) and id(layer) not in seen for layer in every if not is_declared(layer))
