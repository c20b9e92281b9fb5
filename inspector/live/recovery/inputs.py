"""What a model is to be called with: shapes and dtypes, as symbolic inputs and as random data."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

BATCH = 3
OPEN_DIMENSION = 7
SMALL_RANGE = 2


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One tensor: its shape with the batch dimension, None for an open one; `dtype` None is to be found out.

    `limit` bounds integer data (values below it), such as the vocabulary of an Embedding.
    """

    shape: tuple[int | None, ...]
    dtype: str | None = None
    name: str | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class InputSpec:
    """The arguments of `call`: each a TensorSpec or a list, tuple or dict of such, as nested as the model takes them.

    With `fixed_batch` the leading dimension is kept as given; otherwise it is left open wherever the code allows, and
    the number given is tried where the code needs one.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    fixed_batch: bool = False

    def flat(self) -> list[TensorSpec]:
        """The tensors in the order of the arguments; dicts by sorted key, as Keras flattens them."""
        return [leaf for arg in (*self.args, *self.kwargs.values()) for leaf in leaves(arg)]

    def mapped(self, change: Any) -> InputSpec:
        """A copy with each TensorSpec replaced by `change(index, spec)`."""
        counter = iter(range(1_000_000))

        def leaf(spec: TensorSpec) -> Any:
            return change(next(counter), spec)

        args = tuple(map_leaves(leaf, arg) for arg in self.args)
        return replace(self, args=args, kwargs={k: map_leaves(leaf, v) for k, v in self.kwargs.items()})


def leaves(value: Any) -> list[TensorSpec]:
    """The TensorSpecs of a nested structure."""
    found: list[TensorSpec] = []
    map_leaves(found.append, value)
    return found


def map_leaves(change: Any, value: Any) -> Any:
    """A nested structure with every leaf changed; dicts are walked by sorted key and keep their order."""
    if isinstance(value, Mapping):
        changed = {key: map_leaves(change, value[key]) for key in sorted(value)}
        return {key: changed[key] for key in value}
    if isinstance(value, list | tuple):
        return type(value)(map_leaves(change, item) for item in value)
    return change(value)


def spec_from_shapes(value: Any, dtypes: Any = None) -> Any:
    """Nested shapes (JSON lists or tuples of ints and None) to nested TensorSpecs; `dtypes` is alike or one name."""
    if isinstance(value, TensorSpec):
        return value
    if isinstance(value, Mapping):
        return {
            k: spec_from_shapes(v, dtypes.get(k) if isinstance(dtypes, Mapping) else dtypes) for k, v in value.items()
        }
    if is_shape(value):
        return TensorSpec(tuple(value), dtypes)
    per_item = dtypes if isinstance(dtypes, list | tuple) else [dtypes] * len(value)
    return [spec_from_shapes(item, dtype) for item, dtype in zip(value, per_item, strict=True)]


def is_shape(value: Any) -> bool:
    """A flat list or tuple of ints and None."""
    return isinstance(value, list | tuple) and all(d is None or type(d) is int for d in value)


def call_parameters(layer: Any) -> list[inspect.Parameter]:
    """The parameters of the layer's `call` that may be tensors: not `training`, `mask` or variadic ones."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(layer.call).parameters.values()
    return [p for p in parameters if p.kind in kinds and p.name not in ("training", "mask") and "_mask" not in p.name]


def recorded_inputs(model: Any) -> InputSpec | None:
    """The signature the model was built with, or None; Keras records the first argument unless `build` takes more."""
    recorded = dict(getattr(model, "_build_shapes_dict", None) or {})
    shapes = {key.removesuffix("_shape"): value for key, value in recorded.items() if value is not None}
    required = [p for p in call_parameters(model) if p.default is inspect.Parameter.empty]
    if not shapes or len(shapes) < len(required):
        return None
    if len(shapes) == 1:
        return InputSpec((spec_from_shapes(next(iter(shapes.values()))),))
    names = [p.name for p in call_parameters(model)]
    if not set(shapes) <= set(names):
        return None
    ordered = [name for name in names if name in shapes]
    return InputSpec((), {name: spec_from_shapes(shapes[name]) for name in ordered})


