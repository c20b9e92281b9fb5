"""What Keras says of a layer that its config does not hold: kind, build state, weights, source."""

from __future__ import annotations

import inspect
from typing import Any

import keras

Document = dict[str, Any]


def layer_facts(operation: Any) -> Document:
    """The facts of one layer or operation, fit for JSON."""
    facts: Document = {"kind": kind_of(operation), "origin": origin_of(type(operation)), "weights": []}
    if isinstance(operation, keras.Layer):
        facts["built"] = bool(operation.built)
        facts["weights"] = [describe_variable(v) for v in operation.weights] if operation.built else None
        facts["built_shape"] = shape_by_build(operation)
    return facts


def shape_by_build(layer: Any) -> Any:
    """The output shape of a layer that no graph calls, from the shapes it was built with, as Keras's summary has it."""
    if not layer.built or not getattr(layer, "_build_shapes_dict", None):
        return None
    try:
        shape = layer.compute_output_shape(**layer._build_shapes_dict)
    except Exception:  # a layer's own code: whatever it raises, Keras prints "?"
        return None
    return list(shape) if isinstance(shape, tuple) and all(d is None or type(d) is int for d in shape) else None


def is_functional(value: Any) -> bool:
    return isinstance(value, keras.Model) and hasattr(value, "_nodes_by_depth")


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
    dtype = keras.backend.standardize_dtype(variable.dtype)
    return {"path": variable.path, "name": variable.name, "shape": list(variable.shape), "dtype": dtype,
            "trainable": bool(variable.trainable)}  # fmt: skip


def origin_of(cls: type) -> list[Any] | None:
    """The file and line of a class that is not Keras's own."""
    if cls.__module__.partition(".")[0] in ("keras", "tf_keras", "builtins", "inspector"):
        return None
    try:
        return [inspect.getsourcefile(cls), inspect.getsourcelines(cls)[1]]
    except (OSError, TypeError):
        return None
