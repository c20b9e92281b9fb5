"""One symbolic attempt: trace the model, and make a Functional model of what was traced."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
from keras.src.backend.common import KerasVariable

from . import raw_ops
from .forward import call_arguments
from .inputs import InputSpec, symbolic_inputs
from .kinds import is_declared
from .state import attributes_kept, generator_states, generators_kept, names_kept
from .symbolic import Seen, Trace, anchored, tracing


class OutputNotSymbolic(Exception):
    """`call` returned something that is neither a tensor nor a structure of tensors."""


@dataclass(frozen=True)
class Plan:
    """How to trace: on which inputs, with what opened, with raw operations recorded or not."""

    spec: InputSpec
    expand: bool = False
    raw: bool = False
    open_declared: bool = False
    training: bool = False
    draw: int | None = None
    specs: dict[Any, Any] = field(default_factory=dict, compare=False)
    seen: Seen = field(default_factory=dict, compare=False)


@dataclass
class Attempt:
    """A trace that went through, and its Functional model. `drew`: a global random generator was used meanwhile."""

    plan: Plan
    trace: Trace
    functional: Any
    inputs: list[Any]
    raw_calls: list[raw_ops.RawCall]
    attributes: dict[str, Any] = field(default_factory=dict)
    drew: bool = False
    renamed: dict[int, tuple[Any, str]] = field(default_factory=dict)


def traced(model: Any, plan: Plan) -> Attempt:
    """Runs the model on symbolic inputs. Raises what the user's code raises, the trace's nodes taken away."""
    trace = Trace(model, plan.expand, plan.open_declared, specs=plan.specs, seen=plan.seen)
    with names_kept(), generators_kept(plan.draw), contextlib.ExitStack() as stack:
        args, kwargs = symbolic_inputs(model, plan.spec)
        flat = keras.tree.flatten((args, kwargs))
        trace.anchor = flat[0]
        attributes = stack.enter_context(attributes_kept(model._flatten_layers()))
        before = generator_states()
        try:
            with tracing(trace):
                raw = stack.enter_context(raw_ops.recording(trace)) if plan.raw else []
                outputs = model(*args, **kwargs, **call_arguments(model, plan.training))
            drew = generator_states() != before
            attempt = _functional(model, trace, args, kwargs, outputs)
        except BaseException:
            trace.forget()
            raise
    attempt.plan, attempt.raw_calls, attempt.attributes, attempt.drew = plan, raw, attributes, drew
    return attempt


def _functional(model: Any, trace: Trace, args: list[Any], kwargs: dict[str, Any], outputs: Any) -> Attempt:
    flat = keras.tree.flatten((args, kwargs))
    inputs = args[0] if len(args) == 1 and not kwargs else [*args, *kwargs.values()]
    outputs = _symbolic_outputs(trace, outputs)
    operations = [call.node.operation for call in trace.calls]
    with distinct_names([*[t._keras_history.operation for t in flat], *operations]) as renamed:
        functional = keras.Model(inputs, outputs, name=model.name)
    if getattr(model, "dtype_policy", None) is not None and functional.dtype_policy != model.dtype_policy:
        functional.dtype_policy = model.dtype_policy
    return Attempt(Plan(InputSpec(())), trace, functional, flat, [], renamed=renamed)


def _symbolic_outputs(trace: Trace, outputs: Any) -> Any:
    """The outputs with constants hung on an input; raises OutputNotSymbolic for what is no tensor."""

    def leaf(value: Any) -> Any:
        if isinstance(value, keras.KerasTensor):
            return value
        if isinstance(value, KerasVariable) or (hasattr(value, "dtype") and hasattr(value, "shape")):
            return anchored(trace, value)
        raise OutputNotSymbolic(f"call() returns {type(value).__name__}, which is no tensor")

    if isinstance(outputs, tuple | list) and any(item is None for item in outputs):
        outputs = [item for item in outputs if item is not None]
    if isinstance(outputs, dict):
        outputs = {key: item for key, item in outputs.items() if item is not None}
    return keras.tree.map_structure(leaf, outputs)


@contextlib.contextmanager
def distinct_names(operations: list[Any]) -> Iterator[dict[int, tuple[Any, str]]]:
    """Renames the later of two operations of one name while inside, since Keras refuses double names in a graph."""
    taken: dict[str, Any] = {}
    renamed: dict[int, tuple[Any, str]] = {}
    former: list[tuple[Any, str]] = []
    for operation in operations:
        if taken.setdefault(operation.name, operation) is operation:
            continue
        name, count = operation.name, 1
        while name in taken:
            name, count = f"{operation.name}_{count}", count + 1
        taken[name] = operation
        former.append((operation, operation.name))
        renamed[id(operation)] = (operation, name)
        operation.name = name
    try:
        yield renamed
    finally:
        for operation, name in former:
            operation.name = name


def holds_declared(model: Any) -> bool:
    """Whether a Functional or Sequential model is somewhere inside."""
    return any(is_declared(layer) for layer in model._flatten_layers(include_self=False))
