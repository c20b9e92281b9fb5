"""Calls of every operation class of Keras, to be run by Keras and by its knowledge.

A case is the class, the call's arguments (`Spec` is an input of the model) and the constructor's.
"""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import numpy as np

from inspector.graph import Spec


class Case(NamedTuple):
    key: str
    args: tuple[Any, ...]
    config: dict[str, Any]
    kwargs: dict[str, Any] | None = None


def t(*shape, dtype="float32"):
    return Spec(shape, dtype)


def case(key, *args, kwargs=None, **config):
    return Case(key, args, config, kwargs)


B = None
DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bfloat16", "float16",
    "float32", "float64",
)  # fmt: skip
X = t(B, 4, 6)
SQUARE = t(B, 4, 4)
IMAGE = t(B, 8, 9, 3)
SHAPES = ((), (B,), (B, 3), (2, B, 4, 1))

UNARY = (
    "Absolute", "Abs", "Conjugate", "Conj", "Copy", "Imag", "Real", "Sign", "Negative", "BitwiseInvert",
    "BitwiseNot", "Trunc", "NanToNum", "Round", "Angle", "Arccos", "Arccosh", "Cos", "Cosh", "Sinc", "Arcsin",
    "Arcsinh", "Arctan", "Arctanh", "Sin", "Sinh", "Tan", "Tanh", "Ceil", "Floor", "Log", "Log10", "Log2", "Log1p",
    "Sqrt", "Exp", "Exp2", "Expm1", "Fabs", "Cbrt", "Deg2rad", "Rad2deg", "I0", "Square", "Isfinite", "Isinf",
    "Isnan", "Isneginf", "Isposinf", "Isreal", "LogicalNot", "Signbit", "Reciprocal", "Ravel", "Size", "Ndim",
    "Array", "EmptyLike", "OnesLike", "ZerosLike",
)  # fmt: skip
ACTIVATIONS = (
    "Relu", "Relu6", "Sigmoid", "SparseSigmoid", "Softplus", "Softsign", "SparsePlus", "Silu", "LogSigmoid",
    "HardSigmoid", "HardSilu", "Selu", "TanhShrink", "HardTanh", "SoftShrink", "HardShrink", "Squareplus",
    "LeakyRelu", "Elu", "Celu", "Gelu",
)  # fmt: skip
BINARY = (
    "Add", "Maximum", "Fmax", "Minimum", "Fmin", "Subtract", "Multiply", "Power", "FloorDivide", "Divide",
    "DivideNoNan", "TrueDivide", "Logaddexp", "Logaddexp2", "Mod", "Fmod", "Equal", "Greater", "GreaterEqual",
    "Less", "LessEqual", "LogicalAnd", "LogicalOr", "NotEqual", "LogicalXor", "Isclose", "Gcd", "Lcm", "Ldexp",
    "Nextafter", "Arctan2",
)  # fmt: skip
STRICT = [
    "Heaviside",
    "Hypot",
    "BitwiseAnd",
    "BitwiseOr",
    "BitwiseXor",
    "LeftShift",
    "RightShift",
    "BitwiseLeftShift",
    "BitwiseRightShift",
]
REDUCTIONS = (
    "Amax", "Amin", "Max", "Min", "Ptp", "All", "Any", "Sum", "Nansum", "Nanmax", "Nanmin", "Prod", "Nanprod",
    "Mean", "Median", "Nanmean", "Nanmedian", "Nanstd", "Nanvar", "Var", "Std",
)  # fmt: skip
PAIRS = (
    ((B, 3), (B, 3)), ((B, 3), (1, 3)), ((B, 3), (3,)), ((B, 1, 4), (5, 1)), ((1, 3), (B, 3)), ((2, 3), (B, B)),
    ((B,), (7, B)), ((), (B, 2)), ((B, 4), ()),
)  # fmt: skip
SCALARS = (2, 2.5, True, -1)


