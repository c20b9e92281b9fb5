"""Why a `call` could not be run on symbolic tensors, read off the exception it raised.

A `KerasTensor` refuses each use that would need a value in a method of its own (`__bool__`, `__array__`, …); which of
these methods stands in the traceback tells what the user's code wanted. Needs Keras's traceback filtering off.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence
from types import CodeType

from .records import Reason
from .source import Place, calls_itself, class_place, deciding_statement, user_frames

_VALUE_METHODS = ("__int__", "__float__", "__index__", "__len__")
_BACKEND_METHODS = ("__tf_tensor__", "__jax_array__")
_NUMPY_NAMES = ("numpy", "item", "tolist")
_LOOPS = ("While", "For", "comprehension")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_UNKNOWN_SIZE = re.compile(r"NoneType|(?<!slice)\(None[,)]")
_CLOSURES = ("Cond.", "Switch.", "WhileLoop.", "ForiLoop.", "Map.", "Scan.", "AssociativeScan.", "VectorizedMap.")
_REFUSED = re.compile(r"'(?:KerasTensor|SymbolicTensor|EagerTensor|Tensor)' object has no attribute '([a-z]\w*)'")


def reason_at(code: str, message: str, place: Place | None, path: str | None = None) -> Reason:
    """A reason with its place filled in."""
    if place is None:
        return Reason(code, message, path=path)
    return Reason(code, message, place.file, place.line, place.source, path)


def reason_for_class(code: str, message: str, cls: type, path: str | None = None) -> Reason:
    """A reason whose place is the definition of the class."""
    return reason_at(code, message, class_place(cls), path)


def classify(error: BaseException, path: str | None = None) -> list[Reason]:
    """The reasons an exception raised in a symbolic run stands for, the main one first.

    The place is the deepest frame of the user's code. A function that calls itself there adds `recursion`.
    """
    frames = user_frames(error.__traceback__)
    place = frames[-1][1] if frames else None
    code, message = _code_and_message(error, place)
    found = [reason_at(code, message, place, path)]
    if code not in ("unbounded-recursion", "not-symbolic"):
        found += _recursion(frames, path)
    return found


def _recursion(frames: Sequence[tuple[CodeType, Place]], path: str | None) -> list[Reason]:
    codes = [code for code, _ in frames]
    for code, place in reversed(frames):
        if codes.count(code) > 1 or calls_itself(place):
            return [reason_at("recursion", f"{place.function} calls itself", place, path)]
    return []


def _code_and_message(error: BaseException, place: Place | None) -> tuple[str, str]:
    if isinstance(error, RecursionError):
        where = place.function if place else "call()"
        return "unbounded-recursion", f"{where} calls itself without end"
    statement = deciding_statement(place) if place else None
    frames = list(traceback.walk_tb(error.__traceback__))
    refused = [f.f_code.co_name for f, _ in frames if f.f_code.co_filename.endswith("keras_tensor.py")]
    text = str(error)
    if any(f.f_code.co_qualname.startswith(_CLOSURES) and "keras" in f.f_code.co_filename for f, _ in frames):
        return (
            "control-flow-closure",
            f"a function given to Keras's control flow does not run on symbolic tensors: {first_line(text)}",
        )
    return (
        _value_wanted(_asked_for(refused, error, text), statement)
        or _foreign_code(error, text, _asked_for(refused, error, text), statement)
        or _shape_trouble(error, text)
        or ("not-symbolic", f"does not run on symbolic tensors: {type(error).__name__}: {first_line(text)}")
    )


def _asked_for(refused: Sequence[str], error: BaseException, text: str) -> list[str]:
    """The methods of a tensor that were asked for a value, the backends' own refusals put into the same terms.

    A layer that stands as one box has its shape inferred on the backend's tensors, which refuse in their own words.
    """
    kind = type(error).__name__
    if kind == "TracerBoolConversionError" or "as a Python `bool`" in text or "as a Python boolean" in text:
        return ["__bool__"]
    if kind in ("TracerIntegerConversionError", "ConcretizationTypeError"):
        return ["__int__"]
    if "terating over a symbolic" in text:
        return ["__iter__"]
    if kind == "TracerArrayConversionError" or "Cannot convert a symbolic tf.Tensor" in text:
        return ["__array__"]
    return list(refused)


def _value_wanted(refused: Sequence[str], statement: str | None) -> tuple[str, str] | None:
    """A Python value asked of a tensor: by a test, a number, or a loop."""
    inside = f", in the test of {_article(statement)}" if statement else ""
    if "__bool__" in refused:
        if statement in _LOOPS:
            return "data-dependent-loop", f"{_article(statement)} loops on the value of a tensor".capitalize()
        return "data-dependent-branch", f"{_article(statement or 'bool()')} decides on the value of a tensor"
    for method in _VALUE_METHODS:
        if method in refused:
            if statement in _LOOPS:
                return "data-dependent-loop", f"{method} of a tensor sets how often {_article(statement)} runs"
            return "value-needed", f"{method} asks a tensor for its value{inside}"
    if "__iter__" in refused:
        return "iteration-over-tensor", "the code iterates over a tensor"
    return None


def _foreign_code(
    error: BaseException, text: str, refused: Sequence[str], statement: str | None
) -> tuple[str, str] | None:
    """A symbolic tensor given to code that is not Keras's."""
    missing = _REFUSED.search(text) if isinstance(error, AttributeError) else None
    if missing and missing[1] in _NUMPY_NAMES:
        if statement in ("If", "IfExp", "While"):
            kind = "data-dependent-loop" if statement == "While" else "data-dependent-branch"
            return kind, f".{missing[1]}() of a tensor decides {_article(statement)}"
        return "numpy-conversion", f".{missing[1]}() takes a tensor's value out of the graph"
    if missing:
        return "backend-tensor-method", f"{missing[1]} is a method of the backend's tensors only"
    if "__array__" in refused:
        return "numpy-conversion", "a tensor is given to NumPy"
    if any(m in refused for m in _BACKEND_METHODS) or "cannot be used as input to a" in text:
        return "raw-backend-op", "a tensor is given to the backend's own function, past keras.ops"
    if isinstance(error, TypeError | ValueError) and "KerasTensor" in text and "NoneType" not in text:
        return "raw-backend-op", "a tensor is given to a function that does not know Keras tensors"
    return None


def _shape_trouble(error: BaseException, text: str) -> tuple[str, str] | None:
    first = first_line(text)
    if "incompatible with the layer" in text or "but received input with shape" in text:
        return "input-spec-mismatch", first
    if isinstance(error, TypeError | ValueError) and _UNKNOWN_SIZE.search(text):
        return "unknown-dimension-arithmetic", f"a dimension that is not known is used as a number: {first}"
    return None


def first_line(text: str) -> str:
    """The first line that says something: not colour codes, and not Keras's frame around the message."""
    lines = (line.strip() for line in _COLOUR.sub("", text).splitlines())
    return next((line for line in lines if line and not line.startswith("Exception encountered when calling")), "")


def _article(statement: str | None) -> str:
    names = {"If": "an if", "While": "a while", "For": "a for", "IfExp": "a conditional expression"}
    names |= {"Assert": "an assert", "comprehension": "a comprehension"}
    return names.get(statement or "", statement or "an expression")
