"""Knowledge of the regularization layers, which leave shape and values as they are outside training."""

from __future__ import annotations

from typing import Any

from ..knowledge import Example, Knowledge, NotKnown, ShapeKept, Spec, Subject


class Regularization(ShapeKept):
    """Noise and zeros during training, nothing at inference; random seeds are no weights."""

    kinds = (
        "Dropout",
        "AlphaDropout",
        "GaussianDropout",
        "GaussianNoise",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
        "ActivityRegularization",
    )
    examples = (
        Example("Dropout", {"rate": 0.5}, ((None, 5),)),
        Example("Dropout", {"rate": 0.5, "noise_shape": (None, 1), "seed": 3}, ((None, 5),)),
        Example("Dropout", {"rate": 0.0, "dtype": "mixed_float16"}, ((None, None, 5),), dtype="int32"),
        Example("AlphaDropout", {"rate": 0.1}, ((None, 5),)),
        Example("AlphaDropout", {"rate": 0.1, "noise_shape": (4, 1)}, ((4, 5),)),
        Example("GaussianDropout", {"rate": 0.1}, ((None, 5),)),
        Example("GaussianDropout", {"rate": 0.1, "seed": 1}, ((None, None),), {"training": True}),
        Example("GaussianNoise", {"stddev": 0.1}, ((None, 5),)),
        Example("GaussianNoise", {"stddev": 0.0}, ((None, 5),)),
        Example("SpatialDropout1D", {"rate": 0.1}, ((None, 5, 3),)),
        Example("SpatialDropout1D", {"rate": 0.1, "seed": 1}, ((None, None, 3),)),
        Example("SpatialDropout2D", {"rate": 0.1}, ((None, 5, 6, 3),)),
        Example("SpatialDropout2D", {"rate": 0.1, "data_format": "channels_first"}, ((None, 3, 5, 6),)),
        Example("SpatialDropout3D", {"rate": 0.1}, ((None, 4, 5, 6, 3),)),
        Example("SpatialDropout3D", {"rate": 0.1, "dtype": "bfloat16"}, ((None, 4, 5, 6, 3),)),
        Example("ActivityRegularization", {"l1": 0.1}, ((None, 5),)),
        Example("ActivityRegularization", {"l2": 0.1}, ((None, None, 5),)),
    )


class StochasticDepth(Knowledge):
    """Drops whole samples of a residual branch in training; of ``keras.applications``' ConvNeXt."""

    kinds = ("StochasticDepth",)

    @staticmethod
    def shape(layer: Subject, x: Spec, *_: Any, **__: Any) -> Spec:
        if "drop_path_rate" not in layer.config:
            raise NotKnown("it is not the StochasticDepth of keras.applications")
        return layer.spec(x.shape)
