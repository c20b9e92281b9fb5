"""The config of an ``.h5`` file in the words of Keras 3's ``.keras`` format: modules, registered names, calls.

Files of Keras 3 differ in the names of classes alone. Those of Keras 2 differ in arguments and calls too: what has
another name gets it, what only says what Keras 3 does anyway is left out, and all else is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..analyses.inference import Evaluation
from ..errors import NotExtractable
from ..graph import Call, Constant, Graph, Layer, Spec, TensorRef, Unknown, map_structure, replace
from ..layers import find_knowledge
from .encoding import TRAINED, Encoder
from .entries import FUNCTIONAL
from .renaming import rename_layer, without_slashes
from .variables import CELLED
from .walking import Piece

HINT = "-o FILE.h5 keeps the form of the source"
HELD = ("layer", "cell", "cells", "forward_layer", "backward_layer")
NEUTRAL: dict[str, tuple[Any, ...]] = {  # arguments of Keras 2 that Keras 3 has not, by the values that it acts on
    "groups": (1,), "time_major": (False,), "rng_type": ("stateful", None), "softmax_robust_masking": (False,),
    "noise_shape": (None,), "activity_regularizer": (None,), "unroll": (False,), "ragged": (False, None),
}  # fmt: skip
HAVE = {  # classes that take an argument of this name in Keras 3 as well
    "groups": ("Conv1D", "Conv2D", "Conv3D", "GroupNormalization"), "noise_shape": ("Dropout", "AlphaDropout"),
    "unroll": ("LSTM", "GRU", "SimpleRNN", "RNN"),
}  # fmt: skip
GONE = ("batch_input_shape", "input_length", "key_shape", "query_shape", "value_shape", "input_shape")
SEPARABLE = ("SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D")
OTHERWISE = ("hard_sigmoid",)  # functions that give other numbers in Keras 3
CHANGED = ("Discretization", "IntegerLookup", "RandomCrop", "StringLookup", "TextVectorization")  # and classes
UNTRAINED = ("CategoryEncoding", "Hashing", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")
OF_FLOATS = ("Random", "GlobalAveragePooling", "LayerNormalization")  # what is not the same on integers
RENAMED = {"GroupedQueryAttention": "GroupQueryAttention"}  # from the class's own name to the one it is exported by


def encode_modern(encoder: Encoder) -> dict[str, Any]:
    """The submodel of an ``.h5`` file as a ``.keras`` archive holds it. Raises `NotExtractable`."""
    for name, piece in encoder.cut.pieces.items():
        refuse_layer(piece.layer, piece.path or name, modern=encoder.atlas.modern)
    if not encoder.atlas.modern:
        return Upgrade(encoder).encode()
    data = encoder.encode()["config"]
    return {**FUNCTIONAL, "config": {**data, "layers": [with_module(layer) for layer in data["layers"]]}}


def encode_plain(encoder: Encoder) -> dict[str, Any]:
    """The submodel of a ``.keras`` archive as an ``.h5`` file holds it: Keras reads layers that name their modules too.

    Raises `NotExtractable` for the one value in calls that it reads in archives alone.
    """
    config = encoder.encode()["config"]
    stack: list[Any] = [layer.get("inbound_nodes") for layer in config["layers"]]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            if value.get("class_name") == "__ellipsis__":
                raise NotExtractable("a layer is called with '...', which Keras does not read from .h5 files",
                                     hint="-o FILE.keras")  # fmt: skip
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
    return {"class_name": "Functional", "config": config}


def refuse_layer(layer: Layer, path: str, *, modern: bool) -> None:
    """Raise `NotExtractable` for a layer whose config cannot be said otherwise, for sure."""
    stack = [layer]
    while stack:
        found = stack.pop()
        if found.kind == "operation":
            raise NotExtractable(f"{path!r}: {found.class_name} is an operation of which .h5 files say too little",
                                 hint=HINT)  # fmt: skip
        axis = found.config.get("axis")
        if modern and isinstance(axis, list) and len(axis) > 1:
            raise NotExtractable(
                f"{path!r}: Keras itself loses axis={axis} of {found.class_name} in .h5 files", hint=HINT
            )
        if not modern and (found.class_name in CHANGED or is_unrolled_stack(found)):
            raise NotExtractable(f"{path!r}: {found.class_name} gives something else in Keras 3 than in Keras 2",
                                 hint=HINT)  # fmt: skip
        if found.class_name == "Lambda" and not modern:
            raise NotExtractable(f"{path!r}: the code of a Lambda of Keras 2 is not read by Keras 3", hint=HINT)
        if not modern and found.inner is None and found.kind != "input" and find_knowledge(found) is None:
            raise NotExtractable(f"{path!r}: {found.class_name} is a custom layer of Keras 2", hint=HINT)
        for part in found.wraps.values():
            stack.extend(item for item in (part if isinstance(part, list) else [part]) if isinstance(item, Layer))
        if found.inner is not None:
            stack.extend(found.inner.layers)


def is_unrolled_stack(layer: Layer) -> bool:
    """Whether a layer is what Keras 3 has a fault in: a stack of cells, unrolled."""
    cell = layer.wraps.get("cell")
    return bool(layer.config.get("unroll")) and isinstance(cell, Layer) and cell.class_name == "StackedRNNCells"


def with_module(data: Mapping[str, Any]) -> dict[str, Any]:
    """A serialised layer of Keras 3 with its module and registered name, those that it holds too."""
    if "module" in data:
        return {**data, "config": below(data.get("config"))}
    return {**name_class(str(data["class_name"])), **{key: value for key, value in data.items() if key != "class_name"},
            "config": below(data.get("config"))}  # fmt: skip


def below(config: Any) -> Any:
    """A layer's config with what it holds named by module."""
    if not isinstance(config, Mapping):
        return config
    changed: dict[str, Any] = {}
    for key in ("layers", *HELD):
        value = config.get(key)
        if isinstance(value, list):
            changed[key] = [with_module(item) if is_serialised(item) else item for item in value]
        elif isinstance(value, Mapping) and is_serialised(value):
            changed[key] = with_module(value)
    return {**config, **changed}


