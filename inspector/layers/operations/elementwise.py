"""Operations on each element: the output has the operands' broadcast shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...graph import Constant, Spec
from ...knowledge import Knowledge, NotKnown, Subject
from .operands import Rule, axes_in, broadcast, dtype_of, promoted, shape_of, tensor
from .promotion import FLOATX, floated, is_integer, named_dtype, result_type, strong

SMALL_INTEGERS = ("int8", "int16", "int32", "uint8", "uint16", "uint32")
Shaper = Callable[..., Spec]


def kept(dtype: str) -> str:
    return dtype


def boolean(*_: str) -> str:
    return "bool"


def unary(rule: Rule) -> Shaper:
    """One operand; its shape, and the dtype that the rule makes of its dtype."""

    def shape(layer: Subject, x: Any, *_: Any, **__: Any) -> Spec:
        return Spec(shape_of(x), rule(strong(dtype_of(x))))

    return shape


def binary(rule: Rule) -> Shaper:
    """Two operands, broadcast; the rule joins their dtypes."""

    def shape(layer: Subject, x1: Any, x2: Any, *_: Any, **__: Any) -> Spec:
        return Spec(broadcast(shape_of(x1), shape_of(x2)), rule(dtype_of(x1), dtype_of(x2)))

    return shape


class Same(Knowledge):
    """The operand's own dtype: activations, signs, masks, rounding."""

    kinds = (
        "numpy.Absolute", "numpy.Abs", "numpy.Conjugate", "numpy.Conj", "numpy.Copy", "numpy.Imag", "numpy.Real",
        "numpy.Sign", "numpy.Negative", "numpy.BitwiseInvert", "numpy.BitwiseNot", "numpy.Trunc", "numpy.NanToNum",
        "numpy.Round", "numpy.Tril", "numpy.Triu",
        "nn.Relu", "nn.Relu6", "nn.Sigmoid", "nn.SparseSigmoid", "nn.Softplus", "nn.Softsign", "nn.SparsePlus",
        "nn.Silu", "nn.LogSigmoid", "nn.HardSigmoid", "nn.HardSilu", "nn.Selu", "nn.TanhShrink", "nn.HardTanh",
        "nn.SoftShrink", "nn.HardShrink", "nn.Squareplus", "nn.LeakyRelu", "nn.Elu", "nn.Celu", "nn.Gelu",
        "nn.Threshold", "nn.BatchNorm", "nn.RMSNorm", "nn.LayerNorm",
        "math.Rsqrt", "math.Erf", "math.Erfinv", "core.StopGradient", "core.ScatterUpdate", "core.SliceUpdate",
    )  # fmt: skip
    shape = staticmethod(unary(kept))


class Floating(Knowledge):
    """Mathematical functions: integers become floats, floats keep their width."""

    kinds = (
        "numpy.Angle", "numpy.Arccos", "numpy.Arccosh", "numpy.Cos", "numpy.Cosh", "numpy.Sinc", "numpy.Arcsin",
        "numpy.Arcsinh", "numpy.Arctan", "numpy.Arctanh", "numpy.Sin", "numpy.Sinh", "numpy.Tan", "numpy.Tanh",
        "numpy.Ceil", "numpy.Floor", "numpy.Log", "numpy.Log10", "numpy.Log2", "numpy.Log1p", "numpy.Sqrt",
        "math.Erfc",
    )  # fmt: skip
    shape = staticmethod(unary(floated))


def float_of_integers(dtype: str) -> str:
    """Integers and booleans become the default float; all else is kept."""
    return FLOATX if is_integer(dtype) or dtype == "bool" else dtype


class Exponential(Knowledge):
    """Integers and booleans become float32, float64 and complex numbers stay."""

    kinds = ("numpy.Exp", "numpy.Exp2", "numpy.Expm1", "numpy.Fabs")
    shape = staticmethod(unary(float_of_integers))


def cube_root(dtype: str) -> str:
    if dtype == "int64":
        return "float64"
    return FLOATX if dtype in ("bool", *SMALL_INTEGERS) else dtype


class CubeRoot(Knowledge):
    """int64 becomes float64, smaller integers float32."""

    kinds = ("numpy.Cbrt",)
    shape = staticmethod(unary(cube_root))


def angle(dtype: str) -> str:
    if dtype in ("int64", "float64"):
        return "float64"
    return dtype if dtype in ("bfloat16", "float16") else FLOATX


class Degrees(Knowledge):
    """Conversions of angles, and the Bessel function: always a float."""

    kinds = ("numpy.Deg2rad", "numpy.Rad2deg", "numpy.I0")
    shape = staticmethod(unary(angle))


def counted(dtype: str) -> str:
    return "int32" if dtype == "bool" else dtype


class Counted(Knowledge):
    """Booleans are counted as int32."""

    kinds = ("numpy.Clip", "numpy.Square")
    shape = staticmethod(unary(counted))


class Predicate(Knowledge):
    """A truth for each element."""

    kinds = (
        "numpy.Isfinite", "numpy.Isinf", "numpy.Isnan", "numpy.Isneginf", "numpy.Isposinf", "numpy.Isreal",
        "numpy.LogicalNot", "numpy.Signbit", "numpy.IsIn", "math.InTopK",
    )  # fmt: skip
    shape = staticmethod(unary(boolean))


class AlwaysFloat32(Knowledge):
    """Keras states no dtype for these, so that they are of its default float."""

    kinds = ("numpy.Reciprocal", "nn.Polar")
    shape = staticmethod(unary(lambda _: FLOATX))


