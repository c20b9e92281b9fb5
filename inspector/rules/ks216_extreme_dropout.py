"""KS216 extreme-dropout."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.roles import DROPOUTS, RECURRENT, is_own
from ..graph import Layer
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
        Example("model = keras.Sequential([layers.Input((9, 8)), layers.LSTM(4, dropout=0.8, return_sequences=True),"
                " layers.GRU(3, recurrent_dropout=0.75), layers.Dense(1)])", "the arguments of recurrent layers"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(16), layers.Dropout(0.5),"
                " layers.Dense(1)])", "half dropped"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(16), layers.GaussianNoise(0.9),"
                " layers.Dense(1)])", "noise with a deviation of 0.9, which drops nothing"),
        Example("model = keras.Sequential([layers.Input((9, 8)), layers.LSTM(4, dropout=0.3, recurrent_dropout=0.5),"
                " layers.Dense(1)])", "half at most in a recurrent layer"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for fact in case.facts.layers:
            layer = fact.layer
            for argument, rate in rates(layer) if is_own(layer) else ():
                what = "state" if argument == "recurrent_dropout" else "input"
                yield self.finding(
                    f"{layer.class_name} {layer.name!r} drops {rate:.3g} of its {what} while training",
                    layer=fact.path,
                    severity="warning" if rate >= MOST else "info",
                    hint=f"{argument} is the share to drop: if {rate:.3g} is the share to keep, "
                    f"use {round(1 - rate, 6):g}",
                )


def rates(layer: Layer) -> Iterator[tuple[str, float]]:
    """The arguments of a layer that drop more than half, with what they drop."""
    stated = layer.config
    found: dict[str, object] = {}
    if layer.class_name in DROPS:
        found = {"rate": stated.get("rate", stated.get("p"))}
    elif layer.class_name in RECURRENT:
        found = {argument: stated.get(argument) for argument in ("dropout", "recurrent_dropout")}
    for argument, rate in found.items():
        if isinstance(rate, (int, float)) and not isinstance(rate, bool) and MUCH < rate <= 1:
            yield argument, rate
