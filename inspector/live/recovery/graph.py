"""The graph of a Functional model as plain records, and what can be told from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import keras
from keras.src.backend.common import KerasVariable

from .operations import RawOperation
from .records import Structure, StructureNode
from .source import Place
from .symbolic import CallNode

CONTROL = frozenset({"Cond", "Switch", "WhileLoop", "ForiLoop", "Map", "Scan", "AssociativeScan", "VectorizedMap"})


def own_nodes(functional: Any) -> list[Any]:
    """The model's call nodes from inputs to outputs, inputs included; a node of another model's is left out."""
    by_depth = functional._nodes_by_depth
    return [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]


def node_ids(functional: Any) -> dict[int, str]:
    """`id(node)` → `name:call`; calls are counted within this model."""
    from keras.src.ops.function import make_node_key

    ids = {}
    for operation in functional._operations:
        mine = [n for i, n in enumerate(operation._inbound_nodes) if make_node_key(operation, i) in functional._nodes]
        ids.update({id(node): f"{operation.name}:{index}" for index, node in enumerate(mine)})
    return ids


def structure_of(functional: Any, calls: Iterable[CallNode] = (), names: dict[int, str] | None = None) -> Structure:
    """Nodes and edges. `calls` tells where each call stands in the user's code; `names` holds layers renamed apart."""
    from keras.src.ops.function import make_node_key

    known = {id(call.node): call for call in calls}
    names = names or {}
    ids, nodes = {}, []
    for operation in functional._operations:
        name, count = names.get(id(operation), operation.name), 0
        for index, node in enumerate(operation._inbound_nodes):
            if make_node_key(operation, index) not in functional._nodes:
                continue
            ids[id(node)] = f"{name}:{count}"
            nodes.append(_record(operation, name, f"{name}:{count}", known.get(id(node))))
            count += 1
    edges: dict[tuple[str, str], None] = {}
    for node in own_nodes(functional):
        for parent in node.parent_nodes:
            if id(parent) in ids and id(node) in ids:
                edges[ids[id(parent)], ids[id(node)]] = None
    return Structure(tuple(nodes), tuple(edges))


def _record(operation: Any, name: str, node_id: str, call: CallNode | None) -> StructureNode:
    place: Place | None = call.place if call else None
    owners = [owner.name for owner in call.owners[1:]] if call else []
    file, line = (place.file, place.line) if place else (None, None)
    path = "/".join([*owners, name])
    return StructureNode(node_id, _kind(operation), class_name(operation), name, path, file, line)


def _kind(operation: Any) -> Any:
    if isinstance(operation, keras.layers.InputLayer):
        return "input"
    if isinstance(operation, keras.Layer):
        return "layer"
    if isinstance(operation, RawOperation):
        return "raw-operation"
    return "control" if type(operation).__name__ in CONTROL else "operation"


def class_name(operation: Any) -> str:
    """The class, or for a function of the backend its public name."""
    return operation.api_name if isinstance(operation, RawOperation) else type(operation).__name__


def direct_variables(functional: Any) -> dict[int, Any]:
    """The variables that operations take as arguments, which no layer of the graph owns."""
    from .operations import VariableRead

    found: dict[int, Any] = {}
    for node in own_nodes(functional):
        leaves = keras.tree.flatten((node.arguments.args, node.arguments.kwargs))
        found.update({id(leaf): leaf for leaf in leaves if isinstance(leaf, KerasVariable)})
        if isinstance(node.operation, VariableRead):
            found[id(node.operation.variable)] = node.operation.variable
    return found


def signature(functional: Any) -> list[tuple[Any, ...]]:
    """What two traces of one model must have in common: the calls in order, what each takes, and the outputs."""
    order = own_nodes(functional)
    index = {id(node): i for i, node in enumerate(order)}
    rows: list[tuple[Any, ...]] = []
    for node in order:
        operation = node.operation
        who = id(operation) if _is_shared(operation) else (class_name(operation), _settings(operation))
        parents = tuple(index.get(id(parent)) for parent in node.parent_nodes)
        named = {key: value for key, value in node.arguments.kwargs.items() if key != "training"}
        leaves = keras.tree.flatten((node.arguments.args, named))
        constants = tuple(_constant(leaf) for leaf in leaves if not isinstance(leaf, keras.KerasTensor))
        rows.append((who, parents, constants))
    outputs = tuple(
        index.get(id(t._keras_history.operation._inbound_nodes[t._keras_history.node_index]))
        for t in functional.outputs
    )
    return [*rows, outputs]


def _is_shared(operation: Any) -> bool:
    return isinstance(operation, keras.Layer) and not isinstance(operation, keras.layers.InputLayer)


def _settings(operation: Any) -> tuple[Any, ...]:
    skipped = ("name", "_inbound_nodes", "_outbound_nodes", "_auto_config")
    simple = (str, int, float, bool, tuple, type(None))
    return tuple(
        (key, repr(value)) for key, value in sorted(vars(operation).items())
        if key not in skipped and not key.startswith("_") and isinstance(value, simple)
    )  # fmt: skip


def _constant(leaf: Any) -> Any:
    if isinstance(leaf, KerasVariable):
        return id(leaf)
    if hasattr(leaf, "shape") and hasattr(leaf, "dtype"):
        value = keras.ops.convert_to_numpy(leaf)
        return str(value.dtype), value.shape, hashlib.sha256(value.tobytes()).hexdigest()
    return repr(leaf) if isinstance(leaf, str | int | float | bool | tuple | list | slice | type(None)) else type(leaf)
