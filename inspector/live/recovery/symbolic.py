"""S1: run `call` on symbolic tensors, so that every layer and `keras.ops` call inside becomes a node of one graph.

`Layer.__call__` does all it always does (build, masks, autocast, training); only for the model itself, and for its
composite layers when they are to be expanded, the body of `call` sees the symbolic tensors and no node stands for them.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
from keras.src.backend.common import KerasVariable

from .boxes import output_by_running, remember, remembered
from .kinds import is_declared, is_users
from .operations import Constant, VariableRead
from .reasons import classify, reason_at
from .records import Reason
from .source import Place, calling_frames, calling_place, is_library
from .state import forget_nodes, patched

# id(layer) → (layer, args, kwargs) of its first call
Seen = dict[int, tuple[Any, tuple[Any, ...], dict[str, Any]]]

_ONE_AT_A_TIME = threading.RLock()


@dataclass(frozen=True)
class CallNode:
    """A node made during a trace: where the call stands, and in which composites (outermost first)."""

    node: Any
    place: Place | None
    owners: tuple[Any, ...]


@dataclass
class Trace:
    """One symbolic run: what it is to open, and what it met."""

    root: Any
    expand: bool = False
    open_declared: bool = False
    anchor: Any = None
    calls: list[CallNode] = field(default_factory=list)
    owners: list[Any] = field(default_factory=list)
    seen: Seen = field(default_factory=dict)
    opaque: dict[int, tuple[Any, list[Reason]]] = field(default_factory=dict)
    recursion: dict[str, Place | None] = field(default_factory=dict)
    losses: dict[str, Reason] = field(default_factory=dict)
    assigned: dict[int, tuple[Any, Any, Place | None]] = field(default_factory=dict)
    constants: dict[int, tuple[Any, Place | None]] = field(default_factory=dict)
    draws: list[tuple[str, Place | None]] = field(default_factory=list)
    suspended: int = 0
    inferring: int = 0
    masks: dict[str, Any] = field(default_factory=dict)
    specs: dict[Any, Any] = field(default_factory=dict)
    thread: int = field(default_factory=threading.get_ident)

    @property
    def running(self) -> bool:
        """Whether the user's code of an open body is what runs now, in this thread."""
        return bool(self.owners) and not self.suspended and threading.get_ident() == self.thread

    def opens(self, layer: Any) -> bool:
        """Whether the layer's body is run instead of standing as one node."""
        if self.suspended or threading.get_ident() != self.thread:
            return False
        if layer is self.root:
            return True
        if id(layer) in self.opaque or not self.owners:
            return False
        if is_declared(layer):
            return self.open_declared or (self.expand and _holds_composites(layer))
        return self.expand and is_users(layer)

    def forget(self) -> None:
        """Takes the trace's nodes off the user's layers."""
        forget_nodes(call.node for call in self.calls)


def _holds_composites(layer: Any) -> bool:
    return any(is_users(inner) for inner in layer._flatten_layers(include_self=False))


@contextlib.contextmanager
def full_tracebacks() -> Iterator[None]:
    """Keeps the frames that Keras would filter out: the reasons are read from them."""
    was_on = keras.config.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()
    try:
        yield
    finally:
        if was_on:
            keras.config.enable_traceback_filtering()


@contextlib.contextmanager
def tracing(trace: Trace) -> Iterator[Trace]:
    """Installs what the trace needs in Keras, and takes it out again. One trace at a time runs in a process."""
    from keras.src.layers import layer as layer_module
    from keras.src.ops import operation as operation_module

    from .values import value_patches

    hooks = _Hooks(trace)
    with _ONE_AT_A_TIME, contextlib.ExitStack() as stack:
        stack.enter_context(full_tracebacks())
        stack.enter_context(patched(keras.Layer, "symbolic_call", hooks.layer_symbolic_call))
        stack.enter_context(patched(keras.Layer, "__call__", hooks.layer_call))
        stack.enter_context(patched(keras.Layer, "_maybe_build", hooks.maybe_build))
        stack.enter_context(patched(keras.Layer, "add_loss", hooks.add_loss))
        for module in (layer_module, operation_module):
            if hasattr(module, "Node"):
                stack.enter_context(patched(module, "Node", hooks.node))
        for owner, name, replacement in value_patches(trace):
            stack.enter_context(patched(owner, name, replacement))
        yield trace


def anchored(trace: Trace, value: Any) -> Any:
    """A value or variable as a symbolic tensor that hangs on an input of the model."""
    made = VariableRead(value) if isinstance(value, KerasVariable) else Constant(value)
    return made(trace.anchor)


class _Hooks:
    """The replacements, each a plain function so that it binds to the layer it is called on."""

    def __init__(self, trace: Trace) -> None:
        self.node = _node(trace)
        self.layer_symbolic_call = _layer_symbolic_call(trace, self.node)
        self.layer_call = _layer_call(trace, keras.Layer.__call__)
        self.maybe_build = _maybe_build(trace, keras.Layer._maybe_build)
        self.add_loss = _add_loss(trace, keras.Layer.add_loss)


