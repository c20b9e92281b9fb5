"""From a live model to the document that the parent process reads: a config as Keras writes it, and facts beside it.

Keras's own serialisation gives up at the first layer without `get_config`. This one writes each layer by
itself, so that one that cannot be serialised is still a box with a name, weights and shapes.
"""

from __future__ import annotations

import inspect
import json
import warnings
from collections.abc import Iterator
from typing import Any

import keras
from keras import tree

Document = dict[str, Any]


def capture_graph(functional: Any, prefix: str = "", facts: Document | None = None) -> Document:
    """A Functional graph as a config of Keras 3, with the facts of each of its layers by path."""
    facts = {} if facts is None else facts
    relevant = {id(node) for level in functional._nodes_by_depth.values() for node in level}
    layers = []
    for operation in functional._operations:
        nodes = [node for node in operation._inbound_nodes if id(node) in relevant]
        data = capture_layer(operation, prefix + operation.name, facts)
        data["name"] = operation.name
        data["inbound_nodes"] = [capture_node(node, relevant) for node in nodes if node.input_tensors]
        facts[prefix + operation.name]["outputs"] = [capture_outputs(operation, node) for node in nodes]
        layers.append(data)
    ends = {
        name: tree.map_structure(lambda t: spell(t, relevant, ends=True), getattr(functional, attribute))
        for name, attribute in (("input_layers", "_inputs_struct"), ("output_layers", "_outputs_struct"))
    }
    config = {"name": functional.name, "trainable": functional.trainable, "layers": layers, **ends}
    return {"module": "keras.src.models.functional", "class_name": "Functional", "config": config, "facts": facts}


def capture_layer(operation: Any, path: str, facts: Document) -> Document:
    """One layer's serialised form, nested models opened, and its facts."""
    facts[path] = layer_facts(operation)
    if isinstance(operation, keras.Sequential) and operation._functional is not None:
        return {**own_class(operation), "config": capture_sequential(operation, path, facts)}
    if is_functional(operation):
        return {**own_class(operation), "config": capture_graph(operation, f"{path}/", facts)["config"]}
    return serialise(operation)


def capture_sequential(model: Any, path: str, facts: Document) -> Document:
    """A built Sequential's config; its layers' calls follow from their order."""
    prefix = f"{path}/" if path else ""
    graph = model._functional
    relevant = {id(node) for level in graph._nodes_by_depth.values() for node in level}
    layers = []
    for layer in model._layers:
        layers.append(capture_layer(layer, prefix + layer.name, facts))
        nodes = [node for node in layer._inbound_nodes if id(node) in relevant]
        facts[prefix + layer.name]["outputs"] = [capture_outputs(layer, node) for node in nodes]
    return {"name": model.name, "trainable": model.trainable, "layers": layers,
            "build_input_shape": list(model._layers[0].batch_shape)}  # fmt: skip


def is_functional(value: Any) -> bool:
    return isinstance(value, keras.Model) and hasattr(value, "_nodes_by_depth")


def own_class(value: Any) -> Document:
    cls = type(value)
    module = "keras" if cls is keras.Sequential else cls.__module__
    return {"module": module, "class_name": cls.__name__, "registered_name": registered_name(cls)}


def registered_name(cls: type) -> str | None:
    name = keras.saving.get_registered_name(cls)
    return name if isinstance(name, str) else None


