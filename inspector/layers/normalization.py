"""Knowledge of the normalization layers."""

from __future__ import annotations

from typing import Any

from ..knowledge import Example, Knowledge, NotKnown, Shape, ShapeKept, Spec, Subject, WeightSpec, whole


def axes_of(layer: Subject) -> list[Any]:
    axis = layer.get("axis", -1)
    return list(axis) if isinstance(axis, (list, tuple)) else [axis]


def dims_along(inputs: Spec, axes: list[Any]) -> Shape:
    return tuple(inputs.shape[axis] for axis in axes)


class BatchNormalization(ShapeKept):
    """Centres and scales each channel; moving statistics are weights that do not train."""

    kinds = ("BatchNormalization", "BatchNormalizationV1", "BatchNormalizationV2", "SyncBatchNormalization")
    examples = (
        Example("BatchNormalization", {}, ((None, 8, 8, 3),)),
        Example("BatchNormalization", {"axis": 1, "scale": False}, ((None, 3, 8, 8),)),
        Example("BatchNormalization", {"center": False, "scale": False}, ((None, None, 3),)),
        Example("BatchNormalization", {"renorm": True}, ((None, 3),)),
        Example("BatchNormalization", {"dtype": "mixed_float16"}, ((None, 3),)),
        Example("BatchNormalization", {"trainable": False}, ((None, 3),)),
        Example("BatchNormalization", {"synchronized": True}, ((2, 3),), dtype="int32"),
    )

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        axes = axes_of(layer)
        shape = dims_along(inputs, axes)
        if len(axes) > 1:  # Keras 2: one number for every place along these axes, in the input's rank
            kept = {axis % inputs.rank for axis in axes}
            shape = tuple(dim if axis in kept else 1 for axis, dim in enumerate(inputs.shape))
        names = [(name, True) for name, key in (("gamma", "scale"), ("beta", "center")) if layer.get(key, True)]
        names += [("moving_mean", False), ("moving_variance", False)]
        if layer.get("renorm"):
            names += [("moving_stddev", False), ("renorm_mean", False), ("renorm_stddev", False)]
        return [layer.weight(name, shape, trainable) for name, trainable in names]


class LayerNormalization(ShapeKept):
    """Centres and scales each sample over one or several axes."""

    kinds = ("LayerNormalization",)
    examples = (
        Example("LayerNormalization", {}, ((None, 5, 3),)),
        Example("LayerNormalization", {"axis": [2, 1], "center": False}, ((None, 5, 3),)),
        Example("LayerNormalization", {"scale": False, "dtype": "mixed_float16"}, ((None, None, 3),)),
        Example("LayerNormalization", {"rms_scaling": True, "scale": False}, ((None, 5, 3),)),
        Example("LayerNormalization", {"axis": -1, "center": False, "scale": False}, ((None, 5),), dtype="int32"),
    )

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        shape, scaled = dims_along(inputs, sorted(axes_of(layer))), layer.get("rms_scaling", False)
        specs = [layer.weight("gamma", shape)] if layer.get("scale", True) or scaled else []
        return [*specs, layer.weight("beta", shape)] if layer.get("center", True) and not scaled else specs


class GroupNormalization(ShapeKept):
    """Centres and scales each group of channels of each sample."""

    kinds = ("GroupNormalization",)
    examples = (
        Example("GroupNormalization", {"groups": 2}, ((None, 8, 8, 4),)),
        Example("GroupNormalization", {"groups": -1, "axis": 1}, ((None, 4, 8, 8),)),
        Example("GroupNormalization", {"groups": 2, "scale": False, "dtype": "mixed_float16"}, ((None, None, 4),)),
        Example("GroupNormalization", {"groups": 4, "center": False}, ((None, 4),)),
    )

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        shape = dims_along(inputs, axes_of(layer))
        pairs = (("gamma", "scale"), ("beta", "center"))
        return [layer.weight(name, shape) for name, key in pairs if layer.get(key, True)]


class RMSNormalization(Knowledge):
    """Scales each sample by its root mean square over one or several axes."""

    kinds = ("RMSNormalization",)
    examples = (
        Example("RMSNormalization", {}, ((None, 5, 3),)),
        Example("RMSNormalization", {"axis": [1, 2]}, ((None, 5, 3),)),
        Example("RMSNormalization", {"dtype": "mixed_bfloat16"}, ((None, None, 3),)),
    )

    @staticmethod
    def shape(layer: Subject, x: Spec, *_: Any, **__: Any) -> Spec:
        if not all(-x.rank <= axis < x.rank for axis in axes_of(layer)):
            raise NotKnown(f"its axis is not one of its input's {x.rank}")
        return layer.spec(x.shape)

    @staticmethod
    def weights(layer: Subject, x: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        return [layer.weight("scale", dims_along(x, sorted(axes_of(layer))))]


class UnitNormalization(ShapeKept):
    """Scales each sample to length one along an axis."""

    kinds = ("UnitNormalization",)
    examples = (
        Example("UnitNormalization", {}, ((None, 5),)),
        Example("UnitNormalization", {"axis": [1, 2], "dtype": "float16"}, ((None, 5, 3),)),
    )


class LayerScale(Knowledge):
    """The learned factor for each channel of ``keras.applications``' ConvNeXt."""

    kinds = ("LayerScale",)

    @staticmethod
    def shape(layer: Subject, x: Spec, *_: Any, **__: Any) -> Spec:
        if x.shape[-1] != LayerScale.weights(layer)[0].shape[0]:
            raise NotKnown("its factors do not fit the channels of its input")
        return layer.spec(x.shape)

    @staticmethod
    def weights(layer: Subject, *_: Any, **__: Any) -> list[WeightSpec]:
        if "init_values" not in layer.config:
            raise NotKnown("it is not the LayerScale of keras.applications")
        return [layer.weight("gamma", (whole(layer["projection_dim"], "projection_dim"),))]