def bound_inputs(model: Any, shapes: Sequence[Any] | Mapping[str, Any], dtypes: Any = None) -> InputSpec:
    """Shapes as a user gives them: one per positional argument, or by name.

    Names that are arguments of `call` go there; other names are taken as the keys of one dict argument.
    """
    if not isinstance(shapes, Mapping):
        per_item = dtypes if isinstance(dtypes, list | tuple) else [dtypes] * len(shapes)
        return InputSpec(tuple(spec_from_shapes(s, d) for s, d in zip(shapes, per_item, strict=True)))
    specs = spec_from_shapes(shapes, dtypes)
    if set(shapes) <= {p.name for p in call_parameters(model)}:
        return InputSpec((), specs)
    return InputSpec((specs,))


def open_batch(spec: InputSpec) -> InputSpec:
    """The same with every leading dimension open, unless the batch is fixed."""
    if spec.fixed_batch:
        return spec
    return spec.mapped(lambda _, leaf: replace(leaf, shape=(None, *leaf.shape[1:]) if leaf.shape else ()))


def with_batch(spec: InputSpec, like: InputSpec) -> InputSpec:
    """The same with the leading dimensions of another spec of the same structure."""
    given = like.flat()
    return spec.mapped(lambda i, leaf: replace(leaf, shape=(*given[i].shape[:1], *leaf.shape[1:])))


def concrete(spec: InputSpec, batch: int | None) -> InputSpec:
    """No dimension open: the batch as given here, or with None as the spec says; other open dimensions are 7."""

    def sized(_: int, leaf: TensorSpec) -> TensorSpec:
        sizes = [OPEN_DIMENSION if d is None else d for d in leaf.shape]
        if sizes and not (spec.fixed_batch and leaf.shape[0] is not None):
            sizes[0] = batch or leaf.shape[0] or BATCH
        return replace(leaf, shape=tuple(sizes))

    return spec.mapped(sized)


def symbolic_inputs(model: Any, spec: InputSpec) -> tuple[list[Any], dict[str, Any]]:
    """`keras.Input` for each tensor, named as the argument or key it stands for."""
    import keras

    taken: set[str] = {layer.name for layer in model._flatten_layers()}

    def make(leaf: TensorSpec, name: str) -> Any:
        unique, count = name, 1
        while unique in taken:
            unique, count = f"{name}_{count}", count + 1
        taken.add(unique)
        return keras.Input(batch_shape=leaf.shape, dtype=leaf.dtype or "float32", name=unique)

    def walk(value: Any, name: str) -> Any:
        if isinstance(value, Mapping):
            return {key: walk(item, str(key)) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(walk(item, f"{name}_{i}") for i, item in enumerate(value))
        return make(value, value.name or name)

    names = [p.name for p in call_parameters(model)] or ["inputs"]
    names += [f"input_{i}" for i in range(len(names), len(spec.args))]
    args = [walk(arg, name) for arg, name in zip(spec.args, names, strict=False)]
    return args, {key: walk(value, key) for key, value in spec.kwargs.items()}


def random_inputs(spec: InputSpec, seed: int) -> tuple[list[Any], dict[str, Any]]:
    """Random arrays of a concrete spec: normal floats, integers below the limit, booleans.

    A dtype not known yet gets zeros and ones as floats, which an Embedding takes as well as a Dense.
    """
    import numpy as np

    rng = np.random.default_rng(seed)

    def make(leaf: TensorSpec) -> Any:
        dtype, sizes = leaf.dtype or "float32", tuple(d or 0 for d in leaf.shape)
        if dtype == "bool":
            return rng.integers(0, 2, sizes).astype(bool)
        if dtype == "string":
            return rng.choice(["a", "b"], sizes).astype(object)
        if "int" in dtype or leaf.dtype is None:
            return rng.integers(0, leaf.limit or SMALL_RANGE, sizes).astype(dtype)
        return rng.normal(size=sizes).astype("float32" if dtype == "bfloat16" else dtype)

    args = [map_leaves(make, arg) for arg in spec.args]
    return args, {key: map_leaves(make, value) for key, value in spec.kwargs.items()}
