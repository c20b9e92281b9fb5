"""Leaving the model as it was found: variables, seeds, random generators, attributes and graph nodes."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterable, Iterator
from typing import Any

import keras


@contextlib.contextmanager
def patched(target: Any, name: str, replacement: Any) -> Iterator[None]:
    """Sets an attribute of a class or module, and puts the former one back, or none if it was inherited."""
    own = name in vars(target)
    former = vars(target)[name] if own else None
    setattr(target, name, replacement)
    try:
        yield
    finally:
        if own:
            setattr(target, name, former)
        else:
            delattr(target, name)


def defining_class(cls: Any, name: str) -> Any:
    """The class of the MRO that defines the attribute: the one to patch."""
    return next(c for c in cls.__mro__ if name in vars(c))


@contextlib.contextmanager
def variables_kept() -> Iterator[list[Any]]:
    """Restores every Keras variable assigned inside, wherever it lives; yields the list of those assigned.

    Watching `assign` costs nothing for the variables nobody touches, where copying a model's weights would.
    """
    from keras.src.backend.common.stateless_scope import in_stateless_scope

    owner = defining_class(keras.Variable, "assign")
    original = owner.assign
    before: dict[int, tuple[Any, Any]] = {}
    assigned: list[Any] = []

    def assign(self: Any, value: Any) -> Any:
        if not in_stateless_scope() and id(self) not in before and self._value is not None:
            before[id(self)] = (self, keras.ops.convert_to_numpy(self.value).copy())
            assigned.append(self)
        return original(self, value)

    with patched(owner, "assign", assign):
        try:
            yield assigned
        finally:
            for variable, value in before.values():
                original(variable, value)


@contextlib.contextmanager
def generators_kept(seed: int | None = None) -> Iterator[None]:
    """Seeds Python's and NumPy's global generators inside, and puts their states back."""
    import numpy as np

    python, numpy_state = random.getstate(), np.random.get_state()
    if seed is not None:
        random.seed(seed)
        np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy_state)


def generator_states() -> tuple[Any, ...]:
    """What changes when Python's or NumPy's global generator is drawn from."""
    import numpy as np

    kind, keys, *rest = np.random.get_state()
    return random.getstate(), kind, bytes(keys), tuple(rest)  # type: ignore[arg-type]


@contextlib.contextmanager
def attributes_kept(layers: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Takes symbolic tensors that `call` stores on layers away again; yields `layer.attribute` → layer, for a flag."""
    layers = [layer for layer in layers if not type(layer).__module__.startswith("keras.")]
    before = [dict(vars(layer)) for layer in layers]
    changed: dict[str, Any] = {}
    try:
        yield changed
    finally:
        for layer, former in zip(layers, before, strict=True):
            for name, value in list(vars(layer).items()):
                same = name in former and former[name] is value
                if same or name.startswith("_") or not _holds_symbolic(value):
                    continue
                changed[f"{layer.name}.{name}"] = layer
                if name in former:
                    vars(layer)[name] = former[name]
                else:
                    del vars(layer)[name]


@contextlib.contextmanager
def counters_kept(layers: Iterable[Any]) -> Iterator[None]:
    """Puts back numbers, strings and None that `call` changed on the user's layers, such as a count of calls."""
    simple = (int, float, str, type(None))
    layers = [layer for layer in layers if not type(layer).__module__.startswith("keras.")]
    before = [{k: v for k, v in vars(x).items() if isinstance(v, simple) and not k.startswith("_")} for x in layers]
    try:
        yield
    finally:
        for layer, former in zip(layers, before, strict=True):
            for name, value in former.items():
                if isinstance(vars(layer).get(name), simple) and vars(layer)[name] != value:
                    vars(layer)[name] = value


def _holds_symbolic(value: Any) -> bool:
    try:
        return any(isinstance(leaf, keras.KerasTensor) for leaf in keras.tree.flatten(value))
    except (TypeError, ValueError):
        return False


@contextlib.contextmanager
def names_kept() -> Iterator[None]:
    """Gives automatic names back, so that the operations of two traces are called alike."""
    from keras.src.backend.common import global_state

    uids = dict(global_state.get_global_attribute("object_name_uids", {}))
    try:
        yield
    finally:
        global_state.set_global_attribute("object_name_uids", type_of_uids(uids))


def type_of_uids(uids: dict[str, int]) -> Any:
    """The counter type Keras keeps its automatic names in."""
    import collections

    return collections.defaultdict(int, uids)


def forget_nodes(nodes: Iterable[Any]) -> None:
    """Unhooks call nodes from their operations, newest first, so that the indices of older ones stay true.

    A node that is no longer its operation's last one is left: the histories of later tensors count on its place.
    """
    for node in reversed(list(nodes)):
        inbound = node.operation._inbound_nodes
        if not inbound or inbound[-1] is not node:
            continue
        inbound.pop()
        for tensor in node.arguments.keras_tensors:
            history = getattr(tensor, "_keras_history", None)
            outbound = history.operation._outbound_nodes if history and history.operation else []
            if node in outbound:
                outbound.remove(node)
