"""The record of what is known of one layer."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..graph import Graph, Layer, Spec
from ..knowledge import DTYPE_BYTES, product


class WeightFact(NamedTuple):
    """A weight of a layer. ``trainable`` is ``None`` where the file does not say."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str
    trainable: bool | None

    @property
    def params(self) -> int | None:
        return product(self.shape)

    @property
    def nbytes(self) -> float | None:
        size, width = product(self.shape), DTYPE_BYTES.get(self.dtype)
        return None if size is None or width is None else size * width


class LayerFacts:
    """What is known of one layer, and in ``unknown`` what is not, by the field's name."""

    __slots__ = (
        "bytes",
        "depth",
        "graph",
        "identity",
        "layer",
        "macs",
        "outputs",
        "params",
        "path",
        "standing",
        "trainable_params",
        "trained_params",
        "unknown",
        "weights",
    )

    def __init__(self, path: str, depth: int, graph: Graph, layer: Layer) -> None:
        self.graph = graph
        self.path = path
        self.identity = path  # equal for an object that stands in the file several times
        self.depth = depth
        self.layer = layer
        self.outputs: list[Any] = []
        self.standing: Spec | None = None  # what it returns where no call of it is known
        self.weights: list[WeightFact] | None = None
        self.params: int | None = None
        self.trainable_params: int | None = None
        self.trained_params: int | None = None  # by the variables' own flags, whatever the layer's says
        self.macs: int | None = None
        self.bytes: int | None = None
        self.unknown: dict[str, str] = {}
