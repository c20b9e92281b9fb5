"""What a cut adds to a model: new inputs, and models of one input that convert what enters them as Keras does."""

from __future__ import annotations

from typing import Any

from ..graph import Call, Graph, Layer, Spec, TensorRef
from .places import Atlas, Scope

FUNCTIONAL = {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional"}


def entry_layer(atlas: Atlas, name: str, spec: Spec) -> Layer:
    """A new InputLayer for a tensor of this shape and dtype, in the words of the Keras that wrote the file."""
    shape = "batch_shape" if atlas.modern else "batch_input_shape"
    config = {shape: list(spec.shape), "dtype": spec.dtype, "sparse": False, "ragged": False, "name": name}
    return Layer(name, "InputLayer", "input", config, "keras.layers", calls=(Call(),))


def entry_data(atlas: Atlas, layer: Layer) -> dict[str, Any]:
    """An InputLayer that the file does not serialise: a new one, or the one Keras itself puts before a Sequential."""
    config = dict(layer.config)
    old, new = ("batch_input_shape", "batch_shape") if atlas.modern else ("batch_shape", "batch_input_shape")
    if old in config:
        config[new] = config.pop(old)
    if isinstance(config.get("dtype"), dict):
        policy = config["dtype"].get("config") or {}
        config["dtype"] = policy.get("name", "float32") if isinstance(policy, dict) else "float32"
    plain = {"class_name": "InputLayer", "config": config}
    return {"module": "keras.layers", **plain, "registered_name": None} if writes_modules(atlas) else plain


def writes_modules(atlas: Atlas) -> bool:
    """Whether the file names the module of every class, as ``.keras`` does and ``.h5`` does not."""
    return any("module" in data for data in atlas.model.graph.config.get("layers") or ())


def pass_through(atlas: Atlas, scope: Scope, entry: str, name: str) -> tuple[Layer, dict[str, Any]]:
    """A model that gives what it gets, cast and shaped as the input of another model has it."""
    layer = atlas.graph(scope).by_name[entry]
    ref = TensorRef(entry, 0, 0)
    data = dict(atlas.data(scope).get(entry) or entry_data(atlas, layer))
    end: Any = [entry, 0, 0] if atlas.modern else [[entry, 0, 0]]
    config = {
        "name": name, "trainable": True, "layers": [{**data, "name": entry, "inbound_nodes": []}],
        "input_layers": end, "output_layers": end,
    }  # fmt: skip
    inner = Graph(name, "Functional", "functional", (layer,), ref, ref, config)
    kind = FUNCTIONAL if writes_modules(atlas) and atlas.modern else {"class_name": "Functional"}
    return Layer(name, "Functional", "functional", config, inner=inner), {**kind, "config": config}