def elementwise():
    for name in UNARY:
        yield from (case(f"numpy.{name}", t(B, 3, dtype=d)) for d in DTYPES if (name, d) != ("Fabs", "complex64"))
        yield from (case(f"numpy.{name}", t(*shape)) for shape in SHAPES)
    yield from (case("numpy.Nonzero", x) for x in (X, t(3)))
    for name in ACTIVATIONS:
        yield from (case(f"nn.{name}", t(*shape, dtype=d)) for shape, d in zip(SHAPES, DTYPES[-4:], strict=True))
    for name in ("Erf", "Erfinv", "Erfc", "Rsqrt"):
        yield from (case(f"math.{name}", t(B, 3, dtype=d)) for d in DTYPES)
    for name in BINARY:
        yield from (case(f"numpy.{name}", t(*a), t(*b)) for a, b in PAIRS)
        yield from (case(f"numpy.{name}", t(B, 3, dtype=d), value) for d, value in product(DTYPES, SCALARS))
        yield from (case(f"numpy.{name}", value, t(B, 3, dtype=d)) for d, value in product(DTYPES, SCALARS))
    for name in ("Add", "Divide", "Mod", "Hypot", "Heaviside", "Matmul", "Ldexp", "Arctan2", "Logaddexp"):
        yield from (case(f"numpy.{name}", t(B, 3, 3, dtype=a), t(3, 3, dtype=b)) for a, b in product(DTYPES, DTYPES))
    for name in STRICT:
        yield from (
            case(f"numpy.{name}", t(B, 3, dtype=a), t(B, 3, dtype=b)) for a, b in product(DTYPES[:8], DTYPES[:8])
        )
    for name in STRICT[-4:]:
        yield case(f"numpy.{name}", t(B, 3, dtype="int16"), 2)
    for name in ("Add", "Multiply", "Greater", "Divide"):
        yield case(f"numpy.{name}", X, np.ones((4, 1), "float64"))
        yield case(f"numpy.{name}", np.arange(6), t(B, 4, 6, dtype="uint8"))
    for name, dtype in product(("Array", "EmptyLike", "OnesLike", "ZerosLike"), ("int8", "bool", None)):
        yield case(f"numpy.{name}", X, dtype=dtype)
    for name, dtype in product(("Cast", "SaturateCast"), ("int8", "float16", "bool", "bfloat16")):
        yield case(f"core.{name}", X, dtype=dtype)
    for d in DTYPES:
        yield case("numpy.Clip", t(B, 3, dtype=d), x_min=0, x_max=1)
        yield case("numpy.Where", t(B, 3, dtype="bool"), t(B, 3, dtype=d), 0)
        yield case("numpy.Where", t(B, 1, dtype="bool"), t(1, 3, dtype=d), 1.5)
        yield case("numpy.Where", t(B, 3, dtype="bool"), t(B, 3, dtype=d), t(3, dtype="int16"))
    yield case("numpy.Where", t(B, 3, dtype="bool"), 1, 2.0)
    yield case("numpy.Where", X, 0, X)
    yield from (
        case("core.ConvertToTensor", X), case("core.ConvertToTensor", X, dtype="int64"),
        case("core.StopGradient", X), case("nn.Threshold", X, threshold=0.5, default_value=0.0),
        case("numpy.FullLike", X, 2), case("numpy.FullLike", X, t(), dtype="int32"),
        case("numpy.Tril", X), case("numpy.Triu", X, k=1), case("numpy.IsIn", X, t(3)),
        case("numpy.Digitize", t(B, 3), np.array([0.0, 1.0])), case("math.InTopK", t(B, dtype="int32"), t(B, 9), k=2),
        case("nn.Polar", X, X), case("nn.Softmax", X), case("nn.Softmax", X, axis=1), case("nn.LogSoftmax", X, axis=-2),
        case("nn.Softmax", X, axis=(1, 2)), case("nn.Sparsemax", X), case("nn.Normalize", X),
        case("nn.Normalize", t(B, 3, dtype="float16"), axis=1, order=1), case("numpy.Flip", X),
        case("numpy.Flip", X, axis=(1, 2)), case("numpy.Roll", X, shift=2), case("numpy.Roll", X, shift=1, axis=-1),
        case("numpy.Select", [t(B, 3, dtype="bool")], [t(B, 3, dtype="int8")], 0),
        case("nn.BatchNorm", IMAGE, t(3), t(3), t(3), t(3), axis=-1), case("nn.RMSNorm", X, t(6)),
        case("nn.LayerNorm", X, t(6), t(6)), case("core.ScatterUpdate", t(4, 6), t(5, 2, dtype="int32"), t(5)),
        case("core.SliceUpdate", t(4, 6), [1, 2], t(2, 2)),
    )  # fmt: skip


