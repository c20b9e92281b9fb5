"""The shapes and dtypes that the user gives with --input-shape and --input-dtype."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import UsageError
from .recovery.inputs import InputSpec, TensorSpec, call_parameters
from .user_errors import user_error

Given = Sequence[Mapping[str, Any]]


def given_inputs(model: Any, given: Given) -> InputSpec | None:
    """The arguments of the model's call, or ``None`` where nothing was given.

    Each item has ``shape`` (with the batch axis), and perhaps ``name`` and ``dtype``. Names that are arguments of
    `call` go there; other names are keys of one dict argument, nested where they hold dots. Shapes without names
    are the positional arguments in turn, or one list where `call` takes one.
    """
    if not given:
        return None
    specs = [TensorSpec(tuple(item["shape"]), item.get("dtype"), item.get("name")) for item in given]
    fixed = all(spec.shape and spec.shape[0] is not None for spec in specs)
    named = [spec for spec in specs if spec.name]
    if named and len(named) != len(specs):
        raise UsageError("--input-shape: give names to all inputs or to none")
    parameters = [parameter.name for parameter in call_parameters(model)]
    if not named:
        several = len(specs) > 1 and len(parameters) < len(specs)
        return InputSpec((list(specs),) if several else tuple(specs), fixed_batch=fixed)
    names = [spec.name or "" for spec in named]
    if set(names) <= set(parameters):
        return InputSpec((), dict(zip(names, named, strict=True)), fixed_batch=fixed)
    tree: dict[str, Any] = {}
    for name, spec in zip(names, named, strict=True):
        *outer, last = name.split(".")
        level = tree
        for part in outer:
            level = level.setdefault(part, {})
        level[last] = spec
    return InputSpec((tree,), fixed_batch=fixed)


def build_sequential(model: Any, inputs: InputSpec) -> None:
    """Build a Sequential that waits for its input shape."""
    specs = inputs.flat()
    if len(specs) != 1:
        raise UsageError(f"{model.name!r} is a Sequential: it takes one --input-shape, and {len(specs)} are given")
    try:
        if specs[0].dtype is None:
            model.build(specs[0].shape)
        else:
            import keras

            model._layers.insert(0, keras.layers.InputLayer(batch_shape=specs[0].shape, dtype=specs[0].dtype))
            model._maybe_rebuild()
    except Exception as error:
        raise user_error(error, f"{model.name!r} cannot be built for {list(specs[0].shape)}") from error
