"""Operations whose config states the output: filled tensors, ranges, encodings, dimensions."""

from __future__ import annotations

from typing import Any

from ...graph import Shape, Spec
from ...knowledge import Knowledge, NotKnown, Subject
from .operands import axis_in, broadcast, dtype_of, shape_of, tensor, whole
from .promotion import FLOATX, floated, named_dtype, strong


class Full(Knowledge):
    """One value in a stated shape."""

    kinds = ("numpy.Full",)

    @staticmethod
    def shape(layer: Subject, fill_value: Any) -> Spec:
        return Spec(tuple(layer["shape"]), named_dtype(layer.get("dtype")))


class Range(Knowledge):
    """Numbers between two tensors on a new axis. ``retstep`` has no symbolic value for the step."""

    kinds = ("numpy.Linspace", "numpy.Logspace", "numpy.Geomspace")

    @staticmethod
    def shape(layer: Subject, start: Any, stop: Any) -> Spec:
        if layer.get("retstep"):
            raise NotKnown("the step that it returns has no shape before it runs")
        ends = broadcast(shape_of(start), shape_of(stop))
        place = axis_in(layer.get("axis", 0), len(ends) + 1)
        dtype = named_dtype(layer.get("dtype"), strong(dtype_of(start)))
        return Spec((*ends[:place], whole(layer.get("num", 50), "number"), *ends[place:]), floated(dtype))


def encode(shape: Shape, axis: Any, classes: Any) -> Shape:
    """A new axis of as many elements as there are classes."""
    place = len(shape) if axis == -1 else axis_in(axis, len(shape))
    return (*shape[:place], whole(classes, "number of classes"), *shape[place:])


class OneHot(Knowledge):
    """A new axis that has a one in the place of the class."""

    kinds = ("nn.OneHot",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        return Spec(encode(shape_of(x), layer.get("axis", -1), layer["num_classes"]), named_dtype(layer.get("dtype")))


class MultiHot(Knowledge):
    """A one in the place of every class of a row. Keras states the input's dtype."""

    kinds = ("nn.MultiHot",)

    @staticmethod
    def shape(layer: Subject, inputs: Any) -> Spec:
        x = tensor(inputs)
        classes = layer.get("num_classes")
        shape = encode(x.shape, layer.get("axis", -1), layer["num_tokens"] if classes is None else classes)
        return Spec(shape[-1:] if len(shape) == 2 else (shape[0], *shape[2:]), x.dtype)


class Ndim(Knowledge):
    """Keras states a vector as long as the operand has axes, of its default float."""

    kinds = ("numpy.Ndim",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        return Spec((tensor(x).rank,), FLOATX)
