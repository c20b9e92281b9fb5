"""Knowledge of the activation layers."""

from __future__ import annotations

from typing import Any

from ..knowledge import Example, ShapeKept, Spec, Subject, WeightSpec


class Activation(ShapeKept):
    """A function of each element (or, softmax, of each row); the shape stays."""

    kinds = ("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "ThresholdedReLU")
    examples = (
        Example("Activation", {"activation": "tanh"}, ((None, 5),)),
        Example("Activation", {"activation": "relu", "dtype": "mixed_float16"}, ((None, None, 3),), dtype="int32"),
        Example("ReLU", {"max_value": 6.0}, ((None, 5),)),
        Example("ReLU", {"negative_slope": 0.1, "threshold": 1.0}, ((2, 5, 5, 3),)),
        Example("LeakyReLU", {"negative_slope": 0.2}, ((None, 5),)),
        Example("LeakyReLU", {"dtype": "bfloat16"}, ((None, 5),)),
        Example("ELU", {"alpha": 0.5}, ((None, 5),)),
        Example("ELU", {}, ((None, None, None, 3),)),
        Example("Softmax", {"axis": (1, 2)}, ((None, 5, 6),)),
        Example("Softmax", {}, ((None, 5, 6),), {"mask": Spec((None, 5, 6), "bool")}),
    )


class PReLU(ShapeKept):
    """A leaky rectifier that learns its slope at every position, or one along each of ``shared_axes``."""

    kinds = ("PReLU",)
    examples = (
        Example("PReLU", {}, ((None, 5, 3),)),
        Example("PReLU", {"shared_axes": [1, 2]}, ((None, None, 8, 3),)),
        Example("PReLU", {"shared_axes": 1, "dtype": "mixed_float16"}, ((None, None, 3),)),
    )

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        shared = layer.get("shared_axes") or []
        dims = list(inputs.shape[1:])
        for axis in shared if isinstance(shared, (list, tuple)) else [shared]:
            dims[axis - 1] = 1
        return [layer.weight("alpha", dims)]
