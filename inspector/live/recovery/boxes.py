"""The outputs of a layer that stands in the graph as one box.

Keras infers them by running all that is inside, so what is known of a composite is kept for the traces to come. Where
the body cannot be run on symbolic tensors, it is run on values. The graph around such a box is sound, since the box
runs as itself; only the shape of what it returns has to be known, and two batch sizes tell which dimension follows
the batch.
"""

from __future__ import annotations

from typing import Any

import keras

from .inputs import TensorSpec
from .kinds import is_users
from .state import generators_kept, variables_kept

_BATCHES = (3, 5)


Specs = dict[Any, Any]


def _key(layer: Any, args: Any, kwargs: Any) -> Any:
    """What the outputs of a composite depend on; None for a layer whose own class says how to infer them."""
    own_spec = type(layer).compute_output_spec is not keras.Layer.compute_output_spec
    if not is_users(layer) or own_spec or "compute_output_shape" in _own_methods(type(layer)):
        return None
    leaves = keras.tree.flatten((args, {k: v for k, v in kwargs.items() if k != "training"}))
    return id(layer), *((tuple(x.shape), str(x.dtype)) if hasattr(x, "shape") else repr(x) for x in leaves)


def _own_methods(cls: type) -> set[str]:
    return {name for c in cls.__mro__ if not c.__module__.startswith("keras.") for name in vars(c)}


def remember(specs: Specs, layer: Any, args: Any, kwargs: Any, outputs: Any) -> None:
    """Keeps the shapes and dtypes of a composite's outputs."""
    key = _key(layer, args, kwargs)
    leaves = keras.tree.flatten(outputs)
    plain = all(isinstance(leaf, keras.KerasTensor) and not getattr(leaf, "sparse", False) for leaf in leaves)
    if key is not None and plain:
        specs[key] = keras.tree.map_structure(_fresh, outputs)


def remembered(specs: Specs, layer: Any, args: Any, kwargs: Any) -> Any:
    """Fresh outputs as they were before, or None."""
    key = _key(layer, args, kwargs) if specs else None
    return keras.tree.map_structure(_fresh, specs[key]) if key is not None and key in specs else None


def _fresh(tensor: Any) -> Any:
    return keras.KerasTensor(tensor.shape, tensor.dtype)


def output_by_running(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Symbolic outputs shaped like real ones; raises ValueError where they depend on more than the batch size."""
    first, second = (_run(layer, args, kwargs, batch) for batch in _BATCHES)
    return keras.tree.map_structure(_merged, first, second)


def _run(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any], batch: int) -> Any:
    def value(leaf: Any) -> Any:
        if not isinstance(leaf, keras.KerasTensor):
            return leaf
        sizes = [batch if i == 0 and d is None else d for i, d in enumerate(leaf.shape)]
        if None in sizes:
            raise ValueError("a dimension other than the batch is open")
        return keras.ops.ones(sizes, dtype=leaf.dtype)

    values, named = keras.tree.map_structure(value, (args, kwargs))
    with generators_kept(0), variables_kept():
        outputs = layer(*values, **named)
    return keras.tree.map_structure(_spec, outputs)


def _spec(tensor: Any) -> TensorSpec:
    return TensorSpec(tuple(tensor.shape), keras.backend.standardize_dtype(tensor.dtype))


def _merged(first: TensorSpec, second: TensorSpec) -> Any:
    if len(first.shape) != len(second.shape) or first.dtype != second.dtype:
        raise ValueError("the rank or the dtype of the output depends on the batch size")
    shape: list[int | None] = []
    for a, b in zip(first.shape, second.shape, strict=True):
        if a != b and (a, b) != _BATCHES:
            raise ValueError("the shape of the output depends on the batch size")
        shape.append(a if a == b else None)
    return keras.KerasTensor(tuple(shape), first.dtype)