class Digits(Knowledge):
    """The bin of each element, as int32."""

    kinds = ("numpy.Digitize",)
    shape = staticmethod(unary(lambda _: "int32"))


class AlongAxis(Knowledge):
    """Each element in relation to those along an axis that has to exist; shape and dtype are kept."""

    kinds = ("nn.Softmax", "nn.LogSoftmax", "nn.Sparsemax", "numpy.Flip", "numpy.Roll", "nn.Normalize")

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x, axis = tensor(x), layer.get("axis")
        if axis is not None:
            axes_in(axis, x.rank)
        return Spec(x.shape, FLOATX) if layer.class_name == "Normalize" else x


class Arithmetic(Knowledge):
    """Two operands of any dtypes, promoted to a common one."""

    kinds = (
        "numpy.Add", "numpy.Maximum", "numpy.Fmax", "numpy.Minimum", "numpy.Fmin", "numpy.Subtract",
        "numpy.Multiply", "numpy.Power", "numpy.FloorDivide",
    )  # fmt: skip
    shape = staticmethod(binary(result_type))


class Quotient(Knowledge):
    """Two operands, promoted to a float."""

    kinds = ("numpy.Divide", "numpy.DivideNoNan", "numpy.TrueDivide", "numpy.Logaddexp", "numpy.Logaddexp2")
    shape = staticmethod(binary(floated))


class Remainder(Knowledge):
    """Two operands, promoted; booleans become int32."""

    kinds = ("numpy.Mod", "numpy.Fmod")
    shape = staticmethod(binary(lambda a, b: counted(result_type(a, b))))


class Comparison(Knowledge):
    """A truth for each pair of elements."""

    kinds = (
        "numpy.Equal", "numpy.Greater", "numpy.GreaterEqual", "numpy.Less", "numpy.LessEqual", "numpy.LogicalAnd",
        "numpy.LogicalOr", "numpy.NotEqual", "numpy.LogicalXor", "numpy.Isclose",
    )  # fmt: skip
    shape = staticmethod(binary(boolean))


class Divisors(Knowledge):
    """Python scalars count with the full dtype Keras gives them, and do not yield to a tensor's."""

    kinds = ("numpy.Gcd", "numpy.Lcm")
    shape = staticmethod(binary(lambda a, b: result_type(strong(a), strong(b))))


class Neighbours(Knowledge):
    """As `Divisors`, promoted to a float."""

    kinds = ("numpy.Ldexp", "numpy.Nextafter")
    shape = staticmethod(binary(lambda a, b: floated(strong(a), strong(b))))


class ArcTangent(Knowledge):
    """A Python scalar counts as a float32 tensor."""

    kinds = ("numpy.Arctan2",)

    @staticmethod
    def shape(layer: Subject, x1: Any, x2: Any) -> Spec:
        dtypes = (x.dtype if isinstance(x, (Spec, Constant)) else FLOATX for x in (x1, x2))
        return Spec(broadcast(shape_of(x1), shape_of(x2)), floated(*dtypes))


def hypotenuse(a: str, b: str) -> str:
    dtype = result_type(a, b)
    if dtype == "int64":
        return "float64"
    return FLOATX if dtype in SMALL_INTEGERS else dtype


class Hypotenuse(Knowledge):
    """Promoted; int64 becomes float64, smaller integers float32."""

    kinds = ("numpy.Heaviside", "numpy.Hypot")
    shape = staticmethod(binary(hypotenuse))


class Bitwise(Knowledge):
    """The first operand's shape; a Python int on the right of a shift leaves its dtype."""

    kinds = (
        "numpy.BitwiseAnd", "numpy.BitwiseOr", "numpy.BitwiseXor", "numpy.BitwiseLeftShift", "numpy.LeftShift",
        "numpy.BitwiseRightShift", "numpy.RightShift",
    )  # fmt: skip

    @staticmethod
    def shape(layer: Subject, x: Any, y: Any) -> Spec:
        if "Shift" in layer.class_name and isinstance(y, int):
            return tensor(x)
        return Spec(shape_of(x), promoted((x, y)))


class Where(Knowledge):
    """A choice between two operands. With the condition alone, the output depends on values."""

    kinds = ("numpy.Where",)

    @staticmethod
    def shape(layer: Subject, condition: Any, x1: Any = None, x2: Any = None) -> Spec:
        if x1 is None and x2 is None:
            raise NotKnown("where() with a condition alone gives as many indices as there are true values")
        dtypes = ("int64" if x is None else dtype_of(x) for x in (x1, x2))
        return Spec(broadcast(shape_of(condition), shape_of(x1), shape_of(x2)), result_type(*dtypes))


class Select(Knowledge):
    """The first choice states shape and dtype."""

    kinds = ("numpy.Select",)

    @staticmethod
    def shape(layer: Subject, condlist: Any, choicelist: Any, default: Any = 0) -> Spec:
        return tensor(choicelist[0])


class Cast(Knowledge):
    """The dtype that the config states, by default the operand's."""

    kinds = (
        "core.Cast", "core.SaturateCast", "core.ConvertToTensor", "numpy.Array", "numpy.EmptyLike",
        "numpy.FullLike", "numpy.OnesLike", "numpy.ZerosLike",
    )  # fmt: skip

    @staticmethod
    def shape(layer: Subject, x: Any, *_: Any, **__: Any) -> Spec:
        default = FLOATX if layer.class_name in ("Cast", "SaturateCast") else strong(dtype_of(x))
        return Spec(shape_of(x), named_dtype(layer.get("dtype"), default))
