"""Functions of TensorFlow that `keras.ops` has too, with the same meaning for the arguments seen here.

Only what is certain: one dtype throughout, since Keras promotes dtypes where TensorFlow refuses, and no argument that
the table does not name. Anything else stays a raw operation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras.src.backend.common import KerasVariable

_UNARY = {
    "math.abs": "abs", "abs": "abs", "math.exp": "exp", "exp": "exp", "math.log": "log", "math.sqrt": "sqrt",
    "sqrt": "sqrt", "math.square": "square", "square": "square", "math.tanh": "tanh", "tanh": "tanh",
    "nn.tanh": "tanh", "math.sigmoid": "sigmoid", "sigmoid": "sigmoid", "nn.sigmoid": "sigmoid", "nn.relu": "relu",
    "nn.relu6": "relu6", "nn.elu": "elu", "nn.selu": "selu", "math.sin": "sin", "sin": "sin", "math.cos": "cos",
    "cos": "cos", "math.negative": "negative", "negative": "negative", "math.rsqrt": "rsqrt",
    "zeros_like": "zeros_like", "ones_like": "ones_like",
    "math.floor": "floor", "floor": "floor", "math.sign": "sign", "sign": "sign",
}  # fmt: skip
_BINARY = {
    "math.add": "add", "add": "add", "math.subtract": "subtract", "subtract": "subtract", "math.multiply": "multiply",
    "multiply": "multiply", "math.maximum": "maximum", "maximum": "maximum", "math.minimum": "minimum",
    "minimum": "minimum",
}  # fmt: skip
_REDUCE = {
    "reduce_mean": "mean", "math.reduce_mean": "mean", "reduce_sum": "sum", "math.reduce_sum": "sum",
    "reduce_max": "max", "math.reduce_max": "max", "reduce_min": "min", "math.reduce_min": "min",
}  # fmt: skip


def keras_equivalent(api_name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The symbolic result of the `keras.ops` function that does the same, or None when there is none for certain."""
    name = api_name.removeprefix("tf.")
    given = {key: value for key, value in kwargs.items() if not (key == "name" or value is None)}
    while args and args[-1] is None:
        args = args[:-1]
    builder = _builder(name)
    if builder is None or not _one_float_dtype(args[:1] if name == "reshape" else (args, given)):
        return None
    return builder(*args, **given)


def _one_float_dtype(value: Any) -> bool:
    tensors = [x for x in keras.tree.flatten(value) if hasattr(x, "dtype") and hasattr(x, "shape")]
    names = {keras.backend.standardize_dtype(tensor.dtype) for tensor in tensors}
    symbolic = all(isinstance(tensor, keras.KerasTensor | KerasVariable) for tensor in tensors)
    return symbolic and len(names) == 1 and "float" in next(iter(names))


def _builder(name: str) -> Callable[..., Any] | None:
    if name in _UNARY:
        return lambda *args, **kw: _unary(_UNARY[name], args, kw)
    if name in _BINARY:
        return lambda *args, **kw: _binary(_BINARY[name], args, kw)
    if name in _REDUCE:
        return lambda *args, **kw: _reduce(_REDUCE[name], args, kw)
    others: dict[str, Callable[..., Any]] = {"concat": _concat, "expand_dims": _expand_dims, "stack": _stack}
    others |= {"nn.softmax": _softmax, "reshape": _reshape}
    return others.get(name)


def _unary(name: str, args: Any, kwargs: Any) -> Any:
    given = [*args, *kwargs.values()]
    only = given[0] if len(given) == 1 else None
    return getattr(keras.ops, name)(only) if isinstance(only, keras.KerasTensor) else None


def _binary(name: str, args: Any, kwargs: Any) -> Any:
    given = [*args, *(kwargs[key] for key in ("x", "y") if key in kwargs)]
    symbolic = len(given) == 2 and all(isinstance(value, keras.KerasTensor | KerasVariable) for value in given)
    return getattr(keras.ops, name)(*given) if symbolic and len(args) + len(kwargs) == 2 else None


def _reduce(name: str, args: Any, kwargs: Any) -> Any:
    names = ("input_tensor", "axis", "keepdims")
    bound = {**dict(zip(names, args, strict=False)), **kwargs}
    x, axis, keepdims = bound.get("input_tensor"), bound.get("axis"), bound.get("keepdims", False)
    if len(args) > 3 or set(bound) - set(names) or not isinstance(x, keras.KerasTensor) or not _static(axis):
        return None
    return getattr(keras.ops, name)(x, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=bool(keepdims))


def _static(axis: Any) -> bool:
    return axis is None or type(axis) is int or (isinstance(axis, list | tuple) and all(type(a) is int for a in axis))


def _concat(values: Any, axis: Any, **kwargs: Any) -> Any:
    if kwargs or type(axis) is not int or not isinstance(values, list | tuple) or len(values) < 2:
        return None
    return keras.ops.concatenate(list(values), axis=axis)


def _stack(values: Any, axis: Any = 0, **kwargs: Any) -> Any:
    if kwargs or type(axis) is not int or not isinstance(values, list | tuple):
        return None
    return keras.ops.stack(list(values), axis=axis)


def _expand_dims(x: Any, axis: Any, **kwargs: Any) -> Any:
    return keras.ops.expand_dims(x, axis) if not kwargs and type(axis) is int else None


def _reshape(tensor: Any, shape: Any, **kwargs: Any) -> Any:
    """One size computed in the graph is what -1 stands for, when all others are numbers."""
    if kwargs or not isinstance(tensor, keras.KerasTensor) or not isinstance(shape, list | tuple):
        return None
    computed = [size for size in shape if isinstance(size, keras.KerasTensor)]
    if len(computed) > 1 or not all(type(size) is int for size in shape if not isinstance(size, keras.KerasTensor)):
        return None
    if computed and (-1 in shape or 0 in shape):
        return None
    return keras.ops.reshape(tensor, [-1 if isinstance(size, keras.KerasTensor) else size for size in shape])


def _softmax(x: Any, axis: Any = -1, **kwargs: Any) -> Any:
    return keras.ops.softmax(x, axis=axis) if not kwargs and type(axis) is int else None
