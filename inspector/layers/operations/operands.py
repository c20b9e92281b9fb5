"""What an operation is called with: shapes and dtypes of operands, axes, and how shapes combine.

The rules are those of Keras's own symbolic execution (``keras/src/ops/operation_utils.py``), so that an open
dimension stays open, or is closed, exactly where Keras has it so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ...graph import Constant, Shape, Spec
from ...knowledge import MAX_OUTPUTS, NotKnown, product
from .promotion import result_type

Rule = Callable[..., str]
MAX_RANK = 254  # TensorFlow's own limit


def shape_of(value: Any) -> Shape:
    """The shape of an operand; a plain Python value is a scalar."""
    return believed(value.shape) if isinstance(value, (Spec, Constant)) else ()


def believed(shape: Shape) -> Shape:
    """A shape of a rank that a backend could hold, so that work on it stays small."""
    if len(shape) > MAX_RANK:
        raise NotKnown(f"a tensor of rank {len(shape)} is not believed")
    return shape


def dtype_of(value: Any) -> str:
    """The dtype of an operand; ``"int"`` and ``"float"`` are Python's own, which give way to a tensor's."""
    if isinstance(value, (Spec, Constant)):
        return value.dtype
    if isinstance(value, (bool, int, float)):
        return type(value).__name__
    raise NotKnown(f"an operand is a {type(value).__name__} and not a tensor or a number")


def tensor(value: Any) -> Spec:
    """An operand that has to be a tensor."""
    if isinstance(value, Spec):
        believed(value.shape)
        return value
    if isinstance(value, Constant):
        return Spec(believed(value.shape), value.dtype)
    raise NotKnown(f"an operand is a {type(value).__name__} and not a tensor")


def tensors(values: Any) -> list[Spec]:
    """Operands given as a list."""
    if not isinstance(values, (list, tuple)) or isinstance(values, (Spec, Constant)) or not values:
        raise NotKnown("its operands are not a list of tensors")
    return [tensor(value) for value in values]


def promoted(values: Iterable[Any], rule: Rule = result_type) -> str:
    return rule(*(dtype_of(value) for value in values))


def whole(value: Any, what: str) -> int:
    """An argument that has to be a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise NotKnown(f"its {what} is {value!r} and not a whole number"[:200])
    return value


def count(value: Any, what: str) -> int:
    """A number of outputs that an argument asks for, within bounds."""
    if not 0 < whole(value, what) <= MAX_OUTPUTS:
        raise NotKnown(f"its {what} is {value}")
    return int(value)


def axis_in(axis: Any, rank: int) -> int:
    """An axis counted from the front; `NotKnown` where the tensor has no such axis."""
    if not -rank <= whole(axis, "axis") < rank:
        raise NotKnown(f"axis {axis} is out of range for a tensor of rank {rank}")
    return int(axis) % rank


def axes_in(axes: Any, rank: int) -> list[int]:
    """One axis or several, counted from the front."""
    return [axis_in(axis, rank) for axis in (axes if isinstance(axes, (list, tuple)) else [axes])]


def pair(value: Any, rank: int = 2) -> tuple[int, ...]:
    """A number for every spatial axis, or one for all of them."""
    values = tuple(value) if isinstance(value, (list, tuple)) else (value,) * rank
    if len(values) != rank:
        raise NotKnown(f"it states {len(values)} sizes for {rank} axes")
    return tuple(whole(item, "size") for item in values)


def broadcast(first: Sequence[int | None], *others: Sequence[int | None]) -> Shape:
    """Shapes broadcast from the right, as Keras does it: an open dimension yields to any but 1."""
    for second in others:
        rank = max(len(first), len(second))
        left, right = (1,) * (rank - len(first)) + tuple(first), (1,) * (rank - len(second)) + tuple(second)
        first = tuple(broadcast_dim(a, b) for a, b in zip(left, right, strict=True))
    return tuple(first)


def broadcast_dim(a: int | None, b: int | None) -> int | None:
    if a == 1 or b == 1:
        return b if a == 1 else a
    if a is None or b is None or a == b:
        return b if a is None else a
    raise NotKnown(f"dimensions {a} and {b} do not broadcast")


def agree(a: int | None, b: int | None) -> bool:
    """Whether two dimensions can be one: equal, or one of them open."""
    return a is None or b is None or a == b


def same_but(shapes: Iterable[Shape], axis: int | None) -> None:
    """Raise `NotKnown` unless all shapes agree with the first on every axis but one."""
    first, *rest = shapes
    for shape in rest:
        if len(shape) != len(first) or not all(
            index == axis or agree(a, b) for index, (a, b) in enumerate(zip(shape, first, strict=True))
        ):
            raise NotKnown(f"its operands have the shapes {list(first)} and {list(shape)}")


def reduce_shape(shape: Shape, axis: Any, keepdims: Any = False) -> Shape:
    """A shape with the given axes (``None``: all) taken out, or left at 1."""
    if axis is None:
        return (1,) * len(shape) if keepdims else ()
    dims = list(shape)
    for index in sorted(axes_in(axis, len(shape)), reverse=True):
        if keepdims:
            dims[index] = 1
        else:
            del dims[index]
    return tuple(dims)


def flat(shape: Shape) -> Shape:
    return (product(shape),)


def put(shape: Shape, axis: int, *dims: int | None) -> Shape:
    """A shape with one axis replaced by none, one or several."""
    return (*shape[:axis], *dims, *shape[axis + 1 :])


def along_or_flat(shape: Shape, axis: Any) -> Shape:
    """The shape itself where the axis exists; flattened where there is none."""
    if axis is None:
        return flat(shape)
    axis_in(axis, len(shape))
    return shape
