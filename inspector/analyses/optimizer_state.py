"""The stored variables of an optimizer against the weights that the model trains."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from ..graph import Model, Shape
from .facts import Facts
from .totals import distinct
from .training import Training

# These keep one variable or several of its own shape for each weight, and else but numbers
BY_WEIGHT = frozenset({"Adam", "AdamW", "Adamax", "Nadam", "SGD", "RMSprop", "Adagrad", "Adadelta", "Ftrl", "Lion",
                       "Lamb", "LossScaleOptimizer"})  # fmt: skip


class OptimizerState(NamedTuple):
    """The shapes of the trainable weights and of the stored state, numbers left out."""

    optimizer: str
    trainable: Counter[Shape]
    stored: Counter[Shape]

    @property
    def fits(self) -> bool:
        """Whether there are as many variables of each shape as so many for each weight."""
        if not self.trainable:
            return not self.stored
        counts = {self.stored[shape] / count for shape, count in self.trainable.items()}
        return len(counts) == 1 and counts.pop() >= 1 and not self.stored.keys() - self.trainable.keys()

    @property
    def slots(self) -> int:
        """How many variables the optimizer keeps for a weight, as far as the shapes that fit tell."""
        return max((self.stored[shape] // count for shape, count in self.trainable.items()), default=1) or 1


def find_state(model: Model, facts: Facts, training: Training | None) -> OptimizerState | None:
    """The state of a model that was trained; `None` where it was not, or where it is not known what it trains."""
    index, optimizer = model.weights, training.optimizer if training is not None else None
    if index is None or index.live or optimizer is None or not optimizer.own or optimizer.name not in BY_WEIGHT:
        return None
    stored: Counter[Shape] = Counter(weight.shape for weight in index.optimizer if weight.shape)
    trainable = count_trainable(facts)
    if not stored or trainable is None:
        return None
    return OptimizerState(optimizer.name, trainable, stored)


def count_trainable(facts: Facts) -> Counter[Shape] | None:
    """The shapes of what is trained; `None` where a layer does not say, or goes on training what its flag freezes."""
    if facts.model.graph.kind not in ("functional", "sequential"):
        return None
    if facts.model.graph.kind == "functional" and not facts.model.graph.trainable:
        return Counter()
    found: Counter[Shape] = Counter()
    for fact in distinct([fact for fact in facts.layers if fact.layer.inner is None]):
        if fact.weights is None or (fact.trained_params != fact.trainable_params):
            return None
        if fact.layer.config.get("lora_rank"):
            return None
        for weight in fact.weights:
            if weight.trainable is None or weight.params is None:
                return None
            if weight.trainable and weight.shape:
                found[weight.shape] += 1
    return found


__all__ = ["OptimizerState", "find_state"]