def reductions():
    options = [{}, {"axis": 1}, {"axis": -1, "keepdims": True}, {"keepdims": True}]
    several = [{"axis": (1, 2)}, {"axis": (0, -1), "keepdims": True}]
    for name in REDUCTIONS:
        yield from (case(f"numpy.{name}", X, **config) for config in options + several)
        yield from (case(f"numpy.{name}", t(B, 3, dtype=d), axis=-1) for d in DTYPES)
        yield case(f"numpy.{name}", t(2, 3, 4), axis=[0, 1])
    for name in ("Argmax", "Argmin", "Nanargmax", "Nanargmin"):
        yield from (case(f"numpy.{name}", X, **config) for config in options)
    yield from (case("numpy.Prod", t(B, 3, dtype=d), dtype="float16") for d in DTYPES[:3])
    for name in ("Quantile", "Nanquantile", "Percentile", "Nanpercentile"):
        for q in (0.5, [0.1], [0.1, 0.9], t(3), t(), (0.5, 0.7)):
            yield case(f"numpy.{name}", X, q, axis=1)
        yield from (case(f"numpy.{name}", t(B, 3, dtype=d), 0.5, axis=(0, 1), keepdims=True) for d in DTYPES)
    for name in ("Cumsum", "Cumprod", "Nancumsum", "Nancumprod"):
        yield from (case(f"numpy.{name}", t(B, 3, dtype=d), axis=1) for d in DTYPES)
        yield from (
            case(f"numpy.{name}", X),
            case(f"numpy.{name}", t(2, 3)),
            case(f"numpy.{name}", X, dtype="int8", axis=-1),
        )
    for config in options + several:
        yield case("math.Logsumexp", X, **config)
        yield case("linalg.Norm", X, **config)
    yield from (case("linalg.Norm", t(B, 3, dtype=d), axis=1, ord=1) for d in DTYPES)
    yield from (case("numpy.CountNonzero", X, axis=axis) for axis in (None, 1, (0, -1)))
    yield from (case("nn.Moments", X, axes=axes, keepdims=k) for axes, k in (((0, 1), False), ([2], True), (-1, False)))
    yield from (case("numpy.Average", t(B, 3, dtype=d)) for d in DTYPES)
    yield from (
        case("numpy.Average", X, axis=1), case("numpy.Average", X, t(4), axis=1), case("numpy.Average", X, X),
        case("numpy.Average", X, X, axis=-1), case("numpy.Trapezoid", X), case("numpy.Trapezoid", X, axis=1, dx=0.5),
        case("numpy.Trapezoid", t(B, dtype="int32")), case("numpy.AllClose", X, X),
    )  # fmt: skip
    yield from (case("numpy.Trace", t(B, 4, 4, dtype=d), axis1=1, axis2=-1) for d in DTYPES)
    yield case("numpy.Trace", t(2, 3, 5), offset=1)


