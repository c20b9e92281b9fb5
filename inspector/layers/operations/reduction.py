"""Operations that take axes away: sums, means, extremes, norms, quantiles."""

from __future__ import annotations

from typing import Any

from ...graph import Constant, Spec
from ...knowledge import Knowledge, NotKnown, Subject
from .elementwise import Shaper, boolean, float_of_integers, kept
from .operands import Rule, agree, along_or_flat, axis_in, dtype_of, promoted, reduce_shape, shape_of, tensor, whole
from .promotion import FLOATX, floated, is_float, is_integer, named_dtype, result_type

WIDENED = {"bool": "int32", "int8": "int32", "int16": "int32", "uint8": "uint32", "uint16": "uint32"}


def reduction(rule: Rule) -> Shaper:
    """``axis`` and ``keepdims`` of the config; the rule makes the dtype of the operand's."""

    def shape(layer: Subject, x: Any) -> Spec:
        x = tensor(x)
        return Spec(reduce_shape(x.shape, layer.get("axis"), layer.get("keepdims")), rule(x.dtype))

    return shape


class Extreme(Knowledge):
    """The largest or smallest element: the operand's dtype."""

    kinds = ("numpy.Amax", "numpy.Amin", "numpy.Max", "numpy.Min", "numpy.Ptp")
    shape = staticmethod(reduction(kept))


class Truth(Knowledge):
    """Whether all or any elements are true."""

    kinds = ("numpy.All", "numpy.Any")
    shape = staticmethod(reduction(boolean))


class Position(Knowledge):
    """Indices and counts, as int32."""

    kinds = ("numpy.Argmax", "numpy.Argmin", "numpy.Nanargmax", "numpy.Nanargmin", "numpy.CountNonzero")
    shape = staticmethod(reduction(lambda _: "int32"))


class Sum(Knowledge):
    """Small integers are summed as 32-bit ones."""

    kinds = ("numpy.Sum", "numpy.Nansum")
    shape = staticmethod(reduction(lambda d: WIDENED.get(result_type(d), result_type(d))))


class Promoted(Knowledge):
    """The operand's dtype as Keras standardises it."""

    kinds = ("numpy.Nanmax", "numpy.Nanmin")
    shape = staticmethod(reduction(result_type))


class Product(Knowledge):
    """As a sum; ``dtype`` of the config overrides it."""

    kinds = ("numpy.Prod", "numpy.Nanprod")

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x = tensor(x)
        dtype = named_dtype(layer.get("dtype"), WIDENED.get(x.dtype, x.dtype))
        return Spec(reduce_shape(x.shape, layer.get("axis"), layer.get("keepdims")), dtype)


def mean_dtype(dtype: str) -> str:
    return result_type(dtype, FLOATX) if is_integer(dtype) or dtype == "bool" else dtype


class Mean(Knowledge):
    """Integers become floats, floats stay."""

    kinds = ("numpy.Mean",)
    shape = staticmethod(reduction(mean_dtype))


class Spread(Knowledge):
    """Variances and medians: promoted to a float."""

    kinds = ("numpy.Median", "numpy.Nanmean", "numpy.Nanmedian", "numpy.Nanstd", "numpy.Nanvar", "numpy.Var")
    shape = staticmethod(reduction(floated))


class Deviation(Knowledge):
    """Integers become float32."""

    kinds = ("numpy.Std", "linalg.Norm")
    shape = staticmethod(reduction(float_of_integers))


class LogSumExp(Knowledge):
    """Keras states no dtype for it: its default float."""

    kinds = ("math.Logsumexp",)
    shape = staticmethod(reduction(lambda _: FLOATX))


class Moments(Knowledge):
    """Mean and variance, of the operand's dtype."""

    kinds = ("nn.Moments",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> tuple[Spec, Spec]:
        x = tensor(x)
        spec = Spec(reduce_shape(x.shape, layer["axes"], layer.get("keepdims")), x.dtype)
        return spec, spec


def percentile(dtype: str) -> str:
    return dtype if is_float(dtype) else FLOATX


class Quantile(Knowledge):
    """One value for each of the quantiles asked for, on a new first axis, unless one alone is asked for."""

    kinds = ("numpy.Quantile", "numpy.Nanquantile", "numpy.Percentile", "numpy.Nanpercentile")

    @staticmethod
    def shape(layer: Subject, x: Any, q: Any) -> Spec:
        x, shape = tensor(x), reduce_shape(tensor(x).shape, layer.get("axis"), layer.get("keepdims"))
        percent = "percentile" in layer.class_name.lower()
        if isinstance(q, (Spec, Constant)):
            shape = (*q.shape[:1], *shape)
        elif isinstance(q, (list, tuple)) and (percent or len(q) > 1):
            shape = (len(q), *shape)
        return Spec(shape, percentile(x.dtype) if layer.class_name == "Percentile" else floated(x.dtype))


class Average(Knowledge):
    """A mean, weighted or not; weights lie along the axis or have the operand's shape."""

    kinds = ("numpy.Average",)

    @staticmethod
    def shape(layer: Subject, x: Any, weights: Any = None) -> Spec:
        x, axis = tensor(x), layer.get("axis")
        if weights is not None:
            given, along = shape_of(weights), None if axis is None else (x.shape[axis_in(axis, x.rank)],)
            if not any(fits(given, wanted) for wanted in (x.shape, along) if wanted is not None):
                raise NotKnown(f"its weights have the shape {list(given)}")
        dtype = promoted((x,) if weights is None else (x, weights), floated)
        return Spec(reduce_shape(x.shape, axis), dtype)


def fits(first: tuple[int | None, ...], second: tuple[int | None, ...]) -> bool:
    return len(first) == len(second) and all(agree(a, b) for a, b in zip(first, second, strict=True))


class Cumulation(Knowledge):
    """Running sums and products: the axis stays; without one, the operand is flattened."""

    kinds = ("numpy.Cumprod", "numpy.Cumsum", "numpy.Nancumsum", "numpy.Nancumprod")

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        dtype = named_dtype(layer.get("dtype"), dtype_of(x))
        return Spec(along_or_flat(tensor(x).shape, layer.get("axis")), "int32" if dtype == "bool" else dtype)


class Trapezoid(Knowledge):
    """An integral along one axis."""

    kinds = ("numpy.Trapezoid",)

    @staticmethod
    def shape(layer: Subject, y: Any) -> Spec:
        y, axis = tensor(y), layer.get("axis", -1)
        shape = y.shape if axis is None or not y.shape else reduce_shape(y.shape, whole(axis, "axis") % y.rank)
        return Spec(shape, floated(y.dtype))


class AllClose(Knowledge):
    """One truth."""

    kinds = ("numpy.AllClose",)

    @staticmethod
    def shape(layer: Subject, *_: Any, **__: Any) -> Spec:
        return Spec((), "bool")


class Size(Knowledge):
    """The number of elements, as an int32 scalar."""

    kinds = ("numpy.Size",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        return Spec((), "int32")


class Trace(Knowledge):
    """The sum over a diagonal: two axes go."""

    kinds = ("numpy.Trace",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x = tensor(x)
        axes = [axis_in(layer.get(name, default), x.rank) for name, default in (("axis1", 0), ("axis2", 1))]
        return Spec(reduce_shape(x.shape, axes), WIDENED.get(x.dtype, x.dtype))
