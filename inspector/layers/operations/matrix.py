"""Products of vectors and matrices."""

from __future__ import annotations

from typing import Any

from ...graph import Spec
from ...knowledge import Knowledge, NotKnown, Subject, product
from .contraction import Contraction, dot, everything, inner, matmul, tensordot
from .operands import agree, axes_in, axis_in, broadcast, dtype_of, promoted, shape_of, tensor
from .promotion import floated, result_type, strong


class Matmul(Knowledge):
    """Rows times columns; int8 by int8 gives int32."""

    kinds = ("numpy.Matmul",)

    @staticmethod
    def shape(layer: Subject, x1: Any, x2: Any) -> Spec:
        dtypes = [strong(dtype_of(x)) for x in (x1, x2)]
        dtype = "int32" if dtypes == ["int8", "int8"] else result_type(*dtypes)
        return Spec(matmul(x1, x2).shape(), dtype)

    @staticmethod
    def macs(layer: Subject, output: Any, x1: Any, x2: Any) -> int | None:
        return matmul(x1, x2).macs()


def read_axes(layer: Subject, x1: Any, x2: Any) -> Contraction:
    """The contraction of a tensordot: a number of inner axes, or the axes of both operands."""
    left, right, axes = len(shape_of(x1)), len(shape_of(x2)), layer.get("axes", 2)
    if isinstance(axes, int):
        number = max(axes, 0)
        if number > min(left, right):
            raise NotKnown(f"it sums over {axes} axes of tensors of rank {left} and {right}")
        return tensordot(x1, x2, (range(left - number, left), range(number)))
    return tensordot(x1, x2, (axes_in(axes[0], left), axes_in(axes[1], right)))


def find_contraction(layer: Subject, x1: Any, x2: Any) -> Contraction:
    if layer.class_name == "Tensordot":
        return read_axes(layer, x1, x2)
    return dot(x1, x2) if layer.class_name == "Dot" else inner(x1, x2)


class TensorProduct(Knowledge):
    """Sums over the last axis of the first operand and one or more of the second; scalars multiply."""

    kinds = ("numpy.Dot", "numpy.Inner", "numpy.Tensordot")

    @staticmethod
    def shape(layer: Subject, x1: Any, x2: Any) -> Spec:
        return Spec(find_contraction(layer, x1, x2).shape(), promoted((x1, x2)))

    @staticmethod
    def macs(layer: Subject, output: Any, x1: Any, x2: Any) -> int | None:
        return find_contraction(layer, x1, x2).macs()


class Vdot(Knowledge):
    """The sum over all elements' products."""

    kinds = ("numpy.Vdot",)

    @staticmethod
    def shape(layer: Subject, x1: Any, x2: Any) -> Spec:
        return Spec((), promoted((x1, x2)))

    @staticmethod
    def macs(layer: Subject, output: Any, x1: Any, x2: Any) -> int | None:
        return everything(x1, x2).macs()


class Outer(Knowledge):
    """Every element with every other, both flattened."""

    kinds = ("numpy.Outer",)

    @staticmethod
    def shape(layer: Subject, x1: Any, x2: Any) -> Spec:
        return Spec((product(shape_of(x1)), product(shape_of(x2))), promoted((x1, x2)))


class Kron(Knowledge):
    """Every axis as long as both operands' together."""

    kinds = ("numpy.Kron",)

    @staticmethod
    def shape(layer: Subject, x1: Any, x2: Any) -> Spec:
        dims = zip(shape_of(x1), shape_of(x2), strict=False)
        dtype = result_type(*(strong(dtype_of(x)) for x in (x1, x2)))
        return Spec(tuple(product(pair) for pair in dims), dtype)


class Cross(Knowledge):
    """The vector product along an axis of 2 or 3; of two plane vectors, it is a number."""

    kinds = ("numpy.Cross",)

    @staticmethod
    def shape(layer: Subject, x1: Any, x2: Any) -> Spec:
        x1, x2, axis = tensor(x1), tensor(x2), layer.get("axis")
        places = [layer.get(name, -1) if axis is None else axis for name in ("axisa", "axisb", "axisc")]
        first, second = axis_in(places[0], x1.rank), axis_in(places[1], x2.rank)
        sizes = (x1.shape[first], x2.shape[second])
        if not all(size in (None, 2, 3) for size in sizes):
            raise NotKnown(f"it multiplies vectors of {sizes[0]} and {sizes[1]} elements")
        rest = broadcast(x1.shape[:first] + x1.shape[first + 1 :], x2.shape[:second] + x2.shape[second + 1 :])
        value = (3,) if 3 in sizes else ()
        place = axis_in(places[2], len(rest) + len(value))
        return Spec((*rest[:place], *value, *rest[place:]), result_type(x1.dtype, x2.dtype))


class Distances(Knowledge):
    """The distance of each row of one to each row of the other."""

    kinds = ("math.CDist",)

    @staticmethod
    def shape(layer: Subject, x: Any, y: Any) -> Spec:
        x, y = tensor(x), tensor(y)
        if min(x.rank, y.rank) < 2 or not agree(x.shape[-1], y.shape[-1]):
            raise NotKnown(f"it compares rows of the shapes {list(x.shape)} and {list(y.shape)}")
        return Spec((*broadcast(x.shape[:-2], y.shape[:-2]), x.shape[-2], y.shape[-2]), floated(x.dtype, y.dtype))


class Correlation(Knowledge):
    """Keras states the operand's own shape."""

    kinds = ("numpy.Corrcoef",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x = tensor(x)
        return Spec(x.shape, "float64" if x.dtype == "int64" else floated(x.dtype))


class Correlate(Knowledge):
    """Two vectors slid along each other."""

    kinds = ("numpy.Correlate",)

    @staticmethod
    def shape(layer: Subject, x1: Any, x2: Any) -> Spec:
        lengths = (*shape_of(x1), *shape_of(x2))
        if len(lengths) != 2 or lengths[0] is None or lengths[1] is None:
            raise NotKnown("it correlates tensors that are no vectors of known length")
        longer, shorter = max(lengths[0], lengths[1]), min(lengths[0], lengths[1])
        length = {"valid": longer - shorter + 1, "same": longer, "full": longer + shorter - 1}[
            layer.get("mode", "valid")
        ]
        dtype = promoted((x1, x2))
        kept = dtype if dtype in ("bfloat16", "float16", "float64") else "float32"
        return Spec((length,), "float64" if dtype == "int64" else kept)


class Attention(Knowledge):
    """Queries weighed by keys, then values: (batch, length, heads, size)."""

    kinds = ("nn.DotProductAttention",)

    @staticmethod
    def shape(layer: Subject, query: Any, key: Any, value: Any, *_: Any, **__: Any) -> Spec:
        query = tensor(query)
        return Spec(query.shape, promoted((query, key, value)))

    @staticmethod
    def macs(layer: Subject, output: Any, query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int | None:
        scores = product((*tensor(query).shape[1:], tensor(key).shape[1]))
        return None if scores is None else 2 * scores
