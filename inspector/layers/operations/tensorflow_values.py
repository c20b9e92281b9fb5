"""What the arguments of a TensorFlow call in a Keras 2 file are: tensors, lists of numbers, dtypes, known shapes.

Keras 2 keeps the first argument as it is and all others by name. Tensors stored in the config are plain lists
there, without a dtype: TensorFlow gives them the dtype of the tensor they meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...graph import Constant, Shape, Spec
from ...knowledge import NotKnown
from .operands import believed
from .promotion import DTYPES
from .slicing import shape_of_indices

DT = {"half": "float16", "float": "float32", "double": "float64"}


class Dimensions(Spec):
    """An integer tensor whose values are known before it runs, as those of ``tf.shape(x)`` are; ``None`` is open."""

    values: tuple[int | None, ...]


def dimensions(values: Sequence[int | None], scalar: bool = False, dtype: str = "int32") -> Spec:
    spec = Dimensions(() if scalar else (len(values),), dtype)
    spec.values = tuple(values)
    return spec


def is_tensor(value: Any) -> bool:
    return isinstance(value, (Spec, Constant))


def like(value: Any, other: Any = None) -> Spec:
    """An operand as a tensor; numbers and lists take the dtype of the other operand, or TensorFlow's default."""
    if isinstance(value, Spec):
        believed(value.shape)
        return value
    if isinstance(value, Constant):
        value = value.value if value.value is not None else [None] * (value.shape[0] or 0)
    dtype = other.dtype if is_tensor(other) else default_dtype(value)
    return Spec(believed(shape_of_indices(value)), dtype)


def default_dtype(value: Any) -> str:
    while isinstance(value, (list, tuple)) and not is_tensor(value) and value:
        value = value[0]
    names = {bool: "bool", int: "int32", float: "float32"}
    if is_tensor(value):
        return str(value.dtype)
    if type(value) not in names:
        raise NotKnown(f"an operand is a {type(value).__name__} and not a tensor")
    return names[type(value)]


def dtype_named(value: Any, default: str) -> str:
    """A dtype in TensorFlow's spellings: ``float32``, ``tf.float32``, ``DT_FLOAT``."""
    if value is None:
        return default
    name = str(value).removeprefix("<dtype: '").removesuffix("'>").removeprefix("tf.").removeprefix("DT_").lower()
    name = DT.get(name, name)
    if name not in DTYPES:
        raise NotKnown(f"{value!r} is not a dtype"[:200])
    return name


def shape_argument(value: Any) -> Shape:
    """A shape given as numbers, as a tensor of known values, or as both mixed; open where only the run knows."""
    if isinstance(value, Dimensions) and value.shape:
        return value.values
    if isinstance(value, Spec):
        if len(value.shape) != 1 or value.shape[0] is None:
            raise NotKnown("its shape is computed at run time")
        return (None,) * value.shape[0]
    if isinstance(value, Constant):
        value = value.value
    if isinstance(value, int):
        return (value,)
    if not isinstance(value, (list, tuple)):
        raise NotKnown("its shape is not a list of numbers")
    return tuple(number(item) for item in value)


def number(value: Any) -> int | None:
    """One dimension: a number, or the value of a scalar tensor where it is known."""
    if isinstance(value, Dimensions):
        return value.values[0] if len(value.values) == 1 else None
    if isinstance(value, Constant):
        value = value.value
    if isinstance(value, Spec) or value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise NotKnown(f"{value!r} is not a dimension"[:200])
    return value


def values_of(value: Any) -> tuple[int | None, ...] | None:
    """The values of a shape's tensor, a number or a list of numbers; ``None`` where they are not followed."""
    if isinstance(value, Dimensions):
        return value.values
    if isinstance(value, int):
        return (value,)
    if isinstance(value, list) and value and all(isinstance(item, int) for item in value):
        return tuple(value)
    return None


def axis_argument(value: Any) -> Any:
    """An axis or several; one that a tensor gives is not known."""
    if isinstance(value, Constant):
        value = value.value
    if isinstance(value, Spec) or (isinstance(value, (list, tuple)) and any(is_tensor(item) for item in value)):
        raise NotKnown("its axis is computed at run time")
    return value


def listed(values: Any) -> list[Any]:
    """Operands given as a list; the file writes a list of one as that one."""
    return list(values) if isinstance(values, (list, tuple)) and not is_tensor(values) else [values]


def alike(values: Iterable[Any]) -> list[Spec]:
    """Operands as tensors of one dtype: that of the first which is a tensor."""
    given = list(values)
    known = next((value for value in given if is_tensor(value)), None)
    return [like(value, known) for value in given]