def _layer_symbolic_call(trace: Trace, make_node: Any) -> Any:
    # Keras before 3.7 makes a layer's node in symbolic_call, later versions in __call__.
    here = "symbolic_call" not in vars(keras.Layer)

    def boxed(self: Any, args: Any, kwargs: Any) -> Any:
        outputs = _box_output(trace, self, args, kwargs)
        if here:
            make_node(operation=self, call_args=args, call_kwargs=kwargs, outputs=outputs)
        return outputs

    def symbolic_call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if trace.running:
            trace.seen.setdefault(id(self), (self, args, kwargs))
        trace.masks = {k: v for k, v in kwargs.items() if k.endswith("mask") and isinstance(v, keras.KerasTensor)}
        if not trace.opens(self):
            return boxed(self, args, kwargs)
        if any(self is owner for owner in trace.owners):
            trace.recursion.setdefault(f"{type(self).__name__}.call", calling_place())
        mark = len(trace.calls)
        trace.owners.append(self)
        try:
            body = getattr(self.call, "python_function", self.call)  # what a tf.function wraps
            outputs = body(*args, **kwargs)
            remember(trace.specs, self, args, kwargs, outputs)
            return outputs
        except Exception as error:
            if self is trace.root or isinstance(error, RecursionError):
                raise
            forget_nodes(call.node for call in trace.calls[mark:])
            del trace.calls[mark:]
            trace.opaque[id(self)] = (self, classify(error))
        finally:
            trace.owners.pop()
        return boxed(self, args, kwargs)

    return symbolic_call


def _box_output(trace: Trace, layer: Any, args: Any, kwargs: Any) -> Any:
    """What Keras infers for the layer; where it cannot, what the layer gives on values."""
    known = remembered(trace.specs, layer, args, kwargs)
    if known is not None:
        return known
    trace.suspended += 1
    try:
        outputs = layer.compute_output_spec(*args, **kwargs)
        remember(trace.specs, layer, args, kwargs, outputs)
        return outputs
    except Exception as error:
        if trace.suspended > 1 or layer is trace.root or type(layer).__module__.startswith("keras."):
            raise
        with contextlib.suppress(Exception):
            outputs = output_by_running(layer, args, kwargs)
            trace.opaque.setdefault(id(layer), (layer, classify(error)))
            return outputs
        raise
    finally:
        trace.suspended -= 1


def _layer_call(trace: Trace, original: Any) -> Any:
    """A layer called on values alone, such as an Embedding of positions, is made part of the graph."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        symbolic = any(isinstance(leaf, keras.KerasTensor) for leaf in keras.tree.flatten((args, kwargs)))
        if symbolic or not trace.running or trace.opens(self) or not args or not hasattr(args[0], "dtype"):
            return original(self, *args, **kwargs)
        mark = len(trace.calls)
        try:
            with contextlib.suppress(AttributeError):
                return original(self, anchored(trace, args[0]), *args[1:], **kwargs)
        except (TypeError, ValueError, NotImplementedError):
            pass
        forget_nodes(made.node for made in trace.calls[mark:])
        del trace.calls[mark:]
        return original(self, *args, **kwargs)

    return call


def _maybe_build(trace: Trace, original: Any) -> Any:
    """Building may call layers too; those calls are the layer's own and no part of the trace."""

    def maybe_build(self: Any, *args: Any, **kwargs: Any) -> Any:
        trace.suspended += 1
        try:
            return original(self, *args, **kwargs)
        finally:
            trace.suspended -= 1

    return maybe_build


def _add_loss(trace: Trace, original: Any) -> Any:
    def add_loss(self: Any, loss: Any) -> Any:
        if any(isinstance(leaf, keras.KerasTensor) for leaf in keras.tree.flatten(loss)):
            message = f"add_loss of {self.name} has no place in a Functional model and is dropped"
            trace.losses[self.name] = reason_at("add-loss-dropped", message, calling_place())
            return None
        return original(self, loss)

    return add_loss


def _node(trace: Trace) -> Any:
    """Logs each node made. Masks that Keras filled in are stated in it: an opened composite hands none on."""
    from keras.src.ops.node import Node

    def node(operation: Any, call_args: Any = None, call_kwargs: Any = None, outputs: Any = None) -> Any:
        if isinstance(operation, keras.Layer) and trace.opens(operation):
            return None
        if trace.expand and isinstance(operation, keras.Layer) and not trace.suspended:
            call_kwargs = {**trace.masks, **(call_kwargs or {})}
        made = Node(operation=operation, call_args=call_args, call_kwargs=call_kwargs, outputs=outputs)
        if trace.running:
            _note_recursion(trace)
        if not trace.suspended:
            trace.calls.append(CallNode(made, calling_place(), tuple(trace.owners)))
        return made

    return node


def _note_recursion(trace: Trace) -> None:
    """The same function of the same object twice on the stack: recursion that the trace unrolls."""
    frame, met = sys._getframe(2), set()
    while frame is not None:
        code = frame.f_code
        if not is_library(code.co_filename) and code.co_name not in ("<module>", "<lambda>"):
            key = (code, id(frame.f_locals.get("self")))
            if key in met and code.co_qualname not in trace.recursion:
                place = next((place for c, place in calling_frames(frame) if c is code), None)
                trace.recursion[code.co_qualname] = place
            met.add(key)
        frame = frame.f_back  # type: ignore[assignment]
