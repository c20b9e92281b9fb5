"""KS214 bias-before-batchnorm."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.paths import is_kernel
from ..analyses.roles import BATCH_NORMS, LINEAR, activation_of, is_own
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule


class BiasBeforeBatchnorm(Rule):
    """A bias that the batch normalization behind it takes away again.

    Batch normalization subtracts the mean of every channel, and a bias is part of that mean: it has no effect and no
    gradient, and costs a parameter a channel. `use_bias=False` gives the same model.
    """

    code = "KS214"
    name = "bias-before-batchnorm"
    severity = "info"
    needs = ("flows",)
    flags = (
        Example("model = keras.Sequential([layers.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.BatchNormalization(),"
                " layers.ReLU()])", "a convolution with its bias"),
        Example("x = keras.Input((8,))\nmodel = keras.Model(x, layers.BatchNormalization()(layers.Dense(4)(x)))",
                "a dense layer", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8, 8, 3)), layers.Conv2D(4, 3, use_bias=False),"
                " layers.BatchNormalization(), layers.ReLU()])", "without a bias"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4, activation='relu'),"
                " layers.BatchNormalization()])", "an activation between, which the bias shifts"),
        Example("x = keras.Input((8,))\ny = layers.Dense(8)(x)\n"
                "model = keras.Model(x, layers.Add()([layers.BatchNormalization()(y), y]))", "used elsewhere too"),
        Example("model = keras.Sequential([layers.Input((8, 8, 3)), layers.Conv2D(4, 3),"
                " layers.BatchNormalization(axis=1)])", "normalized along another axis"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        told: set[str] = set()
        for flow in case.flows:
            ends = flow.ends
            for step in flow.steps:
                user = step.user
                if user is None or id(step) in ends or step.path in told or not is_kernel(step):
                    continue
                if user.class_name not in BATCH_NORMS or not is_own(user.layer) or step.class_name == "EinsumDense":
                    continue
                biased = step.config.get("use_bias", True) is True and activation_of(step.layer) == LINEAR
                if biased and is_last_axis(user.config.get("axis", -1), step.spec, step.config.get("data_format")):
                    told.add(step.path)
                    yield self.finding(
                        f"{step.title} has a bias, which {user.title} takes away again",
                        layer=step.path,
                        hint=f"set use_bias=False in {step.layer.name!r}",
                    )


def is_last_axis(axis: object, spec: object, data_format: object) -> bool:
    """Whether an axis is that of the channels."""
    rank = getattr(spec, "rank", None)
    axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis
    if data_format == "channels_first":
        return axis == 1
    return axis == -1 or (isinstance(rank, int) and axis == rank - 1)
