"""KS216 extreme-dropout."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.roles import DROPOUTS, is_own
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

MOST, MUCH = 0.7, 0.5
DROPS = DROPOUTS | {"GaussianDropout"}


class ExtremeDropout(Rule):
    """Dropout that takes 70 % or more: the rate may be the share to keep, not the one to drop.

    `rate` is what Keras drops. Papers and TensorFlow 1 state the probability to keep, so that `keep_prob=0.8` has
    become `Dropout(0.8)` in more than one model, which learns from a fifth of its units. More than half is a remark.
    """

    code = "KS216"
    name = "extreme-dropout"
    severity = "warning"
    needs = ("facts",)
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(16), layers.Dropout(0.8),"
                " layers.Dense(1)])", "four fifths dropped"),
        Example("inner = keras.Sequential([layers.Input((9, 8)), layers.SpatialDropout1D(0.9)])\n"
                "x = keras.Input((9, 8))\nmodel = keras.Model(x, layers.GlobalMaxPooling1D()(inner(x)))",
                "whole channels, in a nested model", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(16), layers.Dropout(0.5),"
                " layers.Dense(1)])", "half dropped"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(16), layers.GaussianNoise(0.9),"
                " layers.Dense(1)])", "noise with a deviation of 0.9, which drops nothing"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for fact in case.facts.layers:
            layer = fact.layer
            rate = layer.config.get("rate", layer.config.get("p")) if layer.class_name in DROPS else None
            if (
                not isinstance(rate, (int, float))
                or isinstance(rate, bool)
                or not MUCH < rate <= 1
                or not is_own(layer)
            ):
                continue
            yield self.finding(
                f"{layer.class_name} {layer.name!r} drops {rate:.3g} of its input while training",
                layer=fact.path,
                severity="warning" if rate >= MOST else "info",
                hint=f"rate is the share to drop: if {rate:.3g} is the share to keep, use {round(1 - rate, 6):g}",
            )
