"""Knowledge of the pooling layers: windowed, global and adaptive."""

from __future__ import annotations

from typing import Any

from ..knowledge import (
    Example,
    Knowledge,
    Spec,
    Subject,
    join_channels,
    per_axis,
    spatial_rank,
    split_channels,
    windows,
)

FIRST = {"data_format": "channels_first"}


class Pooling(Knowledge):
    """The maximum or the average of every window; strides are the window's size unless stated."""

    kinds = (
        "MaxPooling1D",
        "MaxPooling2D",
        "MaxPooling3D",
        "AveragePooling1D",
        "AveragePooling2D",
        "AveragePooling3D",
        "MaxPool1D",
        "MaxPool2D",
        "MaxPool3D",
        "AvgPool1D",
        "AvgPool2D",
        "AvgPool3D",
    )
    examples = (
        Example("MaxPooling1D", {"pool_size": 2}, ((None, 9, 3),)),
        Example("MaxPooling1D", {"pool_size": 3, "strides": 1, **FIRST}, ((None, 3, None),)),
        Example("MaxPooling2D", {}, ((None, 9, 8, 3),)),
        Example("MaxPooling2D", {"pool_size": (3, 2), "strides": (1, 2), "padding": "same"}, ((None, 9, None, 3),)),
        Example("MaxPooling3D", {"pool_size": 2, **FIRST}, ((None, 3, 4, 5, 6),)),
        Example("MaxPooling3D", {"dtype": "mixed_float16"}, ((None, 4, 5, 6, 3),)),
        Example("AveragePooling1D", {"pool_size": 2, "padding": "same"}, ((None, 9, 3),)),
        Example("AveragePooling1D", {"pool_size": 2}, ((None, 9, 3),), dtype="int32"),
        Example("AveragePooling2D", {"pool_size": 3, "strides": 2}, ((None, 9, 8, 3),)),
        Example("AveragePooling2D", {"pool_size": 2, **FIRST}, ((None, 3, 9, 8),)),
        Example("AveragePooling3D", {"pool_size": 2}, ((None, 4, 5, 6, 3),)),
        Example("AveragePooling3D", {"pool_size": 2, "strides": 1}, ((None, None, 5, 6, 3),)),
        Example("MaxPool2D", {"pool_size": 2}, ((None, 9, 8, 3),)),
        Example("AvgPool1D", {"pool_size": 2}, ((None, 9, 3),)),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        rank = spatial_rank(layer, inputs)
        size, padding = per_axis(layer, "pool_size", rank, 2), layer.get("padding", "valid")
        strides = per_axis(layer, "strides", rank, size)
        spatial, channels = split_channels(layer, inputs)
        pooled = [windows(s, w, t, padding) for s, w, t in zip(spatial, size, strides, strict=True)]
        return join_channels(layer, inputs, pooled, channels)


class GlobalPooling(Knowledge):
    """One number for each channel; ``keepdims`` leaves axes of 1 in place."""

    kinds = (
        "GlobalMaxPooling1D",
        "GlobalMaxPooling2D",
        "GlobalMaxPooling3D",
        "GlobalMaxPool1D",
        "GlobalMaxPool2D",
        "GlobalMaxPool3D",
        "GlobalAveragePooling2D",
        "GlobalAveragePooling3D",
        "GlobalAvgPool2D",
        "GlobalAvgPool3D",
    )
    examples = (
        Example("GlobalMaxPooling1D", {}, ((None, None, 3),)),
        Example("GlobalMaxPooling1D", {"keepdims": True, **FIRST}, ((None, 3, 9),)),
        Example("GlobalMaxPooling2D", {"keepdims": True}, ((None, 9, None, 3),)),
        Example("GlobalMaxPooling2D", FIRST, ((None, 3, 9, 8),)),
        Example("GlobalMaxPooling3D", {}, ((None, 4, 5, 6, 3),)),
        Example("GlobalMaxPool3D", {"keepdims": True}, ((None, 4, 5, 6, 3),)),
        Example("GlobalAveragePooling2D", {}, ((None, 9, 8, 3),)),
        Example("GlobalAveragePooling2D", {"keepdims": True, **FIRST}, ((None, 3, None, 8),)),
        Example("GlobalAveragePooling3D", {"dtype": "mixed_float16"}, ((None, 4, 5, 6, 3),)),
        Example("GlobalAvgPool3D", {"keepdims": True}, ((None, 4, 5, 6, 3),)),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        spatial_rank(layer, inputs)
        spatial, channels = split_channels(layer, inputs)
        return join_channels(layer, inputs, [1 for _ in spatial] if layer.get("keepdims") else [], channels)


class GlobalAveragePooling1D(Knowledge):
    """The average over time, of the unmasked steps where there is a mask."""

    kinds = ("GlobalAveragePooling1D", "GlobalAvgPool1D")
    masking = True
    examples = (
        Example("GlobalAveragePooling1D", {}, ((None, None, 3),)),
        Example("GlobalAveragePooling1D", {"keepdims": True}, ((None, 9, 3),), dtype="int32"),
        Example("GlobalAvgPool1D", FIRST, ((None, 3, 9),)),
    )
    shape = staticmethod(GlobalPooling.shape)


class AdaptivePooling(Knowledge):
    """Windows chosen so that the output has a stated size."""

    kinds = tuple(f"Adaptive{mode}Pooling{rank}D" for mode in ("Average", "Max") for rank in (1, 2, 3))
    examples = (
        Example("AdaptiveAveragePooling1D", {"output_size": 4}, ((None, 9, 3),)),
        Example("AdaptiveAveragePooling1D", {"output_size": 4, **FIRST}, ((None, 3, 9),)),
        Example("AdaptiveAveragePooling2D", {"output_size": (4, 2)}, ((None, 9, 8, 3),)),
        Example("AdaptiveAveragePooling2D", {"output_size": 3}, ((None, None, 8, 3),)),
        Example("AdaptiveAveragePooling3D", {"output_size": 2}, ((None, 4, 5, 6, 3),)),
        Example("AdaptiveAveragePooling3D", {"output_size": (2, 1, 3), **FIRST}, ((None, 3, 4, 5, 6),)),
        Example("AdaptiveMaxPooling1D", {"output_size": 4}, ((None, 9, 3),)),
        Example("AdaptiveMaxPooling1D", {"output_size": 4, "dtype": "mixed_bfloat16"}, ((None, 9, 3),)),
        Example("AdaptiveMaxPooling2D", {"output_size": 4}, ((None, 9, 8, 3),)),
        Example("AdaptiveMaxPooling2D", {"output_size": (1, 2), **FIRST}, ((None, 3, 9, 8),)),
        Example("AdaptiveMaxPooling3D", {"output_size": 2}, ((None, 4, 5, 6, 3),)),
        Example("AdaptiveMaxPooling3D", {"output_size": (2, 1, 3)}, ((None, 4, 5, 6, 3),)),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        size = per_axis(layer, "output_size", spatial_rank(layer, inputs))
        return join_channels(layer, inputs, size, split_channels(layer, inputs)[1])