def shaping():
    for shape, target in (
        ((B, 4, 6), (-1, 24)), ((B, 4, 6), (2, 3, -1)), ((2, 12), (3, -1)), ((2, 12), (4, 6)), ((2, 12), (-1,)),
        ((0, 3), (3, 0)), ((B, 2), ()), ((2, 12), (1, 2, 12)), ((B, 4), (-1, 2, 2)),
    ):  # fmt: skip
        yield case("numpy.Reshape", t(*shape), newshape=target)
    yield from (case("numpy.Transpose", X, axes=axes) for axes in (None, (0, 2, 1), (-1, 0, 1), [2, 1, 0]))
    yield from (case("numpy.ExpandDims", X, axis=axis) for axis in (0, -1, 1, (0, 2), [-1, 0], (1, 1 + 1)))
    yield from (case("numpy.Squeeze", t(B, 1, 3, 1), axis=axis) for axis in (None, 1, -1, (1, 3), [-1, 1]))
    yield from (
        case("numpy.Moveaxis", t(B, 2, 3, 4), source=s, destination=d)
        for s, d in ((0, -1), ((0, 1), (-1, 0)), ([-1], [1]))
    )
    yield from (case("numpy.Swapaxes", X, axis1=a, axis2=b) for a, b in ((0, 1), (-1, 1), (2, 2)))
    yield from (case("numpy.Rot90", t(B, 2, 3), k=k, axes=axes) for k, axes in ((1, (0, 1)), (2, (1, 2)), (3, (-1, 0))))
    for x, repeats, axis in (
        (X, 2, None), (t(2, 3), 2, None), (X, 3, 1), (X, 3, 0), (X, (1, 2, 3, 4), 1), (t(2, 3), [2], -1),
        (t(2, 3), (1, 2, 3, 1, 1, 1), None), (X, [2], -2),
    ):  # fmt: skip
        yield case("numpy.Repeat", x, repeats=repeats, axis=axis)
    yield from (case("numpy.Tile", X, repeats=r) for r in (2, (2, 3), (1, 2, 3), [2, 1, 1, 3], ()))
    for width in (1, (1, 2), ((1, 2),), ((0, 0), (1, 1), (2, 0)), [[1, 1], [0, 2], [3, 3]]):
        yield case("numpy.Pad", X, pad_width=width)
    yield case("numpy.Pad", X, 3.0, pad_width=((0, 0), (1, 1), (2, 2)))
    yield from (case("numpy.Append", a, b) for a, b in ((X, X), (t(2, 3), t(4)), (t(2), t(3, dtype="int32"))))
    yield case("numpy.Append", t(2, 3), t(2, 5, dtype="float64"), axis=-1)
    yield from (
        case("numpy.View", t(B, 8, dtype=a), dtype=b)
        for a, b in product(("int8", "float32", "int64"), ("uint8", "int16", "float64", None))
    )
    yield case("numpy.View", t(3, B, dtype="int8"), dtype="int64")
    yield from (case("numpy.Diff", X, **c) for c in ({}, {"n": 2, "axis": 1}, {"axis": 0}, {"n": 9}))
    yield from (
        case("numpy.Diagonal", t(B, 4, 6), **c)
        for c in (
            {"axis1": 1, "axis2": 2},
            {},
            {"offset": 2, "axis1": 1, "axis2": -1},
            {"offset": -1, "axis1": 2, "axis2": 1},
        )
    )
    yield from (case("numpy.Diag", x, k=k) for x, k in product((t(4), t(B), t(3, 5), t(B, 5), t(5, 3)), (0, 2, -1)))
    yield from (case("numpy.Diagflat", x, k=k) for x, k in product((t(4), t(B), t(3, 5), t(), t(B, 2)), (0, -2)))
    yield from (case("numpy.Vander", t(n), N=columns) for n, columns in ((4, None), (B, None), (B, 3)))
    yield case("math.ViewAsComplex", t(B, 3, 2))
    yield case("math.ViewAsReal", t(B, 3, dtype="complex64"))
    yield from (case("numpy.BroadcastTo", t(1, 3), shape=s) for s in ((4, 3), (2, 4, 3), [5, 3]))
    yield from (case("numpy.Fliplr", X), case("numpy.Flipud", X))
    for pattern, lengths in (
        ("a b c -> c b a", {}), ("a (b d) c -> a b (d c)", {"d": 2}),
        ("a b c -> (a b) c", {}), ("a b c -> a (b c)", {}),
        ("a (b d) (c e) -> (a d) (e b) c", {"b": 2, "c": 3}),
    ):  # fmt: skip
        yield case("einops.Rearrange", t(2, 4, 6), pattern, kwargs=lengths)


def slicing():
    keys = (
        0, -1, (slice(None), 0), (slice(None), slice(1, 3)), (Ellipsis, 0), (Ellipsis, slice(None, None, 2)),
        (None, Ellipsis), (slice(None), None, 1), (0, 1, 2), (slice(None, None, -1), slice(-2, None), slice(10, 20)),
        (Ellipsis, None), [0, 1], (slice(2, 1),),
    )  # fmt: skip
    yield from (case("numpy.GetItem", x, key) for x, key in product((X, t(3, 4, 6)), keys))
    yield from (
        case("numpy.Take", X, i, axis=axis)
        for i, axis in product((0, [0, 1], [[1, 2], [3, 0]], t(B, 5, dtype="int32"), np.array([1, 2])), (None, 1, -1))
    )
    yield case("numpy.TakeAlongAxis", X, t(B, 2, 6, dtype="int32"), axis=1)
    yield case("numpy.TakeAlongAxis", X, t(B, 1, 3, dtype="int32"), axis=-1)
    yield case("numpy.TakeAlongAxis", t(2, 3), t(5, dtype="int32"))
    yield case("numpy.TakeAlongAxis", X, t(5, dtype="int32"))
    for start in ([0, 1, 2], t(3, dtype="int32"), (0, 0, 0), np.array([0, 1, 1])):
        yield case("core.Slice", X, start, shape=(2, 2, -1))
        yield case("core.Slice", X, start, shape=[-1, 3, 1])
    yield case("core.Scatter", t(5, 2, dtype="int32"), t(5, dtype="float16"), shape=(4, 6))
    yield from (case("numpy.UnravelIndex", t(B, 2, dtype="int32"), shape=s) for s in ((3, 4), (B, 4)))


