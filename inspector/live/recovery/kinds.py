"""What kind of layer one is: declared by Keras, composed by the user, or a box."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras


def is_declared(layer: Any) -> bool:
    """A Functional or Sequential model that keeps Keras's own `call`: its graph is stated, not hidden in code."""
    from keras.src.models.functional import Functional

    return isinstance(layer, Functional | keras.Sequential) and not has_own_call(layer)


def held_layers(owner: Any, prefix: str, met: set[int]) -> Iterator[tuple[str, Any]]:
    """The layers that a layer itself holds and nobody met before, each with its path; names that clash are numbered."""
    taken: set[str] = set()
    for layer in owner._flatten_layers(include_self=False, recursive=False):
        if id(layer) in met:
            continue
        met.add(id(layer))
        name, count = layer.name, 1
        while name in taken:
            name, count = f"{layer.name}_{count}", count + 1
        taken.add(name)
        yield f"{prefix}/{name}" if prefix else name, layer


def has_own_call(layer: Any) -> bool:
    """Whether a class outside Keras defines `call`."""
    owner = next((c for c in type(layer).__mro__ if "call" in vars(c)), None)
    return owner is not None and not owner.__module__.startswith("keras.")


def is_users(layer: Any) -> bool:
    """A user's layer or model with an inside of its own: code in `call`, or layers that it holds; not declared."""
    if type(layer).__module__.startswith("keras.") or is_declared(layer):
        return False
    return has_own_call(layer) or any(True for _ in layer._flatten_layers(include_self=False, recursive=False))
