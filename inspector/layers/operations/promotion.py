"""The dtype of an operation on several dtypes, by the rules of ``keras.backend.result_type``.

Python scalars are weak: ``"int"`` and ``"float"`` stand for their types here, and give way to the dtype of a
tensor. A file does not name its backend; where backends differ (``int`` is int64 or int32), this is TensorFlow's.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ...knowledge import NotKnown

FLOATX = "float32"  # files do not state ``keras.config.floatx()``; this is its default
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("bfloat16", "float16", "float32", "float64")
DTYPES = (*INTEGERS, *FLOATS, "bool", "string", "float8_e4m3fn", "float8_e5m2", "complex64", "complex128")

STRONG = {"int": "int64", "float": FLOATX}  # what a Python scalar is where Keras looks at it alone
WEAK = {"int64": "int", "float32": "float"}
RESOLVED = {"int": "int32", "float": "float32", "uint64": "uint32", "complex128": "complex64"}
NEXT_ABOVE: dict[str, tuple[str, ...]] = {
    "bool": ("int",),
    "int": ("uint8", "int8", "complex64"),
    "uint8": ("int16", "uint16"),
    "uint16": ("int32", "uint32"),
    "uint32": ("int64", "uint64"),
    "uint64": ("float",),
    "int8": ("int16",),
    "int16": ("int32",),
    "int32": ("int64",),
    "int64": ("float",),
    "float": ("bfloat16", "float16"),
    "bfloat16": ("float32",),
    "float16": ("float32",),
    "float32": ("float64", "complex64"),
    "float64": ("complex128",),
    "complex64": ("complex128",),
    "complex128": (),
}


@cache
def find_above(dtype: str) -> frozenset[str]:
    """A dtype and all those it can be promoted to."""
    if dtype not in NEXT_ABOVE:
        raise NotKnown(f"dtype {dtype!r} is not promoted to another"[:200])
    return frozenset({dtype}).union(*(find_above(parent) for parent in NEXT_ABOVE[dtype]))


@cache
def find_common(dtypes: frozenset[str]) -> str:
    """The lowest dtype that all of them can be promoted to."""
    common = frozenset.intersection(*(find_above(dtype) for dtype in dtypes))
    lowest = [dtype for dtype in common if common <= find_above(dtype)]
    if len(lowest) != 1:
        raise NotKnown(f"dtypes {', '.join(sorted(dtypes))} have no common dtype")
    return lowest[0]


def result_type(*dtypes: str) -> str:
    """The dtype that operands of these dtypes give; ``"int"`` and ``"float"`` are Python scalars."""
    for dtype in dtypes:
        if dtype.startswith("float8"):
            raise NotKnown(f"{dtype} is not promoted to another dtype")
    strong = {STRONG.get(dtype, dtype) for dtype in dtypes}
    all_weak = all(dtype in STRONG for dtype in dtypes)
    if len(strong) == 1 and not all_weak:
        found = strong.pop()
    elif all_weak:
        found = find_common(frozenset(strong))
        found = WEAK.get(found, found)
    else:
        found = find_common(frozenset(dtypes))
    return RESOLVED.get(found, found)


def floated(*dtypes: str) -> str:
    """Operands together with a Python float: the usual dtype of mathematical functions."""
    return result_type(*dtypes, "float")


def strong(dtype: str) -> str:
    """The dtype Keras gives a Python scalar that stands alone."""
    return STRONG.get(dtype, dtype)


def named_dtype(value: Any, default: str = FLOATX) -> str:
    """A ``dtype`` argument: its name, or the default where it is left out."""
    if value is None:
        return default
    value = STRONG.get(value, value) if value == "int" else value
    if value not in DTYPES:
        raise NotKnown(f"{value!r} is not a dtype of Keras"[:200])
    return str(value)


def is_integer(dtype: str) -> bool:
    return dtype in INTEGERS


def is_float(dtype: str) -> bool:
    return dtype.startswith(("float", "bfloat"))
