"""A submodel in Keras's serialised form, in the dialect of the file it comes from.

What the file says of a layer is kept word for word; only names, connections and, where a frozen model is opened,
``trainable`` are written anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..analyses.inference import Evaluation
from ..graph import Graph, Spec, TensorRef, Unknown, map_structure
from ..keras_config.values import CONSTANT, is_history
from .cut import Cut
from .entries import FUNCTIONAL, writes_modules
from .places import Atlas, Scope, Tensor
from .walking import Piece

# Layers of Keras whose call behaves differently in training: a model called with training=False passes it on to them.
TRAINED = frozenset((
    "AlphaDropout", "BatchNormalization", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D",
    "ConvLSTM3D", "Dropout", "GRU", "GaussianDropout", "GaussianNoise", "GroupQueryAttention", "GroupedQueryAttention",
    "LSTM", "MultiHeadAttention", "RNN", "SimpleRNN", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
    "SpectralNormalization", "TimeDistributed",
))  # fmt: skip
Swap = Callable[[TensorRef], TensorRef]


class Encoder:
    """One submodel on its way into what ``config.json`` or the attribute ``model_config`` holds.

    Its shapes are those of an evaluation.
    """

    def __init__(self, cut: Cut, atlas: Atlas, evaluation: Evaluation | Unknown) -> None:
        self.cut = cut
        self.atlas = atlas
        self.offsets: dict[int, dict[str, int]] = {}
        self.evaluation = evaluation if isinstance(evaluation, Evaluation) else None
        self.own_offsets = {
            name: self.offset(piece.calls[0].scope, atlas.layer(piece.calls[0]).name) if piece.names else 1
            for name, piece in cut.pieces.items()
            if piece.layer.inner is not None
        }

    def encode(self) -> dict[str, Any]:
        graph = self.cut.graph
        config = {
            "name": graph.name, "trainable": graph.trainable,
            "layers": [self.encode_layer(piece) for piece in self.cut.pieces.values()],
            "input_layers": self.encode_ends(graph.inputs), "output_layers": self.encode_ends(graph.outputs),
        }  # fmt: skip
        return {**self.root_class(), "config": config}

    def root_class(self) -> dict[str, Any]:
        """The class of the submodel: plain Functional, whatever the parent's is."""
        root = self.atlas.model.graph
        if not writes_modules(self.atlas):
            return {"class_name": "Functional"}
        if self.atlas.modern:
            return dict(FUNCTIONAL)
        module = root.module if root.class_name == "Functional" and root.module else "keras.src.engine.functional"
        return {**FUNCTIONAL, "module": module}

    def encode_layer(self, piece: Piece) -> dict[str, Any]:
        name = piece.layer.name
        data = {key: value for key, value in piece.data.items() if key not in ("name", "inbound_nodes")}
        config = data.get("config")
        if isinstance(config, dict):
            if config.get("name", name) != name or "name" in piece.layer.config:
                config = {**config, "name": name} if "name" in config else config
            data["config"] = {**config, "trainable": False} if piece.frozen and "trainable" in config else config
        nodes = [] if piece.layer.kind == "input" else [self.encode_call(piece, n) for n in range(len(piece.calls))]
        return {**data, "name": name, "inbound_nodes": nodes}

    def encode_call(self, piece: Piece, number: int) -> Any:
        """One call: the file's own record of it with other tensors; made anew where a Sequential states none."""
        tensor = piece.calls[number]
        stored = piece.data.get("inbound_nodes") if piece.names else None
        training = self.training(tensor.scope) if piece.layer.class_name in TRAINED else None
        if not stored:
            return self.make_call(piece.layer.calls[number].refs(), training)

        def swap(ref: TensorRef) -> TensorRef:
            return self.cut.point(Tensor(tensor.scope, ref))

        node = stored[tensor.ref.call]
        if isinstance(node, dict) and "args" in node:
            made = {key: self.rewrite(value, swap) for key, value in node.items()}
            if training is not None and made.get("kwargs", {}).get("training") is None:
                made["kwargs"] = {**made.get("kwargs", {}), "training": training}
            return made
        return self.rewrite_legacy(node, swap, tensor.scope, training)

    def make_call(self, refs: list[TensorRef], training: bool | None) -> Any:
        kwargs = {} if training is None else {"training": training}
        if self.atlas.modern:
            return {"args": [self.encode_tensor(ref, {}) for ref in refs], "kwargs": kwargs}
        return [[ref.layer, ref.call + self.own_offsets.get(ref.layer, 0), ref.output, kwargs] for ref in refs]

    def encode_tensor(self, ref: TensorRef, config: Mapping[str, Any]) -> dict[str, Any]:
        """A tensor as Keras 3 writes it; the shape as it is in the submodel, where that is known."""
        spec = self.evaluation.tensor(ref) if self.evaluation else None
        shape = list(spec.shape) if isinstance(spec, Spec) else config.get("shape")
        dtype = spec.dtype if isinstance(spec, Spec) else config.get("dtype", "float32")
        made = {**config, "shape": shape, "dtype": dtype, "keras_history": [ref.layer, ref.call, ref.output]}
        return {"class_name": "__keras_tensor__", "config": made}

    def rewrite(self, value: Any, swap: Swap) -> Any:
        """An argument of a call of Keras 3."""
        if isinstance(value, list):
            return [self.rewrite(item, swap) for item in value]
        if not isinstance(value, dict):
            return value
        config = value.get("config")
        if value.get("class_name") == "__keras_tensor__" and isinstance(config, dict) and config.get("keras_history"):
            return self.encode_tensor(swap(TensorRef(*config["keras_history"][:3])), config)
        return {key: self.rewrite(item, swap) for key, item in value.items()}

    def rewrite_legacy(self, value: Any, swap: Swap, scope: Scope, training: bool | None = None) -> Any:
        """A call of Keras 2, or an argument in it."""
        if is_history(value):
            kwargs = [self.rewrite_legacy(item, swap, scope) for item in value[3:]]
            if training is not None and kwargs and kwargs[0].get("training") is None:
                kwargs[0] = {**kwargs[0], "training": training}
            if value[0] == CONSTANT:
                return [*value[:3], *kwargs]
            ref = swap(TensorRef(value[0], value[1] - self.offset(scope, value[0]), value[2]))
            return [ref.layer, ref.call + self.own_offsets.get(ref.layer, 0), ref.output, *kwargs]
        if isinstance(value, list):
            return [self.rewrite_legacy(item, swap, scope, training) for item in value]
        if isinstance(value, dict):
            return {key: self.rewrite_legacy(item, swap, scope) for key, item in value.items()}
        return value

    def training(self, scope: Scope) -> bool | None:
        """The ``training`` that the innermost opened model around a call was called with, if any was."""
        for depth in range(len(scope) - 1, -1, -1):
            name, number = scope[depth]
            call = self.atlas.graph(scope[:depth]).by_name[name].calls[number]
            given = call.kwargs.get("training", call.args[1] if len(call.args) > 1 else None)
            if isinstance(given, (bool, int)):
                return bool(given)
        return None

    def offset(self, scope: Scope, name: str) -> int:
        """What Keras 2 counts a nested model's calls from in a graph: 1, unless it was made without an input shape."""
        graph = self.atlas.graph(scope)
        if id(graph) not in self.offsets:
            self.offsets[id(graph)] = {} if self.atlas.modern else find_offsets(graph, self.atlas.data(scope))
        return self.offsets[id(graph)].get(name, 0)

    def encode_ends(self, structure: Any) -> Any:
        """Inputs or outputs. Keras 3 counts the calls of Functional models from 1 here, and only here."""

        def encode(ref: TensorRef) -> list[Any]:
            layer = self.cut.graph.by_name[ref.layer]
            shift = int(layer.kind == "functional") if self.atlas.modern else self.own_offsets.get(ref.layer, 0)
            return [ref.layer, ref.call + shift, ref.output]

        if isinstance(structure, TensorRef):
            return encode(structure) if self.atlas.modern else [encode(structure)]
        return map_structure(encode, structure)


def find_offsets(graph: Graph, data: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """For every nested model the lowest call that the file's own record of the connections names."""
    nested = {layer.name for layer in graph.layers if layer.inner is not None}
    lowest: dict[str, int] = {}
    stack: list[Any] = [[item.get("inbound_nodes") for item in data.values()], graph.config.get("output_layers")]
    while stack:
        value = stack.pop()
        if is_history(value) and value[0] in nested:
            lowest[value[0]] = min(value[1], lowest.get(value[0], value[1]))
        if isinstance(value, (list, tuple)):
            stack.extend(value)
        elif isinstance(value, dict):
            stack.extend(value.values())
    found = {name: int(call > 0) for name, call in lowest.items()}
    return {name: found.get(name, 1) for name in nested}


__all__ = ["TRAINED", "Encoder"]
