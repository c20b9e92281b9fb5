"""Knowledge of the core layers: Input, Dense, EinsumDense, Embedding, Lambda, Masking, Identity."""

from __future__ import annotations

from typing import Any

from ..knowledge import Example, Knowledge, Spec, Subject, WeightSpec, product


class Input(Knowledge):
    """The entry of a graph: its shape and dtype stand in the config (``batch_shape``, Keras 2 ``batch_input_shape``)."""

    kinds = ("InputLayer",)

    @staticmethod
    def shape(layer: Subject, *args: Any, **kwargs: Any) -> Spec:
        shape = layer.get("batch_shape") or layer.get("batch_input_shape")
        return layer.spec(layer["batch_shape"] if shape is None else shape)


class Dense(Knowledge):
    """A matrix product on the last axis, a bias, an activation."""

    kinds = ("Dense",)
    masking = True
    examples = (
        Example("Dense", {"units": 4}, ((None, 3),)),
        Example("Dense", {"units": 4, "use_bias": False, "activation": "relu"}, ((None, 5, 3),)),
    )

    @staticmethod
    def shape(layer: Subject, x: Spec, **_: Any) -> Spec:
        return layer.spec((*x.shape[:-1], layer["units"]))

    @staticmethod
    def weights(layer: Subject, x: Spec, **_: Any) -> list[WeightSpec]:
        specs = [layer.weight("kernel", (x.shape[-1], layer["units"]))]
        if layer.get("use_bias", True):
            specs.append(layer.weight("bias", (layer["units"],)))
        return specs

    @staticmethod
    def macs(layer: Subject, output: Spec, x: Spec, **_: Any) -> int | None:
        return product((*x.shape[1:], layer["units"]))
