"""Losses and metrics as operations."""

from __future__ import annotations

from typing import Any

from ...graph import Spec
from ...knowledge import Knowledge, NotKnown, Subject
from .operands import axis_in, put, tensor
from .promotion import FLOATX, result_type


def same_shape(target: Any, output: Any) -> Spec:
    x, y = tensor(output), tensor(target)
    if x.shape != y.shape:
        raise NotKnown(f"target and output have the shapes {list(y.shape)} and {list(x.shape)}")
    return x


class BinaryCrossentropy(Knowledge):
    """A loss for each element."""

    kinds = ("nn.BinaryCrossentropy",)

    @staticmethod
    def shape(layer: Subject, target: Any, output: Any) -> Spec:
        return same_shape(target, output)


class CategoricalCrossentropy(Knowledge):
    """A loss for each row; targets are one-hot, or with Sparse numbers."""

    kinds = ("nn.CategoricalCrossentropy", "nn.SparseCategoricalCrossentropy")

    @staticmethod
    def shape(layer: Subject, target: Any, output: Any) -> Spec:
        if layer.class_name == "CategoricalCrossentropy":
            x = same_shape(target, output)
            return Spec(x.shape[: axis_in(-1, x.rank)], x.dtype)
        x = tensor(output)
        return Spec(put(x.shape, axis_in(layer.get("axis", -1), x.rank)), x.dtype)


class Ctc(Knowledge):
    """A loss for each sequence."""

    kinds = ("nn.CTCLoss",)

    @staticmethod
    def shape(layer: Subject, target: Any, output: Any, *_: Any, **__: Any) -> Spec:
        return Spec(tensor(target).shape[:1], result_type(tensor(output).dtype, FLOATX))


class CtcDecode(Knowledge):
    """The best paths, and how likely they are."""

    kinds = ("nn.CTCDecode",)

    @staticmethod
    def shape(layer: Subject, inputs: Any, sequence_lengths: Any) -> tuple[Spec, Spec]:
        x, paths = tensor(inputs), 1 if layer.get("strategy", "greedy") == "greedy" else layer.get("top_paths", 1)
        return Spec((paths, *x.shape[:2]), "int32"), Spec((x.shape[0], paths), result_type(x.dtype, FLOATX))


class SignalToNoise(Knowledge):
    """One number."""

    kinds = ("nn.PSNR",)

    @staticmethod
    def shape(layer: Subject, x1: Any, x2: Any) -> Spec:
        return Spec((), FLOATX)
