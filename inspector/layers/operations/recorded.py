"""Knowledge of what a graph recovered from code holds besides Keras's own operations."""

from __future__ import annotations

from typing import Any

from ...knowledge import Knowledge, NotKnown, Spec, Subject


class Recorded(Knowledge):
    """A variable that is read, a value, a random draw: no product among them; the live model states their shapes."""

    kinds = ("kinspect.VariableRead", "kinspect.Constant", "kinspect.RandomDraw")

    @staticmethod
    def shape(layer: Subject, *args: Any, **kwargs: Any) -> Spec:
        raise NotKnown(f"{layer.class_name} was recorded from code, and has the shape of the live model alone")
