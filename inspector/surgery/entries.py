"""What a cut adds to a model: new inputs, and models of one input that convert what enters them as Keras does."""

from __future__ import annotations

from typing import Any

from ..graph import Call, Graph, Layer, Spec, TensorRef
from .places import Atlas, Scope, Tensor

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


def pass_through(
    atlas: Atlas, scope: Scope, entry: str, name: str, *, reshapes: bool = False
) -> tuple[Layer, dict[str, Any]]:
    """A model that gives what it gets, cast and shaped as the input of another model has it.

    With ``reshapes`` a layer stands behind its input: Keras 3 takes an input of another rank that is given as it is for
    the tensor that was put in.
    """
    layer = atlas.graph(scope).by_name[entry]
    ref = TensorRef(entry, 0, 0)
    data = dict(atlas.data(scope).get(entry) or entry_data(atlas, layer))
    layers: tuple[Layer, ...] = (layer,)
    datas = [{**data, "name": entry, "inbound_nodes": []}]
    if reshapes and atlas.modern:
        behind, last = same_layer(atlas, Tensor(scope, ref))
        layers, datas, ref = (layer, behind), [*datas, last], TensorRef(behind.name, 0, 0)
    start, end = ([name, 0, 0] if atlas.modern else [[name, 0, 0]] for name in (entry, ref.layer))
    config = {
        "name": name, "trainable": True, "layers": datas, "input_layers": start, "output_layers": end,
    }  # fmt: skip
    inner = Graph(name, "Functional", "functional", layers, TensorRef(entry, 0, 0), ref, config)
    kind = FUNCTIONAL if writes_modules(atlas) and atlas.modern else {"class_name": "Functional"}
    return Layer(name, "Functional", "functional", config, inner=inner), {**kind, "config": config}


def same_layer(atlas: Atlas, tensor: Tensor) -> tuple[Layer, dict[str, Any]]:
    """A layer of Keras 3 that gives a tensor as it is."""
    spec, ref = atlas.spec(tensor), tensor.ref
    assert isinstance(spec, Spec)
    name = f"{ref.layer}_shaped"
    config = {"name": name, "trainable": True, "dtype": spec.dtype, "activation": "linear"}
    taken = {"shape": list(spec.shape), "dtype": spec.dtype, "keras_history": list(ref)}
    nodes = [{"args": [{"class_name": "__keras_tensor__", "config": taken}], "kwargs": {}}]
    plain = {"class_name": "Activation", "config": config, "name": name, "inbound_nodes": nodes}
    data = {"module": "keras.layers", **plain, "registered_name": None} if writes_modules(atlas) else plain
    return Layer(name, "Activation", "layer", config, "keras.layers", calls=(Call((ref,)),)), data
