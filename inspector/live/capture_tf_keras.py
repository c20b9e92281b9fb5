"""Models of tf_keras (Keras 2): their config as they write it themselves, and the weights of each layer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .compiling import compile_config
from .facts import Document, origin_of

NOT_KERAS_3 = "its calls are in its code, and their recovery works on Keras 3"


def describe_tf_keras(model: Any) -> Document:
    """The document of a live tf_keras model; a subclassed one is the list of its layers."""
    import tf_keras

    facts: Document = {}
    data = serialised(model)
    kind = kind_of(model)
    if data is None:
        head = {"name": model.name, "trainable": model.trainable}
        parts = list(describe_parts(model, facts))
        data = {"module": type(model).__module__, "class_name": type(model).__name__, "config": head, "parts": parts}
    else:
        put_facts(model, facts, "")
    optimizer = getattr(model, "optimizer", None)
    variables = getattr(optimizer, "variables", ())
    verdict: Document = {"verdict": "declared", "class_name": type(model).__name__, "strategy": "declared"}
    if kind == "subclassed":
        reason = {"code": "not-symbolic", "message": f"{type(model).__name__} is a model of tf_keras: {NOT_KERAS_3}"}
        verdict |= {"verdict": "opaque", "strategy": None, "reasons": [reason]}
    return {
        "kind": kind, "keras_version": tf_keras.__version__, "backend": "tensorflow", "origin": origin_of(type(model)),
        "parts": {"": verdict}, "notes": [], "training": training_config(model), "recovery": None, "model": data,
        "optimizer": [describe_variable(v) for v in (variables() if callable(variables) else variables)],
        "built": bool(model.built), "facts": facts, "variables": own_variables(model, facts) if model.built else [],
    }  # fmt: skip


def serialised(model: Any) -> Document | None:
    """``to_json`` of Sequential and Functional models; ``None`` where there is no graph, or it cannot be written."""
    if kind_of(model) == "subclassed":
        return None
    try:
        data = json.loads(model.to_json())
    except Exception:  # the user's get_config: whatever it raises, the layers are listed one by one
        return None
    return data if isinstance(data, dict) else None


def kind_of(layer: Any) -> str:
    import tf_keras

    if isinstance(layer, tf_keras.layers.InputLayer):
        return "input"
    if isinstance(layer, tf_keras.Sequential):
        return "sequential"
    if isinstance(layer, tf_keras.Model):
        return "functional" if getattr(layer, "_is_graph_network", False) else "subclassed"
    operation = type(layer).__name__ in ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod")
    return "operation" if operation else "layer"


def put_facts(model: Any, facts: Document, prefix: str) -> None:
    """Kinds and weights by path; the layers of nested models too."""
    for layer in model._self_tracked_trackables if kind_of(model) == "sequential" else model.layers:
        path = prefix + layer.name
        facts[path] = layer_facts(layer)
        if kind_of(layer) in ("sequential", "functional"):
            put_facts(layer, facts, f"{path}/")


def layer_facts(layer: Any) -> Document:
    weights = [describe_variable(v) for v in layer.weights] if layer.built else None
    return {"kind": kind_of(layer), "origin": origin_of(type(layer)), "built": bool(layer.built), "weights": weights}


def describe_parts(model: Any, facts: Document) -> Iterator[Document]:
    """The layers of a subclassed model, nested graphs opened."""
    for layer in model.layers:
        facts[layer.name] = layer_facts(layer)
        data = serialised(layer) if kind_of(layer) in ("sequential", "functional") else None
        if data is not None:
            put_facts(layer, facts, f"{layer.name}/")
            yield {**data, "name": layer.name}
            continue
        config = {"name": layer.name, "trainable": layer.trainable, "dtype": layer.dtype}
        try:
            config = {**json.loads(json.dumps(layer.get_config(), default=repr)), "name": layer.name}
        except Exception:  # the user's get_config
            pass
        yield {"module": module_of(layer), "class_name": type(layer).__name__, "name": layer.name, "config": config}


def module_of(layer: Any) -> str:
    module = type(layer).__module__
    return "keras.layers" if module.startswith("tf_keras.src.layers") else module


def describe_variable(variable: Any) -> Document:
    path = variable.name.partition(":")[0]
    return {"path": path, "name": path.rpartition("/")[2], "shape": list(variable.shape),
            "dtype": variable.dtype.name, "trainable": bool(variable.trainable)}  # fmt: skip


def own_variables(model: Any, facts: Document) -> list[Document]:
    """Variables that stand on a subclassed model itself."""
    if kind_of(model) != "subclassed":
        return []
    listed = {id(v) for layer in model.layers for v in layer.weights}
    return [describe_variable(v) for v in model.weights if id(v) not in listed]


def training_config(model: Any) -> Document | None:
    try:
        config = json.loads(json.dumps(compile_config(model), default=repr))
    except (TypeError, ValueError):  # keys that JSON has not: it is compiled, and that is all there is to say
        return {}
    return config if isinstance(config, dict) else None