def joining():
    yield from (case("numpy.Concatenate", [X, t(B, 4, 2)], axis=axis) for axis in (-1, 2))
    yield case("numpy.Concatenate", [t(B, 3, dtype="int8"), t(2, 3, dtype="uint8"), t(3, 3, dtype="bool")], axis=0)
    yield case("numpy.Concatenate", [t(B, 3), t(B, 3, dtype="float16")], axis=1)
    yield case("numpy.Concatenate", [t(2, B), t(3, 4)])
    yield from (case("numpy.Stack", [X, X], axis=axis) for axis in (0, 1, -1, -2))
    yield case("numpy.Stack", [t(B, 3, dtype="int8"), t(2, 3, dtype="float16")])
    yield from (case(f"numpy.{name}", [X, t(B, 4, 6, dtype="float64")]) for name in ("Hstack", "Vstack", "Dstack"))
    yield from (case("numpy.Dstack", [x, x]) for x in (t(), t(B), t(B, 3), t(2, 3, 4, 5)))
    for sections, axis in ((2, 1), ((1, 3), 1), ([2], -1), (3, -1), (4, 0), ((1, 2), 0), ((), 1)):
        yield case("numpy.Split", X, indices_or_sections=sections, axis=axis)
    for name, x in (("Hsplit", X), ("Vsplit", t(4, 3)), ("Dsplit", X), ("Hsplit", t(4))):
        yield from (case(f"numpy.{name}", x, indices_or_sections=s) for s in (2, (1, 2)))
    yield from (case("numpy.ArraySplit", X, indices_or_sections=n, axis=axis) for n, axis in ((3, 1), (4, -1), (2, 0)))
    yield from (case("core.Unstack", X, num=n, axis=axis) for n, axis in ((None, 1), (3, 0), (None, -1)))
    yield from (case("numpy.Meshgrid", t(3), t(B, dtype="int32"), t(2, 2), indexing=i) for i in ("xy", "ij"))


def products():
    for a, b in (
        ((B, 3), (3, 4)), ((B, 2, 3), (B, 3, 4)), ((B, 2, 3), (3,)), ((3,), (B, 3, 4)), ((3,), (3,)),
        ((B, 1, 2, 3), (5, 3, 4)),
        ((2, 3), (B, 3, 4)), ((B, B), (B, 4)), ((B, 2, B), (B, 3, B)),
    ):  # fmt: skip
        yield case("numpy.Matmul", t(*a), t(*b))
    yield case("numpy.Matmul", X, np.ones((6, 2), "float32"))
    for a, b in (
        ((B, 3), (3, 4)),
        ((B, 2, 3), (5, 3, 4)),
        ((3,), (3,)),
        ((B, 3), (3,)),
        ((), (B, 3)),
        ((B, 4), ()),
        ((4,), (4, 2)),
    ):
        yield case("numpy.Dot", t(*a), t(*b, dtype="float16"))
    yield case("numpy.Dot", X, 2)
    for a, b in (((B, 3), (4, 3)), ((3,), (3,)), ((), (B, 2)), ((B, 2), ()), ((B, 2, 3), (B, 3))):
        yield case("numpy.Inner", t(*a, dtype="int8"), t(*b))
    for axes in (1, 2, 0, ((1,), (0,)), ([-1, 1], [1, 0]), ((2,), (1,))):
        yield case("numpy.Tensordot", t(B, 4, 4), t(4, 4, 5), axes=axes)
    yield case("numpy.Vdot", X, X)
    yield from (
        case("numpy.Outer", *xs)
        for xs in ((t(B), t(3)), (t(2, 3), t(4, dtype="int8")), (t(2), 3), (2.0, t(2, dtype="int8")))
    )
    yield from (case("numpy.Kron", *xs) for xs in ((t(B, 3), t(2, 4)), (t(3), t(4, dtype="int16"))))
    for a, b, c in (
        ((B, 3), (B, 3), {}),
        ((B, 2), (B, 2), {}),
        ((3, B), (3, 1), {"axis": 0}),
        ((B, B), (B, 3), {}),
        ((B, 3, 4), (B, 3, 4), {"axisa": 1, "axisb": 1, "axisc": 0}),
    ):
        yield case("numpy.Cross", t(*a), t(*b, dtype="float64"), **c)
    for equation, shapes in (
        ("bij,bjk->bik", ((B, 2, 3), (B, 3, 4))), ("...ij,...jk->...ik", ((B, 5, 2, 3), (5, 3, 4))),
        ("ij,jk", ((B, 3), (3, 4))),
        ("ij->ji", ((B, 3),)), ("ii->i", ((3, 3),)), ("ij->", ((B, 3),)), ("b...,b...->b...", ((B, 2, 3), (B, 2, 1))),
        ("bi,bj,bk->bijk", ((B, 2), (B, 3), (B, 4))), ("bthd,bshd->bhts", ((B, 5, 2, 3), (B, 7, 2, 3))),
        ("...a,ab->...b", ((B, 2, 3), (3, 4))),
        ("ba,a", ((B, 3), (3,))), ("i,j", ((B,), (3,))), ("...ij->...ji", ((B, 2, 3),)),
    ):  # fmt: skip
        yield case("numpy.Einsum", *(t(*shape) for shape in shapes), subscripts=equation)
    yield case("numpy.Einsum", t(B, 3, dtype="int8"), t(3, 4, dtype="int8"), subscripts="ij,jk->ik")
    yield case("numpy.Einsum", t(B, 3, dtype="int8"), t(3, 4, dtype="float16"), subscripts="ij,jk->ik")
    yield from (case("numpy.Corrcoef", t(4, 4, dtype=d)) for d in DTYPES)
    yield from (
        case("numpy.Correlate", t(5, dtype=d), t(3), mode=m)
        for d, m in product(("int8", "float16", "float64"), ("valid", "same", "full"))
    )
    yield case("numpy.Correlate", t(5, dtype="int64"), t(3, dtype="int64"))
    yield case("math.CDist", t(B, 4, 3), t(7, 3))
    query, key = t(B, 5, 4, 8), t(B, 7, 4, 8)
    yield case("nn.DotProductAttention", query, key, key)
    yield case("nn.DotProductAttention", query, key, t(B, 7, 4, 8, dtype="float64"), None, t(B, 1, 5, 7, dtype="bool"))


