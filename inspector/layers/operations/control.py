"""Operations that call a function: what it returns stands in no file."""

from __future__ import annotations

from typing import Any

from ...knowledge import Knowledge, NotKnown, Subject


class Closure(Knowledge):
    """The output is that of a Python function. Where the file states its shape, that is used."""

    kinds = (
        "core.Map", "core.Scan", "core.AssociativeScan", "core.Switch", "core.Cond", "core.VectorizedMap",
        "core.WhileLoop", "core.ForiLoop", "linalg.JVP",
    )  # fmt: skip

    @staticmethod
    def shape(layer: Subject, *args: Any, **kwargs: Any) -> Any:
        raise NotKnown(f"{layer.class_name} calls a Python function, and what it returns is not in the file")

    @staticmethod
    def macs(layer: Subject, output: Any, *args: Any, **kwargs: Any) -> int | None:
        raise NotKnown(f"{layer.class_name} calls a Python function, and what it computes is not in the file")


class NoTensors(Knowledge):
    """Keras runs it when the model is made, so that it never stands in a graph."""

    kinds = ("numpy.Arange",)

    @staticmethod
    def shape(layer: Subject, *args: Any, **kwargs: Any) -> Any:
        raise NotKnown(f"{layer.class_name} takes no tensors, and Keras puts no such call in a graph")
