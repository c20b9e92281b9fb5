"""KS215 dropout-before-batchnorm."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.roles import BATCH_NORMS, DROPOUTS, is_own
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule


class DropoutBeforeBatchnorm(Rule):
    """Dropout directly before batch normalization: the variance it learns is not the one it meets later.

    Dropout scales what it keeps by 1 / (1 - rate) while training, which raises the variance of every unit; the moving
    variance of the batch normalization is learned from that, and is too large when the model predicts and nothing is
    dropped. Put the dropout behind the batch normalization, or use one of the two.
    """

    code = "KS215"
    name = "dropout-before-batchnorm"
    severity = "info"
    needs = ("flows",)
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4), layers.Dropout(0.5),"
                " layers.BatchNormalization()])", "dropout, then normalization"),
        Example("x = keras.Input((8, 8, 3))\ny = layers.SpatialDropout2D(0.2)(x)\n"
                "model = keras.Model(x, layers.BatchNormalization()(y))", "whole channels dropped", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4), layers.BatchNormalization(),"
                " layers.Dropout(0.5)])", "normalization, then dropout"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dropout(0.0), layers.BatchNormalization()])",
                "nothing dropped"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        told: set[str] = set()
        for step in (step for flow in case.flows for step in flow.steps):
            before = step.source
            if before is None or step.class_name not in BATCH_NORMS or before.class_name not in DROPOUTS:
                continue
            rate = before.config.get("rate")
            if is_own(step.layer) and isinstance(rate, (int, float)) and rate > 0 and before.path not in told:
                told.add(before.path)
                yield self.finding(
                    f"{before.title} drops {rate:.0%} directly before {step.title}, whose moving variance will be"
                    " larger than what it meets when the model predicts",
                    layer=before.path,
                    hint=f"put {before.layer.name!r} behind {step.layer.name!r}",
                )
