"""KS502 dead-kernel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..analyses.layer_facts import LayerFacts
from ..analyses.roles import EMBEDDINGS, KERNELS, RECURRENT, is_own
from ..analyses.tensor_values import TensorValues
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

RANDOM = re.compile(r"uniform|normal|orthogonal|variance_?scaling", re.IGNORECASE)
KEYS = ("kernel_initializer", "depthwise_initializer", "pointwise_initializer", "embeddings_initializer")
FEW = 4  # numbers that may well be equal


class DeadKernel(Rule):
    """A stored kernel that is one number throughout, where it started from random ones.

    A kernel of zeros gives zeros for any input: whatever lies before the layer has no effect and no gradient. One that
    is constant makes all its units alike. Training does not do that but for strong regularization; mostly weights were
    overwritten, pruned away as a whole, or not all of them were loaded. Load the weights again, or train the
    layer anew.
    """

    code = "KS502"
    name = "dead-kernel"
    severity = "warning"
    needs = ("facts", "weights")
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4, 'relu'), layers.Dense(2)])\n"
                "k, b = model.layers[0].get_weights()\nmodel.layers[0].set_weights([k * 0, b])", "a kernel of zeros"),
        Example("x = keras.Input((8, 8, 3))\ny = layers.SeparableConv2D(4, 3)(x)\n"
                "model = keras.Model(x, layers.Flatten()(y))\nd, p, b = model.get_weights()\n"
                "model.set_weights([d * 0 + 0.5, p, b])", "a constant one", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4, 'relu'), layers.Dense(2)])",
                "fresh kernels, and biases of zeros"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4, 'relu'),"
                " layers.Dense(2, kernel_initializer='zeros')])", "a head that starts at zero"),
        Example("model = keras.Sequential([layers.Input((8, 8, 3)), layers.DepthwiseConv2D(3, trainable=False)])\n"
                "k, b = model.get_weights()\nmodel.set_weights([k * 0 + 1 / 9, b])", "a fixed blur"),
        Example("model = keras.Sequential([layers.Input((1,)), layers.Dense(2)])\n"
                "k, b = model.get_weights()\nmodel.set_weights([k * 0 + 1, b])", "two numbers that happen to be equal"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4), layers.Dense(2)])\n"
                "model.layers[0].enable_lora(2)", "the parts of LoRA, one of which starts at zero"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        if case.weights is None:
            return
        for fact in case.facts.layers:
            if not fact.layer.trainable or not starts_random(fact):
                continue
            stored = case.weights.by_layer.get(fact.path, ())
            kernel = next((w for w in stored if len(w.shape) > 1 and w.dtype.startswith(("float", "bfloat"))), None)
            values = case.values(kernel) if kernel is not None and kernel.size >= FEW else None
            if kernel is not None and isinstance(values, TensorValues) and values.is_constant:
                yield self.finding(
                    f"{fact.layer.class_name} {fact.layer.name!r} has a kernel of {values.size:,} numbers, all of them"
                    f" {values.min:g}",
                    layer=fact.path,
                    pointer=kernel.path,
                    hint="load its weights again, or initialize the layer and train it anew",
                )


def starts_random(fact: LayerFacts) -> bool:
    """Whether every kernel of a layer of Keras's own starts from random numbers."""
    layer = fact.layer
    if layer.class_name not in KERNELS | RECURRENT | EMBEDDINGS or not is_own(layer) or layer.inner is not None:
        return False
    given = [layer.config[key] for key in KEYS if layer.config.get(key) is not None]
    return bool(given) and all(RANDOM.search(name_initializer(value)) for value in given)


def name_initializer(value: Any) -> str:
    name = value.get("class_name") if isinstance(value, dict) else value
    return name if isinstance(name, str) else ""
