"""Running a model for real, on random data, and leaving no trace of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import keras

from .inputs import BATCH, InputSpec, concrete, random_inputs
from .state import generator_states, generators_kept, variables_kept

_MOST_GUESSED = 4


@dataclass(frozen=True)
class Run:
    """The outputs of one run, flat, as arrays; and what it did besides."""

    outputs: list[Any]
    assigned: list[Any]
    drew: bool


def call_arguments(layer: Any, training: bool = False) -> dict[str, Any]:
    """`training` for a `call` that takes it."""
    return {"training": training} if getattr(layer, "_call_has_training_arg", False) else {}


def run(layer: Any, args: list[Any], kwargs: dict[str, Any], seed: int, *, again: bool = False) -> Run:
    """Calls the layer on arrays with generators seeded; variables and generators are put back afterwards.

    With `again` the outputs are those of a second call right after the first: with other random numbers, and with the
    state that the first one left.
    """
    args, kwargs = keras.tree.map_structure(_tensor, (args, kwargs))
    with generators_kept(seed), variables_kept() as assigned:
        before = generator_states()
        if again:
            layer(*args, **kwargs, **call_arguments(layer))
        outputs = layer(*args, **kwargs, **call_arguments(layer))
        drew = generator_states() != before
        arrays = [keras.ops.convert_to_numpy(x) for x in keras.tree.flatten(outputs) if hasattr(x, "dtype")]
        return Run(arrays, list(assigned), drew)


def _tensor(value: Any) -> Any:
    return value if value.dtype == object else keras.ops.convert_to_tensor(value)


def first_run(layer: Any, spec: InputSpec, seed: int) -> tuple[InputSpec, InputSpec]:
    """Builds the layer by running it once; returns the spec with dtypes that work, and the concrete spec that ran.

    A dtype not given is tried as float, as integer, as text. Raises what the first try raised when none works.
    """
    failure: Exception | None = None
    for guess in _guesses(spec):
        for batch in _batches(spec):
            data = concrete(guess, batch)
            try:
                run(layer, *random_inputs(data, seed), seed=seed)
            except RecursionError:
                raise
            except Exception as error:
                failure = failure or error
                continue
            return guess, data
    assert failure is not None
    raise failure


def _batches(spec: InputSpec) -> list[int | None]:
    """Three, and what the spec says; only the latter where the leading dimensions differ, and are no batch."""
    leading = {leaf.shape[0] for leaf in spec.flat() if leaf.shape} - {None}
    if len(leading) > 1 or spec.fixed_batch:
        return [None]
    return [BATCH, *leading]


def _guesses(spec: InputSpec) -> Iterator[InputSpec]:
    yield spec
    unknown = [i for i, leaf in enumerate(spec.flat()) if leaf.dtype is None]
    if not unknown:
        return
    if len(unknown) > _MOST_GUESSED:
        combinations: Any = [(True,) * len(unknown)]
    else:
        combinations = list(itertools.product((True, False), repeat=len(unknown)))[:-1]
    for integer in combinations:
        chosen = {i for i, yes in zip(unknown, integer, strict=True) if yes}
        yield spec.mapped(lambda i, leaf, chosen=chosen: replace(leaf, dtype="int32") if i in chosen else leaf)
    if keras.backend.backend() == "tensorflow":
        yield spec.mapped(lambda _, leaf: replace(leaf, dtype=leaf.dtype or "string"))
