"""KS301 learning-rate-out-of-range."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..analyses.compile_arguments import Named, name_one
from ..analyses.loss_names import OPTIMIZERS
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

LOWEST = 1e-7
HIGHEST = {
    "SGD": 1.0, "Adagrad": 1.0, "Ftrl": 1.0,
    **dict.fromkeys(
        ("Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Lion", "Lamb", "Adafactor", "Muon", "ScheduleFreeAdamW"), 0.05
    ),
}  # fmt: skip
SCHEDULES = ("ExponentialDecay", "PolynomialDecay", "InverseTimeDecay", "CosineDecay", "CosineDecayRestarts")


class LearningRateOutOfRange(Rule):
    """The learning rate is not positive, or far from where its optimizer learns.

    At 0 nothing is learned, below 0 the loss is made larger. Adam and its like move each weight by about the rate at
    every step, whatever the gradient: above 0.05 they jump over every minimum. SGD diverges above 1. Below 1e-7 a step
    is lost in the rounding of float32. Adam starts well at 0.001, SGD at 0.01 to 0.1.
    """

    code = "KS301"
    name = "learning-rate-out-of-range"
    severity = "warning"
    needs = ("training",)
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\n"
                "model.compile(keras.optimizers.Adam(1.0), 'mse')", "Adam at 1"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\n"
                "model.compile(keras.optimizers.SGD(0.0), 'mse')", "no step at all, in .h5", "model.h5"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\nmodel.compile("
                "keras.optimizers.LossScaleOptimizer(keras.optimizers.RMSprop(1e-9)), 'mse')",
                "next to nothing, inside of a LossScaleOptimizer"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\n"
                "rate = keras.optimizers.schedules.ExponentialDecay(0.5, 100, 0.9)\n"
                "model.compile(keras.optimizers.AdamW(rate), 'mse')", "a schedule that starts at 0.5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\n"
                "model.compile(keras.optimizers.SGD(0.1, momentum=0.9), 'mse')", "SGD at 0.1"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\n"
                "model.compile(keras.optimizers.Adadelta(1.0), 'mse')", "Adadelta at 1, as its authors have it"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\n"
                "rate = keras.optimizers.schedules.CosineDecay(0.0, 100, warmup_target=1e-3, warmup_steps=10)\n"
                "model.compile(keras.optimizers.Adam(rate), 'mse')", "a warm-up from 0"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\n"
                "model.compile(keras.optimizers.Adam(1e-5), 'mse')", "fine-tuning"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\nmodel.compile('rmsprop', 'mse')",
                "what Keras takes by itself"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        optimizer = innermost(case.training.optimizer) if case.training else None
        if optimizer is None or not optimizer.own:
            return
        key = "lr" if "learning_rate" not in optimizer.config else "learning_rate"
        rate = highest_rate(optimizer.config.get(key))
        if rate is None:
            return
        pointer = f"{optimizer.pointer}/config/{key}"
        top = HIGHEST.get(optimizer.name)
        if not rate > 0:
            comes = "nothing is learned" if rate == 0 else "the loss is driven up"
            yield self.finding(
                f"{optimizer.name} has a learning rate of {rate:.3g}: {comes}", severity="error", pointer=pointer,
                hint=f"set one above 0, such as {usual(optimizer)}",
            )  # fmt: skip
        elif rate < LOWEST or (top is not None and rate > top * (1 + 1e-6)):
            far = f"below {LOWEST:g}" if rate < LOWEST else f"above {top:g}"
            yield self.finding(
                f"{optimizer.name} has a learning rate of {rate:.3g}, {far}", pointer=pointer,
                hint=f"{optimizer.name} usually learns at {usual(optimizer)}",
            )  # fmt: skip


def innermost(optimizer: Named | None) -> Named | None:
    """The optimizer that takes the steps, inside of one that scales the loss."""
    for _ in range(4):
        if optimizer is None or not optimizer.name.startswith("LossScaleOptimizer"):
            return optimizer
        inner = optimizer.config.get("inner_optimizer") or optimizer.config.get("optimizer")
        optimizer = name_one(inner, OPTIMIZERS, f"{optimizer.pointer}/config/inner_optimizer")
    return None


def highest_rate(value: Any) -> float | None:
    """A number as it is; of a schedule of Keras's own, the rate it starts with or warms up to."""
    if isinstance(value, Mapping) and isinstance(value.get("config"), Mapping):
        config, name = value["config"], value.get("class_name")
        if name == "PiecewiseConstantDecay":
            values = config.get("values")
            rates = values if isinstance(values, list) else []
        elif name in SCHEDULES and value.get("registered_name") is None:
            rates = [config.get("initial_learning_rate"), config.get("warmup_target")]
            rates = [rate for rate in rates if rate is not None]
        else:
            return None
        numbers = [to_number(rate) for rate in rates]
        return max((number for number in numbers if number is not None), default=None)
    return to_number(value)


def to_number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:  # a whole number of hundreds of digits
        return float("inf")


def usual(optimizer: Named) -> str:
    return "0.01 to 0.1" if HIGHEST.get(optimizer.name) == 1.0 else "0.0001 to 0.001"
