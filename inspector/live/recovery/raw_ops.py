"""S1b: functions of TensorFlow called on symbolic tensors become operations of the graph. TensorFlow backend only.

Where `keras.ops` has a function that does exactly the same, that one is recorded: such a graph can be saved.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras

from .operations import RawOperation
from .raw_equivalents import keras_equivalent
from .source import Place, calling_place
from .symbolic import Trace


def available() -> bool:
    """Raw operations can be recorded where TensorFlow is the backend: it alone lets its functions be watched."""
    return bool(keras.backend.backend() == "tensorflow")


@dataclass(frozen=True)
class RawCall:
    """A function of TensorFlow called in a trace; `operation` is None where a `keras.ops` function stands for it."""

    name: str
    place: Place | None
    operation: RawOperation | None


@contextlib.contextmanager
def recording(trace: Trace) -> Iterator[list[RawCall]]:
    """Records raw calls for the trace; yields the list of those recorded."""
    recorded: list[RawCall] = []
    dispatcher = _dispatcher()
    dispatcher.active.append((trace, recorded))
    try:
        yield recorded
    finally:
        dispatcher.active.remove((trace, recorded))


@functools.cache
def _dispatcher() -> Any:
    """One dispatcher a process, idle unless a trace is active: TensorFlow has no way to take one out again."""
    from tensorflow.python.util import dispatch

    class Dispatcher(dispatch.GlobalOpDispatcher):  # type: ignore[misc]
        def __init__(self) -> None:
            self.active: list[tuple[Trace, list[RawCall]]] = []

        def handle(self, op: Any, args: Any, kwargs: Any) -> Any:
            if not self.active:
                return self.NOT_SUPPORTED
            trace, recorded = self.active[-1]
            leaves = keras.tree.flatten((args, kwargs))
            if not trace.running or not any(isinstance(leaf, keras.KerasTensor) for leaf in leaves):
                return self.NOT_SUPPORTED
            return _record(op, args, kwargs, recorded)

    made = Dispatcher()
    made.register()
    return made


def _record(op: Any, args: Any, kwargs: Any, recorded: list[RawCall]) -> Any:
    name, place = public_name(op), calling_place()
    equivalent = keras_equivalent(name, args, kwargs)
    if equivalent is not None:
        recorded.append(RawCall(name, place, None))
        return equivalent
    operation = RawOperation(op, name)
    recorded.append(RawCall(name, place, operation))
    return operation.symbolic_call(*args, **kwargs)


def public_name(function: Any) -> str:
    """`tf.concat` for the function behind it, however TensorFlow wrapped it."""
    current = function
    while current is not None:
        names = getattr(current, "_tf_api_names", None) or getattr(current, "_tf_api_names_v1", None)
        if names:
            return f"tf.{names[0]}"
        current = getattr(current, "__wrapped__", None)
    return f"tf.{function.__name__}"
