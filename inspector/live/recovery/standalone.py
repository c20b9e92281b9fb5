"""A recovered graph made of Keras's own parts alone, so that it can be saved and loaded without this package.

Constants and weights used directly enter as arrays: their values are kept, and they are no longer trained. What draws
random numbers or calls the backend's own functions has no such form.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras.src.backend.common import KerasVariable

from .attempts import distinct_names
from .graph import class_name, own_nodes
from .operations import Constant, RandomDraw, RawOperation, VariableRead
from .records import Reason
from .state import forget_nodes


def obstacles(functional: Any) -> list[Reason]:
    """What keeps a graph from being saved on its own; empty when nothing does."""
    found = {}
    for node in own_nodes(functional):
        if isinstance(node.operation, RawOperation):
            message = f"{class_name(node.operation)} is a function of the backend, which no file can hold"
            found[message] = Reason("raw-ops", message)
        elif isinstance(node.operation, RandomDraw):
            message = f"keras.random.{node.operation.function.__name__} in call() has no layer that a file could hold"
            found[message] = Reason("stochastic-values", message)
    return list(found.values())


@contextlib.contextmanager
def standalone(functional: Any) -> Iterator[Any]:
    """The same graph, sharing its layers, fit to be saved while inside; layers of one name are told apart meanwhile.

    Raises ValueError with the first obstacle where there is one.
    """
    for reason in obstacles(functional):
        raise ValueError(reason.message)
    if not any(map(_needs_change, own_nodes(functional))):
        with distinct_names(functional._operations):
            yield functional
        return
    before = {id(op): len(op._inbound_nodes) for op in functional._operations}
    inputs = keras.tree.map_structure(_again, functional._inputs_struct)
    outputs = functional._run_through_graph(keras.tree.flatten(inputs), operation_fn=_substitute)
    try:
        with distinct_names(_operations_behind(outputs)):
            made = keras.Model(inputs, outputs, name=functional.name)
            made.dtype_policy = functional.dtype_policy
            yield made
    finally:
        for op in functional._operations:
            forget_nodes(op._inbound_nodes[before[id(op)] :])


def _operations_behind(outputs: Any) -> list[Any]:
    """Every operation that the tensors come from, layers first so that they keep their names."""
    found: dict[int, Any] = {}
    todo = list(keras.tree.flatten(outputs))
    met: set[int] = set()
    while todo:
        tensor = todo.pop()
        if id(tensor) in met:
            continue
        met.add(id(tensor))
        operation = tensor._keras_history.operation
        found[id(operation)] = operation
        todo += operation._inbound_nodes[tensor._keras_history.node_index].input_tensors
    return sorted(found.values(), key=lambda op: not isinstance(op, keras.Layer))


def _again(tensor: Any) -> Any:
    return keras.Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name)


def _needs_change(node: Any) -> bool:
    leaves = keras.tree.flatten((node.arguments.args, node.arguments.kwargs))
    held = any(isinstance(leaf, KerasVariable) for leaf in leaves)
    return held or isinstance(node.operation, Constant | VariableRead)


def _substitute(operation: Any) -> Callable[..., Any]:
    """What to call in the place of an operation of the graph."""
    if isinstance(operation, Constant):
        return lambda anchor: _constant(anchor, operation.value)
    if isinstance(operation, VariableRead):
        return lambda anchor: _constant(anchor, operation.variable)

    def call(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = keras.tree.map_structure(_as_array, (args, kwargs))
        return operation(*args, **kwargs)

    return call


def _as_array(value: Any) -> Any:
    return keras.ops.convert_to_numpy(value) if isinstance(value, KerasVariable) else value


def _constant(anchor: Any, value: Any) -> Any:
    """The value plus a zero made of the anchor, whatever is in it: a graph in a file starts at its inputs."""
    array = keras.ops.convert_to_numpy(value)
    dtype = keras.backend.standardize_dtype(array.dtype)
    zero = keras.ops.cast(keras.ops.sum(keras.ops.zeros_like(anchor)), dtype)
    return keras.ops.logical_or(zero, array) if dtype == "bool" else keras.ops.add(zero, array)