def convolutions():
    for config in (
        {},
        {"strides": 2, "padding": "same"},
        {"dilation_rate": 2},
        {"strides": (2, 1), "padding": "VALID"},
    ):
        yield case("nn.Conv", IMAGE, t(3, 2, 3, 5), **config)
        yield case("nn.Conv", t(B, B, 9, 3), t(3, 2, 3, 5), **config)
        yield case("nn.DepthwiseConv", IMAGE, t(3, 2, 3, 2), **config)
        yield case("nn.SeparableConv", IMAGE, t(3, 2, 3, 2), t(1, 1, 6, 7), **config)
        yield case("nn.ConvTranspose", IMAGE, t(3, 2, 5, 3), **config)
    first = {"data_format": "channels_first"}
    yield case("nn.Conv", t(B, 3, 8, 9), t(3, 3, 3, 5), **first)
    yield case("nn.DepthwiseConv", t(B, 3, 8, 9), t(3, 3, 3, 2), **first)
    yield case("nn.SeparableConv", t(B, 3, 8, 9), t(3, 3, 3, 2), t(1, 1, 6, 7), **first)
    yield case("nn.ConvTranspose", t(B, 3, 8, B), t(3, 3, 5, 3), strides=3, output_padding=1, padding="same", **first)
    yield case("nn.ConvTranspose", IMAGE, t(3, 3, 5, 3), strides=(2, 3), output_padding=(1, 0))
    yield case("nn.Conv", t(B, 10, 3), t(4, 3, 5), padding="causal", dilation_rate=2)
    yield case("nn.Conv", t(B, 5, 6, 7, 2), t(2, 2, 2, 2, 3), strides=2)
    for name in ("MaxPool", "AveragePool"):
        last = {"data_format": "channels_last"}
        yield case(f"nn.{name}", IMAGE, pool_size=2, **last)
        yield case(f"nn.{name}", t(B, B, 9, 3), pool_size=(3, 2), strides=1, padding="same", **last)
        yield case(f"nn.{name}", t(B, 3, 8, 9), pool_size=2, strides=(1, 3), **first)
        yield case(f"nn.{name}", t(B, 10, 3), pool_size=3, padding="same", **last)
    for name in ("AdaptiveMaxPool", "AdaptiveAveragePool"):
        yield case(f"nn.{name}", IMAGE, output_size=(4, 2), data_format="channels_last")
        yield case(f"nn.{name}", t(B, 3, B, 9), output_size=(4, 2), **first)
    yield case("nn.DepthToSpace", t(B, 4, B, 12), block_size=2)
    yield case("nn.DepthToSpace", t(B, 12, 4, 3), block_size=2, **first)
    yield case("nn.SpaceToDepth", t(B, 4, B, 3), block_size=2)
    yield case("nn.SpaceToDepth", t(B, 3, 4, 6), block_size=2, **first)
    yield case("nn.Unfold", t(B, 3, 8, 9), kernel_size=(3, 2), padding=1, stride=2)
    yield case("nn.Unfold", t(B, 3, 8, 9), kernel_size=2, dilation=(2, 1))
    yield case("nn.Fold", t(B, 12, 20), output_size=(5, 6), kernel_size=2)
    yield case("nn.Fold", t(B, B, 20), output_size=6, kernel_size=(2, 3))
    yield from (case("nn.Glu", X, axis=axis) for axis in (-1, 1))
    yield case("nn.Glu", t(B, 3), axis=0)


