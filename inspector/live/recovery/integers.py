"""Which inputs are integers, and below what: told by the layers and operations they feed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import keras

from .inputs import InputSpec
from .symbolic import CallNode

_LIMITS = {"Embedding": "input_dim", "ReversibleEmbedding": "input_dim", "CategoryEncoding": "num_tokens"}
_INTEGER = frozenset({*_LIMITS, "IntegerLookup", "Hashing"})
_TEXT = frozenset({"StringLookup", "TextVectorization"})


def refined(spec: InputSpec, flat_inputs: list[Any], calls: Iterable[CallNode]) -> InputSpec:
    """The spec with dtypes and limits filled in from a trace that ran on `flat_inputs`; what is given stays."""
    index = {id(tensor): i for i, tensor in enumerate(flat_inputs)}
    dtypes: dict[int, str] = {}
    limits: dict[int, int] = {}
    for call in calls:
        wanted, limit, consumed = _wanted(call.node)
        for i in {i for tensor in consumed for i in _sources(tensor, index)} if wanted else ():
            dtypes.setdefault(i, wanted or "int32")
            if limit:
                limits[i] = min(limit, limits.get(i, limit))

    def fill(i: int, leaf: Any) -> Any:
        return replace(leaf, dtype=leaf.dtype or dtypes.get(i), limit=leaf.limit or limits.get(i))

    return spec.mapped(fill)


def _wanted(node: Any) -> tuple[str | None, int | None, list[Any]]:
    """(dtype, limit, tensors) that the call wants, or (None, None, [])."""
    operation, tensors = node.operation, node.input_tensors
    name = next((c.__name__ for c in type(operation).__mro__ if c.__name__ in _INTEGER | _TEXT), None)
    if name in _TEXT:
        return "string", None, tensors
    if name in _INTEGER:
        return "int32", getattr(operation, _LIMITS.get(name, ""), None) if name in _LIMITS else None, tensors
    if type(operation).__name__ == "OneHot":
        return "int32", getattr(operation, "num_classes", None), tensors
    if type(operation).__name__ == "Take":
        return _gathered(operation, node)
    return None, None, []


def _gathered(operation: Any, node: Any) -> tuple[str | None, int | None, list[Any]]:
    """`ops.take(x, indices, axis)`: the indices are integers below the size of the axis."""
    arguments = [*node.arguments.args, *node.arguments.kwargs.values()]
    if len(arguments) < 2 or not isinstance(arguments[1], keras.KerasTensor):
        return None, None, []
    shape, axis = getattr(arguments[0], "shape", ()), getattr(operation, "axis", None)
    size = shape[axis] if isinstance(axis, int) and -len(shape) <= axis < len(shape) else None
    return "int32", size, [arguments[1]]


def _sources(tensor: Any, index: dict[int, int]) -> set[int]:
    """The inputs a tensor is made of by operations alone (slices, casts, reshapes), no layer in between."""
    found, todo, met = set(), [tensor], set()
    while todo:
        current = todo.pop()
        if id(current) in met:
            continue
        met.add(id(current))
        if id(current) in index:
            found.add(index[id(current)])
            continue
        history = getattr(current, "_keras_history", None)
        if history is None or history.operation is None or isinstance(history.operation, keras.Layer):
            continue
        todo += history.operation._inbound_nodes[history.node_index].input_tensors
    return found
