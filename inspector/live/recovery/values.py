"""What a traced body does with variables and random numbers, made part of the graph instead of run once and frozen."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import keras
from keras.src.backend.common import KerasVariable

from .operations import RandomDraw
from .source import calling_place
from .state import defining_class

if TYPE_CHECKING:
    from .symbolic import Trace

Patch = tuple[Any, str, Any]
_SHAPED = ("normal", "uniform", "truncated_normal", "randint", "gamma", "binomial", "beta")
_DRAWS = (*_SHAPED, "categorical", "dropout", "shuffle")
_OPERATORS = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "true_divide",
    "floordiv": "floor_divide",
    "mod": "mod",
    "pow": "power",
    "matmul": "matmul",
}


def value_patches(trace: Trace) -> Iterator[Patch]:
    """The patches for one trace: (class or module, attribute, replacement)."""
    yield from _variable_patches(trace)
    yield from _symbolic_variable_patches(trace)
    yield from _random_patches(trace)
    yield keras.Operation, "symbolic_call", _operation_symbolic_call(trace, keras.Operation.symbolic_call)


def _variable_patches(trace: Trace) -> Iterator[Patch]:
    owner = defining_class(keras.Variable, "assign")
    yield owner, "assign", _assign(trace, owner.assign)
    owner = defining_class(keras.Variable, "value")
    yield owner, "value", _value(trace, vars(owner)["value"])
    owner = defining_class(keras.Variable, "__getitem__")
    yield owner, "__getitem__", _getitem(trace, owner.__getitem__)
    for operator, name in _OPERATORS.items():
        for method, reflected in ((f"__{operator}__", False), (f"__r{operator}__", True)):
            owner = defining_class(keras.Variable, method)
            yield owner, method, _arithmetic(trace, getattr(owner, method), name, reflected)


def _assign(trace: Trace, original: Any) -> Any:
    """An assignment in `call` is noted and not done; what is read afterwards is the value assigned."""

    def assign(self: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not trace.running or trace.inferring:
            return original(self, value, *args, **kwargs)
        trace.assigned[id(self)] = (self, value, calling_place())
        return value

    return assign


def _value(trace: Trace, original: Any) -> Any:
    def value(self: Any) -> Any:
        if trace.running and not trace.inferring:
            trace.constants.setdefault(id(self), (self, calling_place()))
        return original.fget(self)

    return property(value, original.fset)


def _getitem(trace: Trace, original: Any) -> Any:
    def getitem(self: Any, index: Any) -> Any:
        if not trace.running or trace.inferring:
            return original(self, index)
        return _current(trace, self)[index]

    return getitem


def _arithmetic(trace: Trace, original: Any, name: str, reflected: bool) -> Any:
    def method(self: Any, other: Any) -> Any:
        if not trace.running or trace.inferring:
            return original(self, other)
        operand = self if isinstance(other, keras.KerasTensor) else _current(trace, self)
        operation = getattr(keras.ops, name)
        return operation(other, operand) if reflected else operation(operand, other)

    return method


def _current(trace: Trace, variable: Any) -> Any:
    """What the variable holds at this point of the trace, as a symbolic tensor."""
    from .symbolic import anchored

    if id(variable) in trace.assigned:
        value = trace.assigned[id(variable)][1]
        return value if isinstance(value, keras.KerasTensor) else anchored(trace, value)
    return anchored(trace, variable)


def _operation_symbolic_call(trace: Trace, original: Any) -> Any:
    """Puts the assigned value for an assigned variable, and hangs an operation on variables alone on an input."""

    def symbolic_call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if trace.running and _is_integer_index(self, args):
            return keras.ops.take(args[0], args[1], axis=0)
        if trace.running:
            flat = keras.tree.flatten((args, kwargs))
            detached = not any(isinstance(leaf, keras.KerasTensor) for leaf in flat)

            def swap(leaf: Any) -> Any:
                if isinstance(leaf, KerasVariable) and (detached or id(leaf) in trace.assigned):
                    return _current(trace, leaf)
                return leaf

            args, kwargs = keras.tree.map_structure(swap, (args, kwargs))
            if type(self).__name__ == "GetItem":
                args, kwargs = _tuple_key(args, kwargs)
        trace.inferring += 1
        try:
            return original(self, *args, **kwargs)
        finally:
            trace.inferring -= 1

    return symbolic_call


def _is_integer_index(operation: Any, args: tuple[Any, ...]) -> bool:
    """`x[i]` with an integer tensor, which is `take`; symbolic tensors are not indexed by tensors."""
    key = args[1] if type(operation).__name__ == "GetItem" and len(args) == 2 else None
    return isinstance(key, keras.KerasTensor) and "int" in key.dtype


def _tuple_key(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """`x[1:]` as `x[(slice(1, None),)]`: the same, and the form that symbolic tensors take."""

    def wrapped(key: Any) -> Any:
        return (key,) if isinstance(key, slice) or key is None or key is Ellipsis else key

    if "key" in kwargs:
        return args, {**kwargs, "key": wrapped(kwargs["key"])}
    return ((args[0], wrapped(args[1]), *args[2:]) if len(args) > 1 else args), kwargs


def _symbolic_variable_patches(trace: Trace) -> Iterator[Patch]:
    """Lets `keras.ops` take its symbolic path for variables too, while a traced body runs."""
    from keras.src.backend.common.keras_tensor import any_symbolic_tensors

    def any_symbolic(args: Any = None, kwargs: Any = None) -> bool:
        if any_symbolic_tensors(args, kwargs):
            return True
        if not trace.running or trace.inferring:
            return False
        return any(isinstance(leaf, KerasVariable) for leaf in keras.tree.flatten((args or (), kwargs or {})))

    for name, module in list(sys.modules.items()):
        if name.startswith("keras.src.ops.") and vars(module).get("any_symbolic_tensors") is any_symbolic_tensors:
            yield module, "any_symbolic_tensors", any_symbolic


def _random_patches(trace: Trace) -> Iterator[Patch]:
    """Random draws in a body become nodes: drawn anew on every run, from the generator the model gives."""
    import keras.src.random.random as random_module

    modules = [keras.random, sys.modules["keras.src.random"], random_module]
    for name in _DRAWS:
        original = getattr(random_module, name, None)
        if original is None:
            continue
        replacement = _draw(trace, original, name in _SHAPED)
        yield from ((module, name, replacement) for module in modules if hasattr(module, name))


def _draw(trace: Trace, original: Any, shaped: bool) -> Any:
    @functools.wraps(original)
    def draw(*args: Any, **kwargs: Any) -> Any:
        if not trace.running or trace.inferring:
            return original(*args, **kwargs)
        trace.draws.append((f"keras.random.{original.__name__}", calling_place()))
        return RandomDraw(original, shaped).symbolic_call(trace.anchor, *args, **kwargs)

    return draw
