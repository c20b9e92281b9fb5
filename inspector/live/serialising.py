"""Layers, operations and arguments in Keras's own serialised form, where there is one that JSON holds."""

from __future__ import annotations

import json
import warnings
from typing import Any

import keras

from .facts import Document
from .recovery.graph import class_name
from .recovery.operations import Constant, RandomDraw, RawOperation, VariableRead

MOST_VALUES = 10_000  # of a constant that stands in a call; a larger one is told by its shape


def own_class(value: Any) -> Document:
    """Module, class and registered name, as Keras's files state them."""
    cls = type(value)
    if cls.__module__.startswith("keras.src.") and (name := exported_name(cls)) is not None:
        module, _, short = name.rpartition(".")
        return {"module": module, "class_name": short, "registered_name": None}
    return {"module": cls.__module__, "class_name": cls.__name__, "registered_name": registered_name(cls)}


def exported_name(cls: type) -> str | None:
    from keras.src.api_export import get_name_from_symbol

    name = get_name_from_symbol(cls)
    return name if isinstance(name, str) else None


def registered_name(cls: type) -> str | None:
    name = keras.saving.get_registered_name(cls)
    return name if isinstance(name, str) else None


def serialise(operation: Any) -> Document:
    """Keras's serialised form where there is one that JSON holds; else the name, the flags and the class."""
    if isinstance(operation, (Constant, RandomDraw, RawOperation, VariableRead)):
        return serialise_recorded(operation)
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


def serialise_recorded(operation: Any) -> Document:
    """What a recovered graph holds besides Keras's own operations: values, draws and functions of the backend."""
    config: Document = {"name": operation.name}
    if isinstance(operation, VariableRead):
        config["variable"] = operation.variable.path
    elif isinstance(operation, Constant):
        config |= {"shape": list(operation.value.shape), "dtype": dtype_of(operation.value)}
    elif isinstance(operation, RandomDraw):
        config["function"] = f"keras.random.{operation.function.__name__}"
    return {"module": "kinspect", "class_name": class_name(operation), "registered_name": None, "config": config}


def serialise_argument(value: Any) -> Any:
    """An argument of a call that is no tensor of the graph."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return serialise_constant(value)
    try:
        return json.loads(json.dumps(keras.saving.serialize_keras_object(value)))
    except Exception:  # a value that nothing serialises is shown by its type
        return {"class_name": "__object__", "config": {"type": type(value).__name__}}


def serialise_constant(value: Any) -> Document:
    """A tensor that stands in a call: its shape, its dtype, and its values where they are few."""
    config: Document = {"shape": list(value.shape), "dtype": dtype_of(value)}
    if isinstance(value, keras.Variable):
        config["variable"] = value.path
    elif all(isinstance(d, int) for d in value.shape):
        size = 1
        for dim in value.shape:
            size *= dim
        if size <= MOST_VALUES:
            config["value"] = keras.ops.convert_to_numpy(value).tolist()
    return {"class_name": "__tensor__", "config": config}


def dtype_of(value: Any) -> str:
    return str(keras.backend.standardize_dtype(value.dtype))