def is_serialised(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("class_name"), str) and "config" in value


def name_class(class_name: str) -> dict[str, Any]:
    """Module, class and registered name, from the one name that ``.h5`` files have."""
    class_name = RENAMED.get(class_name, class_name)
    if class_name in ("Functional", "Model"):
        return dict(FUNCTIONAL)
    if class_name == "Sequential":
        return {"module": "keras", "class_name": class_name, "registered_name": None}
    if ">" not in class_name and find_knowledge(Layer(class_name, class_name, "layer", {})) is not None:
        return {"module": "keras.layers", "class_name": class_name, "registered_name": None}
    if class_name == "InputLayer":
        return {"module": "keras.layers", "class_name": class_name, "registered_name": None}
    return {"module": None, "class_name": class_name.rpartition(">")[2], "registered_name": class_name}


class Upgrade:
    """A submodel of Keras 2 on its way into a config of Keras 3."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.inference = encoder.atlas.inference

    def encode(self) -> dict[str, Any]:
        pieces = self.encoder.cut.pieces
        layers = [(piece.layer, piece.data, self.find_calls(piece)) for piece in pieces.values()]
        return {**FUNCTIONAL, "config": self.encode_graph(self.encoder.cut.graph, layers, self.encoder.evaluation)}

    def find_calls(self, piece: Piece) -> list[Call]:
        """The calls of a layer of the submodel, with the training mode of the models around that were opened."""
        calls = list(piece.layer.calls)
        if piece.layer.class_name not in TRAINED or not piece.names:
            return calls
        for number, tensor in enumerate(piece.calls):
            training = self.encoder.training(tensor.scope)
            if training is not None and calls[number].kwargs.get("training") is None:
                calls[number] = Call(calls[number].args, {**calls[number].kwargs, "training": training})
        return calls

    def encode_graph(
        self, graph: Graph, layers: list[tuple[Layer, Mapping[str, Any], list[Call]]], evaluation: Evaluation | None
    ) -> dict[str, Any]:
        names = without_slashes(layer.name for layer, _, _ in layers)

        def encode_end(ref: TensorRef) -> list[Any]:
            return [
                names.get(ref.layer, ref.layer),
                ref.call + int(graph.by_name[ref.layer].kind == "functional"),
                ref.output,
            ]

        encoded = []
        for layer, data, calls in layers:
            nodes = [] if layer.kind == "input" else [self.encode_call(layer, call, evaluation) for call in calls]
            name = names.get(layer.name, layer.name)
            data = {**self.encode_layer(layer, data), "name": name, "inbound_nodes": nodes}
            encoded.append(rename_layer(data, name, names) if names else data)
        return {
            "name": graph.name.replace("/", "_"), "trainable": graph.trainable, "layers": encoded,
            "input_layers": map_structure(encode_end, graph.inputs),
            "output_layers": map_structure(encode_end, graph.outputs),
        }  # fmt: skip

    def encode_layer(self, layer: Layer, data: Mapping[str, Any]) -> dict[str, Any]:
        inner, name = layer.inner, layer.name.replace("/", "_")
        if inner is None:
            named = name_class(layer.class_name)
            config = dict(layer.config) if layer.kind == "input" else {**(data.get("config") or {}), "name": name}
            if layer.kind != "input" and not layer.trainable and "trainable" in config:
                config["trainable"] = False
            return {**named, "config": self.upgrade_config(layer, config)}
        datas = {str(d.get("name") or (d.get("config") or {}).get("name")): d for d in inner.config.get("layers") or ()}
        parts = [(part, datas.get(part.name, {"config": dict(part.config)}), list(part.calls)) for part in inner.layers]
        if inner.kind == "sequential":
            names = without_slashes(part.name for part in inner.layers)
            layers = [
                rename_layer(self.encode_layer(part, found), names.get(part.name, part.name), {})
                for part, found, _ in parts
            ]
            config = {"name": name, "trainable": layer.trainable, "layers": layers}
            return {**name_class("Sequential"), "config": config}
        evaluation = self.inference.evaluate(inner)
        inner = replace(inner, inputs=unpack(inner.inputs), outputs=unpack(inner.outputs))
        config = self.encode_graph(inner, parts, None if isinstance(evaluation, Unknown) else evaluation)
        return {**FUNCTIONAL, "config": {**config, "name": name, "trainable": layer.trainable}}

    def upgrade_config(self, layer: Layer, config: dict[str, Any]) -> dict[str, Any]:
        """A layer's arguments in Keras 3's words. Raises `NotExtractable` for one that it does otherwise."""
        shape = config.get("batch_input_shape", config.get("batch_shape"))
        made = {key: value for key, value in config.items() if key not in GONE and is_taken(layer, key, value)}
        for key, value in made.items():
            if key in ("activation", "recurrent_activation") and value in OTHERWISE:
                raise NotExtractable(f"{layer.name!r}: Keras 3 has another function {value!r} than Keras 2", hint=HINT)
        if layer.kind == "input":
            kept: dict[str, Any] = {key: made[key] for key in ("dtype", "sparse") if key in made}
            return {**kept, "name": config["name"], "batch_shape": list(shape or ())}
        if isinstance(made.get("axis"), list) and len(made["axis"]) == 1:
            made["axis"] = int(made["axis"][0])
        if layer.class_name == "LeakyReLU" and "alpha" in made:
            made["negative_slope"] = made.pop("alpha")
        if isinstance(made.get("dtype"), Mapping) and made["dtype"].get("class_name") == "Policy":
            made["dtype"] = {"module": "keras", "class_name": "DTypePolicy", "registered_name": None,
                             "config": {"name": made["dtype"]["config"]["name"]}}  # fmt: skip
        for key in HELD:
            part = layer.wraps.get(key)
            if isinstance(part, Layer):
                made[key] = self.encode_layer(part, made[key])
            elif isinstance(part, list):
                made[key] = [self.encode_layer(*both) for both in zip(part, made[key], strict=True)]
        return made

    def encode_call(self, layer: Layer, call: Call, evaluation: Evaluation | None) -> dict[str, Any]:
        args, kwargs = list(call.args), dict(call.kwargs)
        if args and isinstance(args[0], list) and layer.class_name in (*CELLED, "RNN", "Bidirectional"):
            args, kwargs = args[0][:1], {**kwargs, "initial_state": args[0][1:]}  # Keras 2 has the state behind them

        def encode(leaf: Any) -> Any:
            if isinstance(leaf, TensorRef):
                tensor = self.encode_tensor(leaf, evaluation)
                if layer.class_name.startswith(OF_FLOATS) and "float" not in tensor["config"]["dtype"]:
                    raise NotExtractable(f"{layer.name!r}: Keras 3 computes otherwise on integers than Keras 2",
                                         hint=HINT)  # fmt: skip
                return tensor
            if leaf is None or isinstance(leaf, (bool, int, float, str)):
                return leaf
            what = "a tensor" if isinstance(leaf, Constant) else type(leaf).__name__
            raise NotExtractable(f"{layer.name!r} is called with {what} stored in the config", hint=HINT)

        return {"args": map_structure(encode, args), "kwargs": map_structure(encode, kwargs)}

    def encode_tensor(self, ref: TensorRef, evaluation: Evaluation | None) -> dict[str, Any]:
        spec = evaluation.tensor(ref) if evaluation else Unknown("its model is not known")
        if not isinstance(spec, Spec):
            raise NotExtractable(f"the shape of what {ref.layer!r} gives is not known: {spec.why}", hint=HINT)
        config = {"shape": list(spec.shape), "dtype": spec.dtype, "keras_history": list(ref)}
        return {"class_name": "__keras_tensor__", "config": config}


def unpack(structure: Any) -> Any:
    """What Keras 2 gives for a list of one tensor: the tensor."""
    return structure[0] if isinstance(structure, list) and len(structure) == 1 else structure


def is_taken(layer: Layer, key: str, value: Any) -> bool:
    """Whether Keras 3 takes an argument. Raises `NotExtractable` where it does not, and acts in another way."""
    kind = layer.class_name
    if key not in NEUTRAL or kind in HAVE.get(key, ()):
        return not (
            (kind in SEPARABLE[:2] and key in ("kernel_initializer", "kernel_regularizer", "kernel_constraint"))
            or (kind in UNTRAINED and key == "trainable")
            or (key == "vocabulary_size" and value is None)
        )
    if key == "activity_regularizer":
        return True
    if value not in NEUTRAL[key]:
        raise NotExtractable(f"{layer.name!r}: Keras 3 has no {key}={value!r} for {kind}", hint=HINT)
    return False