def images():
    first = {"data_format": "channels_first"}
    for name in ("RGBToHSV", "HSVToRGB", "GaussianBlur", "ElasticTransform", "RGBToGrayscale"):
        yield from (
            case(f"image.{name}", IMAGE),
            case(f"image.{name}", t(8, 9, 3)),
            case(f"image.{name}", t(B, 3, 8, 9), **first),
        )
    for x, config in ((IMAGE, {}), (t(B, B, 3), {}), (t(B, 3, 8, 9), first), (t(3, 8, 9, dtype="uint8"), first)):
        yield case("image.Resize", x, size=(5, 4), **config)
    yield case("image.AffineTransform", IMAGE, t(B, 8))
    yield case("image.PerspectiveTransform", IMAGE, t(B, 4, 2), t(B, 4, 2))
    widths = {"top_padding": 1, "left_padding": 2, "bottom_padding": 3, "right_padding": 4}
    yield case("image.PadImages", IMAGE, **widths)
    yield case("image.PadImages", t(B, B, 9, 3), **widths)
    yield case("image.PadImages", IMAGE, top_padding=1, left_padding=1, target_height=12, target_width=13)
    yield case("image.PadImages", t(3, 8, 9), **widths, **first)
    cuts = {"top_cropping": 1, "left_cropping": 2, "bottom_cropping": 3, "right_cropping": 4}
    yield case("image.CropImages", IMAGE, **cuts)
    yield case("image.CropImages", t(B, B, 9, 3), top_cropping=1, left_cropping=2, target_height=4, target_width=3)
    for config in ({}, {"strides": (1, 2), "padding": "same"}, {"dilation_rate": 2, "strides": 1}):
        yield case("image.ExtractPatches", IMAGE, size=(3, 2), **config)
    yield case("image.ExtractPatches", t(8, 9, 3), size=2)
    yield case("image.ExtractPatches", t(B, 3, 8, 9), size=2, **first)
    yield case("image.ExtractPatches", t(B, 5, 6, 7, 2), size=(2, 2, 3))
    yield case("image.ExtractPatches", t(5, 6, 7, 2), size=(2, 2, 3), strides=(1, 1, 1))
    yield case("image.MapCoordinates", t(8, 9), t(2, B, 5), order=1)
    yield case("image.ScaleAndTranslate", t(B, 8, 9, 3), (4, 5, 6, 3), t(2), t(2), spatial_dims=(1, 2), method="linear")
    yield case("image.SobelEdges", IMAGE)
    yield from (case("image.SSIM", x, x) for x in (IMAGE, t(8, 9, 3)))


def algebra():
    for name in ("Cholesky", "CholeskyInverse", "Inv", "Det", "Eig", "Eigh", "MatrixRank", "Pinv"):
        yield from (case(f"linalg.{name}", SQUARE), case(f"linalg.{name}", t(3, 3, dtype="float64")))
    yield from (case(f"{name}", SQUARE) for name in ("math.Logdet", "numpy.Slogdet"))
    for name in ("LuFactor", "Qr", "SVD", "Pinv"):
        yield from (case(f"linalg.{name}", t(B, 4, 6)), case(f"linalg.{name}", t(6, 2)))
    yield case("linalg.Qr", t(B, 4, 6), mode="complete")
    yield from (case("linalg.SVD", t(B, 4, 6), **c) for c in ({"full_matrices": False}, {"compute_uv": False}))
    yield from (
        case(f"linalg.{n}", SQUARE, b)
        for n, b in product(("Solve", "SolveTriangular"), (t(B, 4, 2), t(B, 4, 5, dtype="float64")))
    )
    yield from (case("linalg.Lstsq", t(5, 3), b) for b in (t(5), t(5, 2)))


