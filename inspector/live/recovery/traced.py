"""S2: a `tf.function` trace, for code that decides on values: a graph of layer calls with `If` and `While` nodes.

Every operation made while a layer call is running belongs to that call; the rest are operations of the user's code.
What is in a branch or a loop body is in a graph of its own, and is listed, not drawn. TensorFlow backend only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras

from .forward import call_arguments, run
from .inputs import InputSpec, TensorSpec, map_leaves, random_inputs
from .reasons import reason_at
from .records import Proof, Reason, Structure, StructureNode
from .source import Place, is_library
from .state import attributes_kept, patched, variables_kept

_CONTROL = {"If": "If", "StatelessIf": "If", "Case": "Case", "StatelessCase": "Case", "While": "While",
            "StatelessWhile": "While"}  # fmt: skip
_SILENT = frozenset({"Const", "NoOp", "Identity", "IdentityN", "ReadVariableOp", "StopGradient", "Placeholder"})


@dataclass
class LayerCall:
    """A layer call seen in the trace, with the range of operations it made in the graph it ran in."""

    layer: Any
    graph: Any
    first: int
    depth: int
    place: Place | None
    last: int = -1


@dataclass(frozen=True)
class Traced:
    """What the trace gave: the structure, its control nodes as reasons, and the function itself."""

    structure: Structure
    control: tuple[Reason, ...]
    function: Any


def available() -> bool:
    """Only TensorFlow traces Python code with its branches and loops."""
    return bool(keras.backend.backend() == "tensorflow")


def trace_function(model: Any, spec: InputSpec) -> Traced:
    """Traces `call` for inference. Raises what the user's code, or TensorFlow, raises."""
    import tensorflow as tf

    def tensor_spec(leaf: TensorSpec) -> Any:
        return tf.TensorSpec(leaf.shape, leaf.dtype or "float32")

    args = [map_leaves(tensor_spec, arg) for arg in spec.args]
    kwargs = {key: map_leaves(tensor_spec, value) for key, value in spec.kwargs.items()}
    calls: list[LayerCall] = []

    def body(*args: Any, **kwargs: Any) -> Any:
        with keras.StatelessScope():
            return model.call(*args, **kwargs, **call_arguments(model))

    with _layer_calls(calls), attributes_kept(model._flatten_layers()), variables_kept():
        function = tf.function(body, autograph=True).get_concrete_function(*args, **kwargs)
    structure, control = _Reader(model, function.graph, calls).read()
    return Traced(structure, tuple(control), function)


@contextmanager
def _layer_calls(calls: list[LayerCall]) -> Iterator[None]:
    import tensorflow as tf

    from .source import calling_place

    original, depth = keras.Layer.__call__, [0]

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        graph = tf.compat.v1.get_default_graph()
        made = LayerCall(self, graph, len(graph.get_operations()), depth[0], calling_place())
        calls.append(made)
        depth[0] += 1
        try:
            return original(self, *args, **kwargs)
        finally:
            depth[0] -= 1
            made.last = len(graph.get_operations())

    with patched(keras.Layer, "__call__", call):
        yield


