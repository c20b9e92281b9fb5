"""How a model was compiled, in one form for every dialect: the optimizer, the losses and metrics by output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..graph import Model
from .compile_arguments import Named, name_metric, name_one
from .loss_names import LOSSES, METRICS, OPTIMIZERS

MAX_DEPTH = 8  # of lists and dicts in each other


class Training(NamedTuple):
    """``loss`` and ``metrics`` keep the structure they were given in, with a `Named` or `None` for each leaf."""

    optimizer: Named | None
    loss: Any
    metrics: Any
    weighted_metrics: Any
    raw: Mapping[str, Any]
    pointer: str  # of the object that states it all
    is_keras_2: bool = False

    def losses_for(self, names: list[str], keys: list[str | None]) -> list[list[Named]]:
        """The losses of each output, given the outputs' names and keys, as Keras hands them out; several are added."""
        return hand_out_losses(self.loss, names, keys, self.is_keras_2)

    def metrics_for(self, names: list[str], keys: list[str | None]) -> list[list[Named]]:
        """The metrics of each output, weighted ones too."""
        plain = hand_out_metrics(self.metrics, names, keys, self.is_keras_2)
        weighted = hand_out_metrics(self.weighted_metrics, names, keys, self.is_keras_2)
        return [a + b for a, b in zip(plain, weighted, strict=True)]


def read_training(model: Model) -> Training | None:
    """How a model was compiled, from ``compile_config`` or ``training_config``; `None` where it was not."""
    raw = model.training
    if not isinstance(raw, Mapping) or not raw:
        return None
    base = "/compile_config" if model.format in ("keras", "keras-dir", "config") else ""
    if isinstance(raw.get("compile_config"), Mapping):
        raw, base = raw["compile_config"], f"{base}/compile_config"
    key = "optimizer" if raw.get("optimizer") is not None else "optimizer_config"
    return Training(
        name_one(raw.get(key), OPTIMIZERS, f"{base}/{key}"),
        name_all(raw.get("loss"), LOSSES, f"{base}/loss"),
        name_all(raw.get("metrics"), METRICS, f"{base}/metrics"),
        name_all(raw.get("weighted_metrics"), METRICS, f"{base}/weighted_metrics"),
        raw,
        base,
        (model.keras_version or "3")[:1] in ("1", "2"),
    )


def name_all(value: Any, known: Mapping[str, str], pointer: str, depth: int = 0) -> Any:
    """The same structure with a `Named` for each loss or metric; what cannot be one is `None`."""
    if isinstance(value, (list, tuple)) and depth < MAX_DEPTH:
        return [name_all(item, known, f"{pointer}/{index}", depth + 1) for index, item in enumerate(value)]
    if isinstance(value, Mapping) and not is_object(value) and depth < MAX_DEPTH:
        return {
            str(key): name_all(item, known, f"{pointer}/{escape(str(key))}", depth + 1) for key, item in value.items()
        }
    return name_metric(value, known, pointer) if known is METRICS else name_one(value, known, pointer)


def is_object(value: Mapping[str, Any]) -> bool:
    """A serialized object, and not a dict by output names."""
    return isinstance(value.get("class_name"), str) and "config" in value


def escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def hand_out_losses(structure: Any, names: list[str], keys: list[str | None], is_keras_2: bool) -> list[list[Named]]:
    """One loss for all outputs, one each by place, or by name or key; nothing where Keras could not tell either.

    Keras 3 wants a dict to name every output of a list; Keras 2, and dicts of outputs, may leave some without a loss.
    """
    nothing: list[list[Named]] = [[] for _ in names]
    if isinstance(structure, Named):
        return [[structure] for _ in names]
    if isinstance(structure, dict):
        by = labels(names, keys)
        if not (is_keras_2 or has_keys(keys)) and set(structure) != set(names):
            return nothing
        return [list(leaves(structure.get(label))) for label in by] if set(structure) <= set(by) else nothing
    if not isinstance(structure, list):
        return nothing
    if len(names) == 1:
        return [everything(structure)]
    if len(structure) > len(names) or (has_keys(keys) and len(structure) != len(names)):
        return nothing
    return [list(leaves(item)) for item in structure] + nothing[len(structure) :]


def hand_out_metrics(structure: Any, names: list[str], keys: list[str | None], is_keras_2: bool) -> list[list[Named]]:
    """A list holds an entry for each output; of Keras 2, a flat one goes to all. Dicts go by name or key."""
    nothing: list[list[Named]] = [[] for _ in names]
    if len(names) == 1 and not isinstance(structure, Named):
        return [everything(structure)]
    if is_keras_2 and isinstance(structure, list) and not any(isinstance(item, (list, dict)) for item in structure):
        return [list(leaves(structure)) for _ in names]
    if isinstance(structure, list) and len(structure) == len(names):
        return [list(leaves(item)) for item in structure]
    by = labels(names, keys)
    if isinstance(structure, dict) and set(structure) <= set(by):
        return [list(leaves(structure.get(label))) for label in by]
    return [[structure] for _ in names] if is_keras_2 and isinstance(structure, Named) else nothing


def has_keys(keys: list[str | None]) -> bool:
    return any(key is not None for key in keys)


def labels(names: list[str], keys: list[str | None]) -> list[str]:
    """What a dict of losses or metrics calls the outputs by: their keys where they are a dict."""
    return [name if key is None else key for name, key in zip(names, keys, strict=True)]


def everything(structure: Any) -> list[Named]:
    """All leaves of what stands for the only output; none where a hole is among them, which Keras refuses."""
    return [] if isinstance(structure, list) and None in structure else list(leaves(structure))


def leaves(structure: Any) -> Iterator[Named]:
    if isinstance(structure, Named):
        yield structure
    elif isinstance(structure, dict):
        for key in sorted(structure):
            yield from leaves(structure[key])
    elif isinstance(structure, list):
        for item in structure:
            yield from leaves(item)


__all__ = ["Named", "Training", "labels", "leaves", "read_training"]
