"""TensorFlow's operations that shape, slice, join and make tensors, by their public names without ``tf.``."""

from __future__ import annotations

from typing import Any

from ...graph import Spec
from ...knowledge import NotKnown
from .creation import encode
from .joining import split as split_parts
from .joining import unstack as unstack_parts
from .operands import axes_in, axis_in, broadcast, count, flat, put, same_but, whole
from .shaping import expand_dims as expand
from .shaping import pad as pad_shape
from .shaping import reshape as reshape_to
from .tensorflow_math import TensorRule
from .tensorflow_values import (
    Dimensions,
    alike,
    axis_argument,
    dimensions,
    dtype_named,
    is_tensor,
    like,
    listed,
    number,
    shape_argument,
)  # fmt: skip


def reshape(tensor: Any, shape: Any = None, **_: Any) -> Spec:
    x, target = like(tensor), shape_argument(shape)
    return Spec(reshape_to(x.shape, target), x.dtype)


def transpose(a: Any, perm: Any = None, **_: Any) -> Spec:
    x, perm = like(a), axis_argument(perm)
    order = list(range(x.rank))[::-1] if perm is None else axes_in(perm, x.rank)
    if sorted(order) != list(range(x.rank)):
        raise NotKnown(f"{perm} is not an order of the axes of a tensor of rank {x.rank}"[:200])
    return Spec(tuple(x.shape[axis] for axis in order), x.dtype)