def signals():
    pair = (t(B, 4, 8), t(B, 4, 8))
    yield from (case(f"math.{name}", pair) for name in ("FFT", "FFT2", "IFFT2", "IRFFT"))
    yield case("math.IRFFT", (t(B, B), t(B, B)))
    yield case("math.IRFFT", pair, fft_length=10)
    yield from (case("math.RFFT", x, fft_length=n) for x, n in ((X, None), (X, 9), (t(B, B), None)))
    for x, center in product((t(B, 100), t(3, B)), (True, False)):
        yield case("math.STFT", x, sequence_length=16, sequence_stride=4, fft_length=18, center=center)
        windows = (t(B, 12, 9), t(B, 12, 9))
        yield case("math.ISTFT", windows, sequence_length=16, sequence_stride=4, fft_length=16, center=center)
    yield case("math.ISTFT", (t(B, B, 9), t(B, B, 9)), sequence_length=16, sequence_stride=4, fft_length=16)
    yield case("math.ISTFT", (t(B, B, 9), t(B, B, 9)), sequence_length=16, sequence_stride=4, fft_length=16, length=50)
    yield from (case("math.ExtractSequences", x, sequence_length=5, sequence_stride=2) for x in (t(B, 16), t(B)))


def orders():
    for name in ("Sort", "Argsort"):
        yield from (case(f"numpy.{name}", x, axis=axis) for x, axis in ((X, -1), (X, 0), (X, None), (t(2, 3), None)))
    yield from (case("numpy.Argpartition", x, kth=1, axis=axis) for x, axis in ((X, -1), (X, None), (t(2, 3), None)))
    yield from (case("math.TopK", x, k=2) for x in (X, t(B, 5, dtype="int16")))
    yield from (case("numpy.SearchSorted", t(n), t(B, 3)) for n in (5, B))
    for config in (
        {},
        {"axis": 1},
        {"size": 3, "return_counts": True},
        {"axis": -1, "return_index": True, "return_inverse": True},
        {"return_inverse": True},
    ):
        yield case("numpy.Unique", X, **config)
    yield from (
        case("numpy.Bincount", t(B, 3, dtype=d), weights=w)
        for d, w in product(("int32", "int8"), (None, [1, 2, 3], [0.5, 1, 2]))
    )
    yield from (case("numpy.Histogram", X, bins=n) for n in (10, 3))
    for name, n in product(("Sum", "Max", "Min", "Prod"), (None, 5)):
        yield case(f"math.Segment{name}", X, t(B, dtype="int32"), num_segments=n)


def creations():
    yield from (case("numpy.Full", t(), shape=(2, 3), dtype=d) for d in (None, "int8"))
    for name in ("Linspace", "Logspace", "Geomspace"):
        yield case(f"numpy.{name}", t(B, 3), t(3), num=5)
        yield case(f"numpy.{name}", t(B, dtype="int64"), 3, axis=-1)
        yield case(f"numpy.{name}", 0, t(B, dtype="float64"), num=4)
        yield case(f"numpy.{name}", t(), t(), dtype="float16")
    for axis, d in product((-1, 0, 1), ("float32", "int32", None)):
        yield case("nn.OneHot", t(B, 4, dtype="int32"), num_classes=5, axis=axis, dtype=d)
    yield from (
        case("nn.MultiHot", x, num_classes=5, axis=axis)
        for x, axis in ((t(B, 4, dtype="int32"), -1), (t(B, dtype="int64"), -1), (t(B, 3, 4, dtype="int32"), 1))
    )


def losses():
    yield case("nn.BinaryCrossentropy", X, X)
    yield from (case("nn.CategoricalCrossentropy", X, X, axis=axis) for axis in (-1, 1))
    yield case("nn.SparseCategoricalCrossentropy", t(B, 4, dtype="int32"), X)
    yield case("nn.SparseCategoricalCrossentropy", t(B, 6, dtype="int32"), X, axis=1)
    yield case("nn.CTCLoss", t(B, 5, dtype="int32"), t(B, 9, 4), t(B, dtype="int32"), t(B, dtype="int32"))
    yield from (
        case("nn.CTCDecode", t(B, 9, 4), t(B, dtype="int32"), strategy=s, top_paths=3)
        for s in ("greedy", "beam_search")
    )
    yield case("nn.PSNR", IMAGE, IMAGE, max_val=1.0)


FAMILIES = (
    elementwise, reductions, shaping, slicing, joining, products, convolutions, images, algebra, signals, orders,
    creations, losses,
)  # fmt: skip
