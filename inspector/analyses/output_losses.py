"""The losses that the outputs of a flow are trained with."""

from __future__ import annotations

from .compile_arguments import Named
from .flow import Flow
from .training import Training

LABEL_LOSSES = frozenset(
    {"CategoricalCrossentropy", "SparseCategoricalCrossentropy", "CategoricalFocalCrossentropy",
     "CategoricalGeneralizedCrossEntropy"}
)  # fmt: skip
BINARY_LOSSES = frozenset({"BinaryCrossentropy", "BinaryFocalCrossentropy"})


def losses_by_output(training: Training | None, flow: Flow) -> list[list[Named]]:
    """The losses of each output; none where the model was not compiled, or where one of them is not Keras's own."""
    if training is None or flow.path:
        return [[] for _ in flow.outputs]
    found = training.losses_for(flow.output_names, flow.output_keys)
    return [mine if all(loss.own for loss in mine) else [] for mine in found]


__all__ = ["BINARY_LOSSES", "LABEL_LOSSES", "losses_by_output"]
