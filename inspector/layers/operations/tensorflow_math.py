"""TensorFlow's arithmetic, reductions and products, by their public names without ``tf.``."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ...graph import Constant, Spec
from ...knowledge import NotKnown
from .contraction import Contraction, matmul, tensordot
from .operands import axes_in, axis_in, broadcast, reduce_shape
from .tensorflow_values import alike, axis_argument, dimensions, dtype_named, like, listed, values_of

TensorRule = Callable[..., Any]

SAME = (
    "math.abs", "math.negative", "math.sign", "math.square", "math.sqrt", "math.rsqrt", "math.exp", "math.expm1",
    "math.log", "math.log1p", "math.sin", "math.cos", "math.tan", "math.asin", "math.acos", "math.atan",
    "math.sinh", "math.cosh", "math.asinh", "math.acosh", "math.atanh", "math.tanh", "math.sigmoid", "math.erf",
    "math.erfc", "math.floor", "math.ceil", "math.round", "math.rint", "math.reciprocal", "math.softplus",
    "math.digamma", "math.lgamma", "math.log_sigmoid", "math.l2_normalize", "math.cumsum", "math.cumprod",
    "math.reciprocal_no_nan", "math.conj", "math.erfinv", "math.bessel_i0", "math.invert_permutation", "abs",
    "negative", "sign", "square", "sqrt", "rsqrt", "exp", "log", "tanh", "sigmoid", "round", "cumsum", "floor",
    "nn.relu", "nn.relu6", "nn.elu", "nn.selu", "nn.gelu", "nn.leaky_relu", "nn.silu", "nn.swish", "nn.sigmoid",
    "nn.tanh", "nn.softmax", "nn.log_softmax", "nn.softplus", "nn.softsign", "nn.l2_normalize", "nn.bias_add",
    "nn.dropout", "nn.batch_normalization", "nn.local_response_normalization", "nn.lrn", "identity",
    "stop_gradient", "clip_by_value", "clip_by_norm", "grad_pass_through", "reverse", "roll", "sort",
    "math.softsign", "random.shuffle", "debugging.check_numerics", "image.flip_left_right", "image.flip_up_down",
    "image.random_flip_left_right", "image.random_flip_up_down", "image.adjust_brightness", "image.adjust_contrast",
    "image.adjust_gamma", "image.adjust_hue", "image.adjust_saturation", "image.random_brightness",
    "image.random_contrast", "image.per_image_standardization", "image.rgb_to_hsv", "image.hsv_to_rgb",
    "image.rgb_to_yuv", "image.yuv_to_rgb", "image.rgb_to_yiq", "image.yiq_to_rgb", "linalg.band_part",
    "linalg.inv", "linalg.cholesky", "linalg.set_diag", "tensor_scatter_nd_update", "tensor_scatter_nd_add",
    "__operators__.neg", "__operators__.abs", "nn.experimental.general_dropout",
)  # fmt: skip
PREDICATES = ("math.is_nan", "math.is_finite", "math.is_inf", "math.logical_not", "__operators__.invert", "logical_not")
ARITHMETIC = (
    "math.add", "math.subtract", "math.multiply", "math.divide", "math.divide_no_nan", "math.multiply_no_nan",
    "math.pow", "math.floordiv", "math.floormod", "math.mod", "math.maximum", "math.minimum",
    "math.squared_difference", "math.atan2", "math.xdivy", "math.xlogy", "add", "subtract", "multiply", "divide",
    "pow", "maximum", "minimum", "floordiv", "floormod", "realdiv", "__operators__.add", "__operators__.sub",
    "__operators__.mul", "__operators__.div", "__operators__.pow", "__operators__.floordiv", "__operators__.mod",
    "__operators__.radd", "__operators__.rsub", "__operators__.rmul", "__operators__.rpow", "bitwise.bitwise_and",
    "bitwise.bitwise_or", "bitwise.bitwise_xor", "math.nextafter",
)  # fmt: skip
COMPARISONS = (
    "math.equal", "math.not_equal", "math.greater", "math.greater_equal", "math.less", "math.less_equal",
    "math.logical_and", "math.logical_or", "math.logical_xor", "equal", "not_equal", "greater", "greater_equal",
    "less", "less_equal", "logical_and", "logical_or", "__operators__.eq", "__operators__.ne",
)  # fmt: skip
TRUE_DIVISIONS = ("math.truediv", "truediv", "__operators__.truediv", "__operators__.rtruediv", "__operators__.div")
REDUCTIONS = (
    "math.reduce_sum", "math.reduce_mean", "math.reduce_max", "math.reduce_min", "math.reduce_prod",
    "math.reduce_std", "math.reduce_variance", "math.reduce_logsumexp", "math.reduce_euclidean_norm", "reduce_sum",
    "reduce_mean", "reduce_max", "reduce_min", "reduce_prod",
)  # fmt: skip
TRUTHS = ("math.reduce_all", "math.reduce_any", "reduce_all", "reduce_any")
DIVIDED = {"int8": "float32", "uint8": "float32", "int16": "float32", "uint16": "float32", "int32": "float64",
           "uint32": "float64", "int64": "float64", "uint64": "float64"}  # fmt: skip


def same(x: Any, *_: Any, **__: Any) -> Spec:
    x = like(x)
    return Spec(x.shape, x.dtype)


def predicate(x: Any, *_: Any, **__: Any) -> Spec:
    return Spec(like(x).shape, "bool")


def arithmetic(x: Any, y: Any = None, other: Any = None, **_: Any) -> Spec:
    """``==`` and ``!=`` name their second operand ``other``."""
    y = other if y is None else y
    if y is None:
        raise NotKnown("its second operand is not in the file")
    first, second = alike((x, y))
    return Spec(broadcast(first.shape, second.shape), first.dtype)


def comparison(x: Any, y: Any = None, other: Any = None, **_: Any) -> Spec:
    return Spec(arithmetic(x, y, other).shape, "bool")


def tracked(combine: Callable[[int, int], int]) -> TensorRule:
    """Arithmetic that follows the values of shapes: ``tf.shape(x)[1] * 2`` is known before it runs."""

    def rule(x: Any, y: Any = None, **_: Any) -> Spec:
        spec = arithmetic(x, y)
        left, right = values_of(x), values_of(y)
        if left is None or right is None or spec.dtype not in ("int32", "int64"):
            return spec
        length = max(len(left), len(right))
        left, right = (side * length if len(side) == 1 else side for side in (left, right))
        pairs = zip(left, right, strict=True)
        found = [None if a is None or b is None else combine(a, b) for a, b in pairs]
        return dimensions(found, scalar=not spec.shape, dtype=spec.dtype)

    return rule


def true_division(x: Any, y: Any = None, **_: Any) -> Spec:
    """Integers are divided as floats wide enough for them."""
    spec = arithmetic(x, y)
    return Spec(spec.shape, DIVIDED.get(spec.dtype, spec.dtype))


def reduce(x: Any, axis: Any = None, keepdims: Any = False, **old: Any) -> Spec:
    """``keep_dims`` and ``reduction_indices`` are the names of TensorFlow 1."""
    x = like(x)
    axis = axis_argument(old.get("reduction_indices") if axis is None else axis)
    return Spec(reduce_shape(x.shape, axis, keepdims or old.get("keep_dims")), x.dtype)


def truth(x: Any, axis: Any = None, keepdims: Any = False, **old: Any) -> Spec:
    return Spec(reduce(x, axis, keepdims, **old).shape, "bool")


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = None, **_: Any) -> Spec:
    return reduce(x, axis, keepdims)


def position(x: Any, axis: Any = None, output_type: Any = None, **old: Any) -> Spec:
    """The place of an extreme along one axis, the first by default; int64 unless stated."""
    x, axis = like(x), axis_argument(old.get("dimension") if axis is None else axis)
    return Spec(reduce_shape(x.shape, 0 if axis is None else axis), dtype_named(output_type, "int64"))


def argsort(x: Any, *_: Any, **__: Any) -> Spec:
    return Spec(like(x).shape, "int32")


def count(x: Any, axis: Any = None, keepdims: Any = False, dtype: Any = None, **_: Any) -> Spec:
    return Spec(reduce(x, axis, keepdims).shape, dtype_named(dtype, "int64"))


def cast(x: Any, dtype: Any = None, **_: Any) -> Spec:
    x = like(x)
    return Spec(x.shape, dtype_named(dtype, "float32"))


def add_n(inputs: Any, **_: Any) -> Spec:
    parts = alike(listed(inputs))
    return Spec(broadcast(parts[0].shape, *(part.shape for part in parts[1:])), parts[0].dtype)


def top_k(x: Any, k: Any = 1, sorted: Any = True, **_: Any) -> list[Spec]:
    x = like(x)
    if not isinstance(k, int):
        raise NotKnown("its k is computed at run time")
    shape = (*x.shape[:-1], k)
    return [Spec(shape, x.dtype), Spec(shape, "int32")]


def moments(x: Any, axes: Any = None, shift: Any = None, keepdims: Any = False, **_: Any) -> list[Spec]:
    spec = reduce(x, axes, keepdims)
    return [spec, spec]


def transposed(x: Spec, *flags: Any) -> Spec:
    return Spec((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype) if any(flags) else x


def matrix_product(a: Any, b: Any = None, **flags: Any) -> Contraction:
    """Flags transpose either operand. A stored list is a constant and has no batch axis."""
    if b is None:
        raise NotKnown("its second operand is not in the file")
    first, second = alike((a, b))
    first = transposed(first, flags.get("transpose_a"), flags.get("adjoint_a"))
    second = transposed(second, flags.get("transpose_b"), flags.get("adjoint_b"))
    return matmul(hold(first, a), hold(second, b))


def hold(spec: Spec, value: Any) -> Any:
    """A stored operand as a constant, so that it counts as no batch."""
    return spec if isinstance(value, Spec) else Constant(spec.shape, spec.dtype, None)


def multiply_matrices(a: Any, b: Any = None, **flags: Any) -> Spec:
    product = matrix_product(a, b, **flags)
    return Spec(product.shape(), product.operands[0].dtype)


def tensor_product(a: Any, b: Any = None, axes: Any = 2, **_: Any) -> Contraction:
    first, second = alike((a, b))
    left, right = len(first.shape), len(second.shape)
    if isinstance(axes, int):
        if not 0 <= axes <= min(left, right):
            raise NotKnown(f"it sums over {axes} axes of tensors of rank {left} and {right}")
        sides = (list(range(left - axes, left)), list(range(axes)))
    else:
        sides = (axes_in(axes[0], left), axes_in(axes[1], right))
    return tensordot(hold(first, a), hold(second, b), sides)


def multiply_tensors(a: Any, b: Any = None, axes: Any = 2, **_: Any) -> Spec:
    product = tensor_product(a, b, axes)
    return Spec(product.shape(), product.operands[0].dtype)


def einsum(*_: Any, **__: Any) -> Any:
    raise NotKnown("Keras 2 writes no operands of einsum into the file")


def diag_part(x: Any, **_: Any) -> Spec:
    x = like(x)
    axis_in(-2, len(x.shape))
    sides = x.shape[-2:]
    side = None if None in sides else min(dim for dim in sides if dim is not None)
    return Spec((*x.shape[:-2], side), x.dtype)


RULES: dict[str, TensorRule] = {
    **dict.fromkeys(SAME, same),
    **dict.fromkeys(PREDICATES, predicate),
    **dict.fromkeys(ARITHMETIC, arithmetic),
    **dict.fromkeys(COMPARISONS, comparison),
    **dict.fromkeys(("math.add", "add", "__operators__.add", "__operators__.radd"), tracked(operator.add)),
    **dict.fromkeys(("math.subtract", "subtract", "__operators__.sub", "__operators__.rsub"), tracked(operator.sub)),
    **dict.fromkeys(("math.multiply", "multiply", "__operators__.mul", "__operators__.rmul"), tracked(operator.mul)),
    **dict.fromkeys(("math.floordiv", "floordiv", "floor_div", "__operators__.floordiv"), tracked(operator.floordiv)),
    **dict.fromkeys(TRUE_DIVISIONS, true_division),
    **dict.fromkeys(REDUCTIONS, reduce),
    **dict.fromkeys(TRUTHS, truth),
    **dict.fromkeys(("math.argmax", "math.argmin", "argmax", "argmin"), position),
    **dict.fromkeys(("cast", "dtypes.cast", "dtypes.saturate_cast", "saturate_cast"), cast),
    **dict.fromkeys(("math.add_n", "add_n", "math.accumulate_n"), add_n),
    **dict.fromkeys(("math.top_k", "nn.top_k"), top_k),
    **dict.fromkeys(("linalg.matmul", "matmul", "__operators__.matmul"), multiply_matrices),
    **dict.fromkeys(("tensordot", "linalg.tensordot"), multiply_tensors),
    **dict.fromkeys(("einsum", "linalg.einsum"), einsum),
    **dict.fromkeys(("norm", "linalg.norm"), norm),
    "argsort": argsort,
    "math.count_nonzero": count,
    "nn.moments": moments,
    "linalg.diag_part": diag_part,
}
MACS: dict[str, TensorRule] = {
    **dict.fromkeys(
        ("linalg.matmul", "matmul", "__operators__.matmul"), lambda *a, **k: matrix_product(*a, **k).macs()
    ),
    **dict.fromkeys(("tensordot", "linalg.tensordot"), lambda *a, **k: tensor_product(*a, **k).macs()),
    **dict.fromkeys(("einsum", "linalg.einsum"), einsum),
}
