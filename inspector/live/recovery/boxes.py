"""The output of a layer whose body cannot be run on symbolic tensors: learned by running it on values.

Such a layer stands in the graph as one box. The graph around it is sound, since the box runs as itself; only the
shape of what it returns has to be known, and two batch sizes tell which dimension follows the batch.
"""

from __future__ import annotations

from typing import Any

import keras

from .inputs import TensorSpec
from .state import generators_kept, variables_kept

_BATCHES = (3, 5)


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