class _Reader:
    """Contracts a function graph to layer calls, control nodes, and operations of the user's own."""

    def __init__(self, model: Any, graph: Any, calls: list[LayerCall]) -> None:
        self.model, self.graph = model, graph
        self.operations = graph.get_operations()
        self.index = {op.name: i for i, op in enumerate(self.operations)}
        self.owner: dict[int, LayerCall] = {}
        self.inside = tuple(dict.fromkeys(c.layer.name for c in calls if _is_inside(c.graph, graph)))
        for call in (c for c in calls if c.graph is graph and c.depth == 0):
            self.owner.update(dict.fromkeys(range(call.first, call.last), call))
        self.nodes: dict[int, StructureNode] = {}
        self.counts: dict[str, int] = {}
        self.edges: dict[tuple[str, str], None] = {}
        self.control: list[Reason] = []

    def read(self) -> tuple[Structure, list[Reason]]:
        """Walks the operations in the order they were made: each hands its sources on to the ones that use it."""
        captured = {id(t) for t in self.graph.internal_captures}
        sources: dict[int, set[str]] = {}
        for i, op in enumerate(self.operations):
            incoming: set[str] = set()
            for tensor in op.inputs:
                incoming |= sources.get(self.index[tensor.op.name], set())
            if op.type == "Placeholder" and id(op.outputs[0]) in captured:
                sources[i] = set()
                continue
            if i not in self.owner and op.type in _SILENT - {"Placeholder"}:
                sources[i] = incoming
                continue
            if i not in self.owner and not incoming and op.type not in ("Placeholder", *_CONTROL):
                sources[i] = set()
                continue
            node = self._node(i, op)
            self.edges.update(dict.fromkeys((source, node.id) for source in sorted(incoming) if source != node.id))
            sources[i] = {node.id}
        nodes = tuple({node.id: node for node in self.nodes.values()}.values())
        return Structure(nodes, tuple(self.edges), self.inside), self.control

    def _node(self, i: int, op: Any) -> StructureNode:
        call = self.owner.get(i)
        key = id(call) if call else -1 - i
        if key not in self.nodes:
            self.nodes[key] = self._layer_node(call) if call else self._operation_node(op)
        return self.nodes[key]

    def _numbered(self, name: str) -> str:
        count = self.counts.get(name, 0)
        self.counts[name] = count + 1
        return f"{name}:{count}"

    def _layer_node(self, call: LayerCall) -> StructureNode:
        name, place = call.layer.name, call.place
        file, line = (place.file, place.line) if place else (None, None)
        return StructureNode(self._numbered(name), "layer", type(call.layer).__name__, name, name, file, line)

    def _operation_node(self, op: Any) -> StructureNode:
        place = _place(op)
        file, line = (place.file, place.line) if place else (None, None)
        kind: Any = "input" if op.type == "Placeholder" else "control" if op.type in _CONTROL else "operation"
        label = _CONTROL.get(op.type, "InputLayer" if kind == "input" else op.type)
        if kind == "control":
            loop = label == "While"
            message = f"a {'loop' if loop else 'branch'} on the value of a tensor ({label})"
            self.control.append(reason_at(f"data-dependent-{'loop' if loop else 'branch'}", message, place))
        name = op.name.rpartition("/")[2]
        return StructureNode(self._numbered(name), kind, label, name, name, file, line)


def _is_inside(graph: Any, outer: Any) -> bool:
    """Whether a function graph, such as a branch, was made within another."""
    current = getattr(graph, "outer_graph", None)
    while current is not None and current is not outer:
        current = getattr(current, "outer_graph", None)
    return current is outer


def _place(op: Any) -> Place | None:
    """The user's innermost line that made the operation; TensorFlow maps generated code back."""
    for frame in reversed(list(op.traceback or ())):
        if not is_library(frame.filename):
            return Place(frame.filename, frame.lineno, frame.name)
    return None


def compared(model: Any, found: Traced, data: InputSpec, seed: int) -> Proof:
    """Runs the traced function and the model on the same data."""
    from .guards import _difference

    args, kwargs = random_inputs(data, seed)
    expected = run(model, args, kwargs, seed)
    tensors = keras.tree.map_structure(keras.ops.convert_to_tensor, (args, kwargs))
    with variables_kept():
        outputs = found.function(*tensors[0], **tensors[1])
    got = [x.numpy() for x in keras.tree.flatten(outputs) if hasattr(x, "numpy")]
    difference = _difference(expected.outputs, got)
    finite = None if difference == float("inf") else difference
    told = "outputs of the model and of the traced function on random inputs; the structure itself does not run"
    return Proof(True, bool(got) and difference <= 1e-5, finite, 1e-5, told)
