"""Order, ranks, counts and segments of elements."""

from __future__ import annotations

from typing import Any

from ...graph import Spec
from ...knowledge import Knowledge, NotKnown, Subject
from .operands import along_or_flat, axis_in, flat, put, tensor, whole
from .promotion import result_type


class Sort(Knowledge):
    """The axis stays; without one, the operand is flattened. Indices are int32."""

    kinds = ("numpy.Sort", "numpy.Argsort")

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x = tensor(x)
        return Spec(
            along_or_flat(x.shape, layer.get("axis", -1)), "int32" if layer.class_name == "Argsort" else x.dtype
        )


class Argpartition(Knowledge):
    """Indices, as int32."""

    kinds = ("numpy.Argpartition",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x = tensor(x)
        return Spec(flat(x.shape) if layer.get("axis", -1) is None else x.shape, "int32")


class TopK(Knowledge):
    """The largest elements of the last axis, and their places."""

    kinds = ("math.TopK",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> tuple[Spec, Spec]:
        x = tensor(x)
        shape = put(x.shape, axis_in(-1, x.rank), whole(layer["k"], "k"))
        return Spec(shape, x.dtype), Spec(shape, "int32")


class SearchSorted(Knowledge):
    """The place of each value in a sorted vector."""

    kinds = ("numpy.SearchSorted",)

    @staticmethod
    def shape(layer: Subject, sorted_sequence: Any, values: Any) -> Spec:
        shape = tensor(sorted_sequence).shape
        if len(shape) != 1:
            raise NotKnown(f"it searches a tensor of rank {len(shape)}")
        short = shape[0] is not None and shape[0] < 2**31
        return Spec(tensor(values).shape, "int32" if short else "int64")


class Nonzero(Knowledge):
    """As many indices as there are elements other than zero, one tensor an axis."""

    kinds = ("numpy.Nonzero",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> tuple[Spec, ...]:
        return (Spec((None,), "int32"),) * tensor(x).rank


class Unique(Knowledge):
    """Different values, as many as there are unless the config states a size; places and counts with them."""

    kinds = ("numpy.Unique",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec | tuple[Spec, ...]:
        x, axis, size = tensor(x), layer.get("axis"), layer.get("size")
        place = None if axis is None else axis_in(axis, x.rank)
        outputs = [Spec((size,) if place is None else put(x.shape, place, size), x.dtype)]
        if layer.get("return_index"):
            outputs.append(Spec((size,), "int32"))
        if layer.get("return_inverse"):
            outputs.append(Spec(x.shape if place is None else (x.shape[place],), "int32"))
        if layer.get("return_counts"):
            outputs.append(Spec((size,), "int32"))
        return outputs[0] if len(outputs) == 1 else tuple(outputs)


class Bincount(Knowledge):
    """How often each number occurs; the largest number is not known before."""

    kinds = ("numpy.Bincount",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x, weights = tensor(x), layer.get("weights")
        dtype = "int32"
        if isinstance(weights, (list, tuple)):
            dtype = result_type(x.dtype, "float32" if any(isinstance(item, float) for item in weights) else "int32")
        elif weights is not None:
            raise NotKnown("the dtype of its weights is not known")
        return Spec((*x.shape[:-1], None), dtype)


class Histogram(Knowledge):
    """Counts, and the edges between them."""

    kinds = ("numpy.Histogram",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> tuple[Spec, Spec]:
        x, bins = tensor(x), whole(layer.get("bins", 10), "number of bins")
        return Spec((bins,), x.dtype), Spec((bins + 1,), x.dtype)


class Segments(Knowledge):
    """One row for each segment."""

    kinds = ("math.SegmentSum", "math.SegmentMax", "math.SegmentMin", "math.SegmentProd")

    @staticmethod
    def shape(layer: Subject, data: Any, segment_ids: Any) -> Spec:
        data = tensor(data)
        return Spec((layer.get("num_segments"), *data.shape[1:]), data.dtype)