def serialise(operation: Any) -> Document:
    """Keras's serialised form where there is one that JSON holds; else the name, the flags and the class."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = keras.saving.serialize_keras_object(operation)
        loaded = json.loads(json.dumps(data, default=repr))
        if isinstance(loaded, dict) and isinstance(loaded.get("config"), dict):
            loaded.pop("compile_config", None)
            return loaded
    except Exception:  # the user's get_config: whatever it raises, the layer is shown without its config
        pass
    config: Document = {"name": operation.name}
    if isinstance(operation, keras.Layer):
        config |= {"trainable": operation.trainable, "dtype": operation.dtype_policy.name}
    return {**own_class(operation), "config": config}


def capture_node(node: Any, relevant: set[int]) -> Document:
    """A call's arguments as Keras 3 writes them."""

    def leaf(value: Any) -> Any:
        if isinstance(value, keras.KerasTensor):
            history = spell(value, relevant)
            config = {"shape": list(value.shape), "dtype": value.dtype, "keras_history": history}
            return {"class_name": "__keras_tensor__", "config": config}
        if hasattr(value, "shape") and hasattr(value, "dtype"):
            dtype = keras.backend.standardize_dtype(value.dtype)
            name = getattr(value, "path", None)
            return {"class_name": "__tensor__", "config": {"shape": list(value.shape), "dtype": dtype, "name": name}}
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        try:
            return json.loads(json.dumps(keras.saving.serialize_keras_object(value)))
        except Exception:  # a value that nothing serialises is shown by its type
            return {"class_name": "__object__", "config": {"type": type(value).__name__}}

    args = [tree.map_structure(leaf, item) for item in node.arguments.args]
    return {
        "args": args,
        "kwargs": {key: tree.map_structure(leaf, item) for key, item in node.arguments.kwargs.items()},
    }


def spell(tensor: Any, relevant: set[int], ends: bool = False) -> list[Any]:
    """``[layer, call, output]``, calls counted among this graph's; at the ends a nested Functional counts from one."""
    operation, node, index = tensor._keras_history
    call = sum(id(n) in relevant for n in operation._inbound_nodes[:node])
    return [operation.name, call + (1 if ends and is_functional(operation) else 0), index]


def capture_outputs(operation: Any, node: Any) -> Any:
    """The shapes and dtypes a call returned: one, a list, or an object where a nested model returns one."""
    flat = [[list(t.shape), keras.backend.standardize_dtype(t.dtype)] for t in node.output_tensors]
    struct = getattr(getattr(operation, "_functional", None) or operation, "_outputs_struct", None)
    if isinstance(struct, dict) and len(struct) == len(flat):
        return {"keys": dict(zip(sorted(struct), flat, strict=True))}
    return {"list": flat} if len(flat) != 1 else {"one": flat[0]}


def layer_facts(operation: Any) -> Document:
    """What Keras says of a layer that its config does not hold: kind, build state, weights, source."""
    facts: Document = {"kind": kind_of(operation), "origin": origin_of(type(operation))}
    if isinstance(operation, keras.Layer):
        facts["built"] = bool(operation.built)
        facts["weights"] = [describe_variable(v) for v in operation.weights] if operation.built else None
        facts["own"] = [v.path for v in (*operation._trainable_variables, *operation._non_trainable_variables)]
    else:
        facts["weights"] = []
    return facts


def kind_of(operation: Any) -> str:
    if isinstance(operation, keras.layers.InputLayer):
        return "input"
    if isinstance(operation, keras.Sequential):
        return "sequential"
    if is_functional(operation):
        return "functional"
    if isinstance(operation, keras.Model):
        return "subclassed"
    return "layer" if isinstance(operation, keras.Layer) else "operation"


def describe_variable(variable: Any) -> Document:
    return {"path": variable.path, "name": variable.name, "shape": list(variable.shape),
            "dtype": keras.backend.standardize_dtype(variable.dtype), "trainable": bool(variable.trainable)}  # fmt: skip


def origin_of(cls: type) -> list[Any] | None:
    """The file and line of a class that is not Keras's own."""
    if cls.__module__.partition(".")[0] in ("keras", "builtins"):
        return None
    try:
        return [inspect.getsourcefile(cls), inspect.getsourcelines(cls)[1]]
    except (OSError, TypeError):
        return None


def capture_parts(model: Any, facts: Document, prefix: str = "") -> Iterator[Document]:
    """The layers of a subclassed model whose calls are not known, each by itself."""
    for layer in model.layers:
        path = prefix + layer.name
        data = capture_layer(layer, path, facts)
        data["name"] = layer.name
        facts[path]["outputs"] = []
        yield data
