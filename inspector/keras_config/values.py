"""Values inside configs: tensors, constants and the special objects of Keras 3's serialization library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import UnreadableModel
from ..graph import Constant, Shape, Spec, TensorRef

CONSTANT = "_CONSTANT_VALUE"  # Keras 2's mark of a first argument that is no tensor
MAX_DEPTH = 100  # of one argument's nesting; Keras's own arguments nest a few levels


def read_shape(value: Any) -> Shape | None:
    """A shape as JSON holds it, or ``None`` where it is not one."""
    if isinstance(value, dict):  # tf_keras: {"class_name": "TensorShape", "items": [...]}
        value = value.get("items")
    if not isinstance(value, (list, tuple)):
        return None
    for dim in value:
        if dim is not None and (not isinstance(dim, int) or isinstance(dim, bool)):
            return None
    return tuple(value)


def read_tensor(config: Mapping[str, Any], stated: dict[TensorRef, Spec]) -> TensorRef | Constant:
    """A ``__keras_tensor__``: its history names the call it comes from; its shape is taken down as stated."""
    history = config.get("keras_history")
    ref = TensorRef(*history[:3]) if history is not None and is_history(history) else None
    if ref is not None and ref in stated:
        return ref
    shape = read_shape(config.get("shape"))
    dtype = str(config.get("dtype", "float32"))
    if ref is None:
        return Constant(shape or (), dtype, None)
    if shape is not None:
        stated[ref] = Spec(shape, dtype)
    return ref


def is_history(value: Any) -> bool:
    """Whether a list is ``[layer name, call, output]``, with Keras 2's keyword arguments behind it or not."""
    return (
        isinstance(value, (list, tuple))
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and type(value[1]) is int  # and no bool
        and (type(value[2]) is int or value[0] == CONSTANT)
    )


def decode_value(value: Any, stated: dict[TensorRef, Spec], depth: int = 0) -> Any:
    """An argument of a call as Keras 3 writes it, with tensors, constants, slices and tuples put in place."""
    if depth > MAX_DEPTH:
        raise UnreadableModel(f"an argument of a call is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, list):
        return [decode_value(item, stated, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("class_name")
    config = value.get("config")
    if kind == "__keras_tensor__" and isinstance(config, dict):
        return read_tensor(config, stated)
    if kind in ("__tensor__", "__numpy__") and isinstance(config, dict):
        content = config.get("value")
        shape = read_shape(config.get("shape")) or shape_of_list(content)
        return Constant(shape, str(config.get("dtype", "float32")), content)
    if kind == "__slice__" and isinstance(config, dict):
        parts = (decode_value(config.get(key), stated, depth + 1) for key in ("start", "stop", "step"))
        return slice(*parts)
    if kind == "__ellipsis__":
        return Ellipsis
    if kind == "__tuple__" and isinstance(value.get("items"), list):
        return tuple(decode_value(item, stated, depth + 1) for item in value["items"])
    if kind == "__bytes__" and isinstance(config, dict):
        return str(config.get("value"))
    return {key: decode_value(item, stated, depth + 1) for key, item in value.items()}


def shape_of_list(content: Any) -> Shape:
    """The shape of a tensor written as nested lists."""
    dims = []
    while isinstance(content, list):
        dims.append(len(content))
        if not content:
            break
        content = content[0]
    return tuple(dims)


def decode_legacy(value: Any, depth: int = 0) -> Any:
    """An argument as Keras 2 writes it: ``[name, call, output]`` lists are tensors, all else is itself."""
    if depth > MAX_DEPTH:
        raise UnreadableModel(f"an argument of a call is nested deeper than {MAX_DEPTH} levels")
    if is_history(value):
        if value[0] == CONSTANT:
            content = value[2]
            return Constant(shape_of_list(content), "float32", content) if isinstance(content, list) else content
        return TensorRef(*value[:3])
    if isinstance(value, list):
        return [decode_legacy(item, depth + 1) for item in value]
    if isinstance(value, dict):
        if value.get("class_name") == "__tuple__" and isinstance(value.get("items"), list):
            return tuple(decode_legacy(item, depth + 1) for item in value["items"])
        return {key: decode_legacy(item, depth + 1) for key, item in value.items()}
    return value