def matrix_transpose(a: Any, **_: Any) -> Spec:
    x = like(a)
    return Spec((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype)


def expand_dims(input: Any, axis: Any = None, **old: Any) -> Spec:
    x, axis = like(input), axis_argument(old.get("dim") if axis is None else axis)
    shape = expand(x.shape, axis)
    return dimensions(x.values, dtype=x.dtype) if isinstance(x, Dimensions) and not x.shape else Spec(shape, x.dtype)


def batch_flatten(x: Any, **_: Any) -> Spec:
    """Keras 2's own backend function: all axes but the batch as one, whose length it leaves open."""
    x = like(x)
    return Spec((x.shape[0], None), x.dtype)


def squeeze(input: Any, axis: Any = None, **old: Any) -> Spec:
    """An axis that is given may be open; without one, all axes have to be known."""
    x, axis = like(input), axis_argument(old.get("squeeze_dims") if axis is None else axis)
    if axis in (None, []):
        if None in x.shape:
            raise NotKnown("which axes it squeezes depends on an open dimension")
        return Spec(tuple(dim for dim in x.shape if dim != 1), x.dtype)
    axes = axes_in(axis, x.rank)
    if any(x.shape[index] not in (1, None) for index in axes):
        raise NotKnown(f"it squeezes axis {axis} of the shape {list(x.shape)}")
    return Spec(tuple(dim for index, dim in enumerate(x.shape) if index not in axes), x.dtype)


def concat(values: Any, axis: Any = None, **old: Any) -> Spec:
    """``concat_dim`` is TensorFlow 1's name of the axis. Dimensions off the axis are closed where one closes them."""
    parts = alike(listed(values))
    place = axis_in(axis_argument(old.get("concat_dim") if axis is None else axis), parts[0].rank)
    same_but([part.shape for part in parts], place)
    sizes = [part.shape[place] for part in parts]
    known = [size for size in sizes if size is not None]
    if all(isinstance(part, Dimensions) for part in parts):
        return dimensions([dim for part in parts if isinstance(part, Dimensions) for dim in part.values])
    merged = tuple(
        next((d for d in dims if d is not None), None) for dims in zip(*(p.shape for p in parts), strict=True)
    )
    return Spec(put(merged, place, sum(known) if len(known) == len(sizes) else None), parts[0].dtype)


def stack(values: Any, axis: Any = 0, **_: Any) -> Spec:
    """Scalars of known value give a vector of known values."""
    given = listed(values)
    parts, place = alike(given), axis_argument(axis)
    same_but([part.shape for part in parts], None)
    if parts[0].dtype == "int32" and not parts[0].shape and any(isinstance(value, Dimensions) for value in given):
        return dimensions([number(value) for value in given])
    merged = tuple(
        next((d for d in dims if d is not None), None) for dims in zip(*(p.shape for p in parts), strict=True)
    )
    place = axis_in(place, len(merged) + 1)
    return Spec((*merged[:place], len(parts), *merged[place:]), parts[0].dtype)


def unstack(value: Any, num: Any = None, axis: Any = 0, **_: Any) -> list[Spec]:
    x = like(value)
    if isinstance(x, Dimensions) and x.shape:
        return [dimensions([dim], scalar=True) for dim in x.values]
    return unstack_parts(x, num, axis)


def split(value: Any, num_or_size_splits: Any = None, axis: Any = 0, **_: Any) -> list[Spec]:
    """A number of equal parts, or their sizes; one size may be -1."""
    x, axis = like(value), axis_argument(axis)
    if isinstance(num_or_size_splits, int):
        return split_parts(x, num_or_size_splits, axis)
    sizes = list(shape_argument(num_or_size_splits))
    count(len(sizes), "number of parts")
    place = axis_in(axis, x.rank)
    total, known = x.shape[place], [size for size in sizes if size not in (None, -1)]
    rest = None if total is None or len(known) < len(sizes) - 1 else total - sum(size or 0 for size in known)
    return [Spec(put(x.shape, place, rest if size in (None, -1) else size), x.dtype) for size in sizes]


def tile(input: Any, multiples: Any = None, **_: Any) -> Spec:
    x, times = like(input), shape_argument(multiples)
    if len(times) != x.rank:
        raise NotKnown(f"it repeats {len(times)} axes of a tensor of rank {x.rank}")
    dims = zip(x.shape, times, strict=True)
    return Spec(tuple(None if dim is None or n is None else dim * n for dim, n in dims), x.dtype)


def repeat(input: Any, repeats: Any = None, axis: Any = None, **_: Any) -> Spec:
    x = like(input)
    shape, place = (flat(x.shape), 0) if axis is None else (x.shape, axis_in(axis, x.rank))
    times = listed(repeats)
    if any(is_tensor(item) for item in times):
        return Spec(put(shape, place, None), x.dtype)
    size = shape[place]
    if size is None:
        return Spec(shape, x.dtype)
    return Spec(
        put(shape, place, size * whole(times[0], "number of repeats") if len(times) == 1 else sum(times)), x.dtype
    )


def pad(tensor: Any, paddings: Any = None, **_: Any) -> Spec:
    x = like(tensor)
    if is_tensor(paddings):
        raise NotKnown("its padding is computed at run time")
    return Spec(pad_shape(x.shape, [tuple(item) for item in paddings]), x.dtype)


def broadcast_to(input: Any, shape: Any = None, **_: Any) -> Spec:
    x, target = like(input), shape_argument(shape)
    broadcast(x.shape, target)
    return Spec(target, x.dtype)


def where(condition: Any, x: Any = None, y: Any = None, **_: Any) -> Spec:
    if x is None or y is None:
        return Spec((None, like(condition).rank), "int64")
    first, second = alike((x, y))
    return Spec(broadcast(like(condition).shape, first.shape, second.shape), first.dtype)


def shape(input: Any, out_type: Any = None, **_: Any) -> Spec:
    return dimensions(like(input).shape, dtype=dtype_named(out_type, "int32"))


def size(input: Any, out_type: Any = None, **_: Any) -> Spec:
    return Spec((), dtype_named(out_type, "int32"))


def rank(input: Any, **_: Any) -> Spec:
    return Spec((), "int32")


def one_hot(indices: Any, depth: Any = None, on_value: Any = None, off_value: Any = None, axis: Any = None,
            dtype: Any = None, **_: Any) -> Spec:  # fmt: skip
    x, classes = like(indices), number(depth)
    shape = encode(x.shape, -1 if axis is None else axis, 0 if classes is None else classes)
    default = default_value(on_value, off_value)
    if classes is None:
        raise NotKnown("its depth is computed at run time")
    return Spec(shape, dtype_named(dtype, default))


def default_value(*values: Any) -> str:
    given = [value for value in values if value is not None]
    return like(given[0]).dtype if given else "float32"


def filled_like(input: Any, dtype: Any = None, **_: Any) -> Spec:
    x = like(input)
    return Spec(x.shape, dtype_named(dtype, x.dtype))


def filled(dims: Any, value: Any = 0.0, dtype: Any = None, **_: Any) -> Spec:
    """``tf.zeros``, ``tf.ones`` and ``tf.fill``."""
    return Spec(shape_argument(listed(dims) if isinstance(dims, Spec) and not dims.shape else dims),
                dtype_named(dtype, like(value).dtype))  # fmt: skip


def convert(value: Any, dtype: Any = None, **_: Any) -> Spec:
    x = like(value)
    return Spec(x.shape, dtype_named(dtype, x.dtype))


def not_written(*_: Any, **__: Any) -> Any:
    raise NotKnown("Keras 2 writes only the first operand of this operation into the file")


RULES: dict[str, TensorRule] = {
    "reshape": reshape, "transpose": transpose, "linalg.matrix_transpose": matrix_transpose,
    "expand_dims": expand_dims, "squeeze": squeeze, "concat": concat, "stack": stack, "unstack": unstack,
    "split": split, "tile": tile, "repeat": repeat, "pad": pad, "broadcast_to": broadcast_to,
    "where": where, "shape": shape, "size": size, "rank": rank, "one_hot": one_hot,
    "zeros_like": filled_like, "ones_like": filled_like, "zeros": filled, "ones": filled, "fill": filled,
    "convert_to_tensor": convert, "meshgrid": not_written, "keras.backend.batch_flatten": batch_flatten,
}  # fmt: skip
