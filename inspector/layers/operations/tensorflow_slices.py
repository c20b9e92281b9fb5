"""TensorFlow's operations that take parts of a tensor, by their public names without ``tf.``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...graph import Spec
from ...knowledge import NotKnown
from .operands import axis_in, put, whole
from .slicing import length_of, slice_shape
from .tensorflow_math import TensorRule
from .tensorflow_values import Dimensions, axis_argument, dimensions, is_tensor, like, number, shape_argument


def gather(params: Any, indices: Any = None, axis: Any = None, batch_dims: Any = 0, **_: Any) -> Spec:
    """The indices' shape, without its batch axes, in place of the axis."""
    x, taken = like(params), like(indices)
    place = axis_in(batch_dims if axis is None else axis_argument(axis), x.rank)
    if isinstance(x, Dimensions) and isinstance(indices, int):
        return dimensions([x.values[indices]], scalar=True)
    return Spec(put(x.shape, place, *taken.shape[whole(batch_dims, "batch axis") % (taken.rank + 1) :]), x.dtype)


def gather_nd(params: Any, indices: Any = None, batch_dims: Any = 0, **_: Any) -> Spec:
    x, taken = like(params), like(indices)
    depth = taken.shape[-1]
    if depth is None:
        raise NotKnown("how many axes its indices take is not known")
    return Spec((*taken.shape[:-1], *x.shape[batch_dims + depth :]), x.dtype)


def get_item(x: Any, slice_spec: Any = None, var: Any = None, **_: Any) -> Spec:
    """``x[...]``; a boolean tensor in place of a slice picks as many elements as are true."""
    x, key = like(x), read_key(slice_spec)
    keys = key if isinstance(key, list) else [key]
    if any(is_tensor(part) and part.dtype == "bool" for part in keys):
        raise NotKnown("a mask picks as many elements as are true")
    keys = [0 if is_tensor(part) and not part.shape else part for part in keys]
    if isinstance(x, Dimensions) and len(x.shape) == 1 and len(keys) == 1:
        return pick_dimensions(x, key if not isinstance(key, list) else key[0])
    return Spec(slice_shape(x.shape, keys), x.dtype)


def pick_dimensions(x: Dimensions, key: Any) -> Spec:
    if isinstance(key, slice):
        length_of(key, len(x.values))
        return dimensions(x.values[key], dtype=x.dtype)
    if isinstance(key, int):
        return dimensions([x.values[key]], scalar=True, dtype=x.dtype)
    return Spec(slice_shape(x.shape, [key]), x.dtype)


def read_key(value: Any) -> Any:
    """Keras 2 writes slices as objects with ``start``, ``stop`` and ``step``, and ``...`` as one with a class name."""
    if isinstance(value, Mapping):
        if value.get("class_name") == "__ellipsis__":
            return Ellipsis
        return slice(*(read_bound(value.get(name)) for name in ("start", "stop", "step")))
    if isinstance(value, (list, tuple)) and not is_tensor(value):
        return [read_key(item) for item in value]
    return value


def read_bound(value: Any) -> Any:
    known = number(value) if isinstance(value, Dimensions) else None
    return value if known is None else known


def strided_slice(input_: Any, begin: Any = None, end: Any = None, strides: Any = None, **masks: Any) -> Spec:
    x = like(input_)
    if any(masks.get(name) for name in masks if name.endswith("_mask")):
        raise NotKnown("a strided slice with masks is not read")
    starts, stops = shape_argument(begin), shape_argument(end)
    steps = shape_argument(strides) if strides is not None else (1,) * len(starts)
    if None in (*starts, *stops, *steps):
        raise NotKnown("a slice ends where a tensor says")
    return get_item(x, [slice(*bounds) for bounds in zip(starts, stops, steps, strict=True)])


def slice_(input_: Any, begin: Any = None, size: Any = None, **_: Any) -> Spec:
    """A size of -1 is the rest of the axis."""
    x, starts, sizes = like(input_), shape_argument(begin), shape_argument(size)
    dims = []
    for dim, start, length in zip(x.shape, starts, sizes, strict=True):
        rest = None if dim is None or start is None else dim - start
        dims.append(rest if length == -1 else length)
    return Spec(tuple(dims), x.dtype)


def boolean_mask(tensor: Any, mask: Any = None, axis: Any = None, **_: Any) -> Spec:
    """The axes of the mask become one, of as many elements as are true."""
    x, picked = like(tensor), like(mask)
    place = 0 if axis is None else axis_in(axis_argument(axis), x.rank)
    return Spec((*x.shape[:place], None, *x.shape[place + picked.rank :]), x.dtype)


RULES: dict[str, TensorRule] = {
    "gather": gather, "gather_nd": gather_nd, "__operators__.getitem": get_item, "strided_slice": strided_slice,
    "slice": slice_, "boolean_mask": boolean_mask,
}  # fmt: skip
