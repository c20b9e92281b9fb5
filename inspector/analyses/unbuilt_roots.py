"""Weights of a subclassed model that Keras does not make when it loads the file, so that nothing takes the stored ones.

Keras builds a subclassed model by the input shape in its ``build_config``. Without one, only that is there which
``__init__`` makes: models with input layers, and variables of the model's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..graph import Model, Weight, flatten
from ..readers.weight_paths import CONTAINERS, METRICS
from .stored_names import read_store
from .totals import is_seed

OTHERS = (*METRICS, "optimizer", "_optimizer")
IN_MODEL = re.compile(r"(^|/)(layers|_layer_checkpoint_dependencies)/")


class Unbuilt(NamedTuple):
    """The stored tensors that stay unread, by the layer that has them, and how many there are in all."""

    layers: Mapping[str, tuple[Weight, ...]]
    total: int


def find_unbuilt(model: Model) -> Unbuilt | None:
    """The layers of a subclassed ``.keras`` model that are not built at its load; `None` where nothing shows any."""
    graph, index = model.graph, model.weights
    if graph.kind != "subclassed" or model.format not in ("keras", "keras-dir") or index is None:
        return None
    if has_shape(graph.build_config) or holds_built(graph.config) or (model.keras_version or "").startswith("2."):
        return None
    apart = {weight.path for weight in index.optimizer}
    mine = [weight for weight in index.tensors if weight.path not in apart and not is_seed(weight)
            and weight.path.partition("/")[0] not in OTHERS]  # fmt: skip
    layers: dict[str, list[Weight]] = {}
    for weight in mine:
        owner = weight.path.partition("/vars/")[0].removeprefix("layers/")  # attributes behind "layers" are kept there
        if "/vars/" in weight.path and not IN_MODEL.search(owner):
            layers.setdefault(owner, []).append(weight)
    held = {
        owner: tuple(found) for owner, found in layers.items() if not is_metric(found) and owner not in graph.config
    }
    return Unbuilt(held, len(mine)) if held and not is_functional(model) else None


def is_functional(model: Model) -> bool:
    """Whether the class makes a functional graph in ``__init__``: no other model keeps input layers."""
    store = read_store(model.source) or {}
    return any(f"{start}/input_layer" in store for start in CONTAINERS)


def has_shape(config: Mapping[str, Any] | None) -> bool:
    """Whether a build config tells Keras, or the class's own code, anything."""
    return config is not None and any(leaf is not None for leaf in flatten(dict(config)))


def holds_built(config: Mapping[str, Any]) -> bool:
    """Whether a layer that the config holds states how it was built: Keras builds it so when it loads the file."""
    stack: list[Any] = [config]
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping):
            if isinstance(value.get("build_config"), Mapping):
                return True
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
    return False


def is_metric(weights: list[Weight]) -> bool:
    """A running mean or its like: numbers alone, which a reload may well start anew."""
    return all(weight.shape == () for weight in weights)


__all__ = ["Unbuilt", "find_unbuilt"]
