"""Knowledge of the merging layers, which take a list of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from ..knowledge import Example, Knowledge, NotKnown, Shape, Spec, Subject, product


class Merge(Knowledge):
    """Element by element, with broadcasting behind the batch axis."""

    kinds = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
    masking = True
    examples = (
        Example("Add", {}, ((None, 5), (None, 5)), nested=True),
        Example("Add", {}, ((None, 5, 3), (None, 1, 3), (2, None, 3)), nested=True),
        Example("Subtract", {}, ((None, 5, 3), (None, 3)), nested=True),
        Example("Subtract", {"dtype": "mixed_float16"}, ((None, 3), (None, 3)), nested=True),
        Example("Multiply", {}, ((None, 1, 1, 4), (None, 6, 7, 4)), nested=True),
        Example("Multiply", {}, ((2, 4), (2, 4)), dtype="int32", nested=True),
        Example("Average", {}, ((None, None, 4), (None, 1, 4)), nested=True),
        Example("Average", {}, ((None, 4), (None, 4), (None, 4)), nested=True),
        Example("Maximum", {}, ((None, 4), (3, 4)), nested=True),
        Example("Maximum", {}, ((None, 6, 4), (None, 6, 4)), nested=True),
        Example("Minimum", {}, ((None, 6, 4), (None, 1)), nested=True),
        Example("Minimum", {}, ((None, 4), (None, 4)), nested=True),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Sequence[Spec], *_: Any, **__: Any) -> Spec:
        shapes = [spec.shape for spec in listed(layer, inputs)]
        batches = {shape[0] for shape in shapes if shape} - {None}
        if len(batches) > 1:
            raise NotKnown(f"its inputs have different batch sizes: {sorted(str(size) for size in batches)}"[:200])
        return layer.spec((batches.pop() if batches else None, *reduce(broadcast, [shape[1:] for shape in shapes])))


def listed(layer: Subject, inputs: Any) -> Sequence[Spec]:
    if isinstance(inputs, Spec):  # Keras 2 writes a list of one tensor as it writes a tensor
        return [inputs]
    if not isinstance(inputs, (list, tuple)) or not inputs:
        raise NotKnown(f"{layer.class_name} takes a list of tensors")
    return inputs


def broadcast(one: Shape, other: Shape) -> Shape:
    """Two shapes element by element from the last axis; an open dimension stays open, whatever the other is."""
    if len(one) < len(other):
        one, other = other, one
    if not other:
        return one
    merged = list(one[: -len(other)])
    for first, second in zip(one[-len(other) :], other, strict=True):
        if first is None or second is None:
            merged.append(None)
        elif first == 1 or second == 1 or first == second:
            merged.append(second if first == 1 else first)
        else:
            raise NotKnown(f"inputs of shapes {list(one)} and {list(other)} do not fit together")
    return tuple(merged)


class CustomScaleLayer(Knowledge):
    """The residual sum of ``keras.applications.InceptionResNetV2``: the second of two tensors counts ``scale``."""

    kinds = ("CustomScaleLayer",)

    @staticmethod
    def shape(layer: Subject, inputs: Sequence[Spec], *_: Any, **__: Any) -> Spec:
        if "scale" not in layer.config or len(listed(layer, inputs)) != 2:
            raise NotKnown("it is not the CustomScaleLayer of keras.applications")
        return Merge.shape(layer, inputs)


class Concatenate(Knowledge):
    """The inputs one behind the other along ``axis``."""

    kinds = ("Concatenate",)
    masking = True
    examples = (
        Example("Concatenate", {}, ((None, 5, 3), (None, 5, 4)), nested=True),
        Example("Concatenate", {"axis": 1}, ((None, 5, 3), (None, None, 3), (None, 2, 3)), nested=True),
        Example("Concatenate", {"axis": -2, "dtype": "mixed_float16"}, ((2, 5, 3), (2, 6, 3)), nested=True),
        Example("Concatenate", {"axis": 1}, ((None, 5), (None, 4)), dtype="int32", nested=True),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Sequence[Spec], *_: Any, **__: Any) -> Spec:
        shapes, axis = [spec.shape for spec in listed(layer, inputs)], layer.get("axis", -1)
        if len({len(shape) for shape in shapes}) > 1:
            raise NotKnown("its inputs differ in their number of dimensions")
        along = [shape[axis] for shape in shapes]
        merged = list(shapes[0])
        merged[axis] = None if None in along else sum(size for size in along if size is not None)
        return layer.spec(merged)


class Dot(Knowledge):
    """The product of two tensors over one axis of each, sample by sample."""

    kinds = ("Dot",)
    masking = True
    examples = (
        Example("Dot", {"axes": 1}, ((None, 5), (None, 5)), nested=True),
        Example("Dot", {"axes": (2, 1)}, ((None, 4, 5), (None, 5, 6)), nested=True),
        Example("Dot", {"axes": -1, "normalize": True}, ((None, 4, 5), (None, 6, 5)), nested=True),
        Example("Dot", {"axes": (1, 2), "dtype": "mixed_float16"}, ((2, 5, None), (2, 6, 5)), nested=True),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Sequence[Spec], *_: Any, **__: Any) -> Spec:
        one, other = Dot.axes(layer, inputs)
        left, right = list(inputs[0].shape), list(inputs[1].shape)
        if left.pop(one) != right.pop(other):
            raise NotKnown("the axes to sum over differ in size")
        shape = left + right[1:]
        return layer.spec(shape if len(shape) > 1 else [*shape, 1])

    @staticmethod
    def axes(layer: Subject, inputs: Sequence[Spec]) -> tuple[int, int]:
        if len(listed(layer, inputs)) != 2:
            raise NotKnown(f"Dot takes two tensors, not {len(inputs)}")
        axes = layer["axes"]
        one, other = axes if isinstance(axes, (list, tuple)) else (axes, axes)
        return one % inputs[0].rank, other % inputs[1].rank

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Sequence[Spec], *_: Any, **__: Any) -> int | None:
        return product((*output.shape[1:], inputs[0].shape[Dot.axes(layer, inputs)[0]]))
