"""Values as JSON that tells whether two of them are equal: plain ones as they are, arrays by a hash of their bytes."""

from __future__ import annotations

import hashlib
import json
import types
from collections.abc import Mapping
from typing import Any

import keras

DEEPEST = 5
MOST = 1000  # items of a container
PLAIN = (bool, int, float, str, bytes, type(None))


def hash_array(value: Any) -> str:
    """The SHA-256 of an array's bytes in C order, little-endian as everywhere that Keras runs."""
    import numpy as np

    array = np.ascontiguousarray(keras.ops.convert_to_numpy(value))
    if array.dtype == object:
        return hashlib.sha256(json.dumps(array.tolist(), default=repr).encode()).hexdigest()
    return hashlib.sha256(array.tobytes()).hexdigest()


def describe_variable(variable: Any, with_hash: bool = True) -> dict[str, Any]:
    """A variable's name, shape, dtype and flag, and the hash of its values."""
    return {
        "name": variable.name,
        "shape": list(variable.shape),
        "dtype": keras.backend.standardize_dtype(variable.dtype),
        "trainable": bool(variable.trainable),
        "sha256": hash_array(variable.value) if with_hash else None,
    }


def describe_value(value: Any, depth: int = 0) -> Any:
    """A value that JSON holds; None in a one-item list is None itself, and None alone: not describable."""
    if isinstance(value, PLAIN):
        return [repr(value)]
    if isinstance(value, types.FunctionType):
        return [f"function {value.__qualname__}"]
    if is_array(value):
        return [describe_array(value)]
    if depth >= DEEPEST:
        return None
    if isinstance(value, Mapping):
        items = {str(key): describe_value(item, depth + 1) for key, item in list(value.items())[:MOST]}
        return [{key: item[0] for key, item in items.items() if item}]
    if isinstance(value, list | tuple):
        return [[(item or ["?"])[0] for item in (describe_value(item, depth + 1) for item in value[:MOST])]]
    if isinstance(value, set | frozenset):
        return [sorted(map(repr, value))[:MOST]]
    return None


def is_array(value: Any) -> bool:
    """Arrays, tensors and variables with values; symbolic tensors have none."""
    try:
        if isinstance(value, keras.KerasTensor) or not (hasattr(value, "shape") and hasattr(value, "dtype")):
            return False
        return hasattr(value, "numpy") or hasattr(value, "__array__")
    except Exception:  # a property of the user's that raises
        return False


def describe_array(value: Any) -> str:
    """Dtype, shape and the start of the hash, or the value itself where it is one number."""
    try:
        array = keras.ops.convert_to_numpy(value)
    except Exception:  # a tensor of a graph: it has no value to compare
        return f"tensor of {type(value).__name__}"
    if array.size == 1 and array.dtype != object:
        return f"{array.dtype} {array.reshape(-1)[0]!s}"
    return f"{array.dtype} {list(array.shape)} {hash_array(array)[:12]}"


def as_json(value: Any) -> Any:
    """A config as plain JSON: Keras's own serialised forms, and what is left by its representation."""
    return json.loads(json.dumps(value, default=represent, skipkeys=True))


def represent(value: Any) -> Any:
    if is_array(value):
        return describe_array(value)
    try:
        return keras.saving.serialize_keras_object(value)
    except Exception:  # whatever the user's object raises: it is told by its type
        return f"<{type(value).__name__}>"
