"""How a model was compiled, in one form for every dialect: the optimizer, the losses and metrics by output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..graph import Model

LOSSES = {
    "mse": "MeanSquaredError", "mae": "MeanAbsoluteError", "mape": "MeanAbsolutePercentageError",
    "msle": "MeanSquaredLogarithmicError", "kld": "KLDivergence", "kl_divergence": "KLDivergence",
    "kullback_leibler_divergence": "KLDivergence", "bce": "BinaryCrossentropy", "logcosh": "LogCosh",
    "log_cosh": "LogCosh", "huber": "Huber", "huber_loss": "Huber", "hinge": "Hinge",
    "squared_hinge": "SquaredHinge", "categorical_hinge": "CategoricalHinge", "poisson": "Poisson",
    "cosine_similarity": "CosineSimilarity", "cosine_proximity": "CosineSimilarity", "dice": "Dice",
    "tversky": "Tversky", "ctc": "CTC", "circle": "Circle", "mean_squared_error": "MeanSquaredError",
    "mean_absolute_error": "MeanAbsoluteError", "mean_absolute_percentage_error": "MeanAbsolutePercentageError",
    "mean_squared_logarithmic_error": "MeanSquaredLogarithmicError", "binary_crossentropy": "BinaryCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "binary_focal_crossentropy": "BinaryFocalCrossentropy",
    "categorical_focal_crossentropy": "CategoricalFocalCrossentropy",
    "categorical_generalized_cross_entropy": "CategoricalGeneralizedCrossEntropy",
}  # fmt: skip
METRICS = {
    **LOSSES, "acc": "accuracy", "accuracy": "accuracy", "crossentropy": "crossentropy", "ce": "crossentropy",
    "binary_accuracy": "BinaryAccuracy", "categorical_accuracy": "CategoricalAccuracy",
    "sparse_categorical_accuracy": "SparseCategoricalAccuracy",
    "top_k_categorical_accuracy": "TopKCategoricalAccuracy",
    "sparse_top_k_categorical_accuracy": "SparseTopKCategoricalAccuracy",
}  # fmt: skip
OWN = ("keras", "tf_keras", "tensorflow", "builtins")


class Named(NamedTuple):
    """A loss, metric or optimizer by Keras's class name (``accuracy`` stays so), its config, whether it is Keras's."""

    name: str
    config: Mapping[str, Any]
    own: bool
    pointer: str
    spelled: str  # as the config spells it


class Training(NamedTuple):
    """``loss`` and ``metrics`` keep the structure they were given in, with a `Named` or `None` for each leaf."""

    optimizer: Named | None
    loss: Any
    metrics: Any
    weighted_metrics: Any
    raw: Mapping[str, Any]
    pointer: str  # of the object that states it all

    def losses_for(self, names: list[str], keys: list[str | None]) -> list[Named | None]:
        """The loss of each output, given the outputs' names and keys, as Keras 3 hands them out."""
        return [one[0] if one else None for one in hand_out(self.loss, names, keys)]

    def metrics_for(self, names: list[str], keys: list[str | None]) -> list[list[Named]]:
        """The metrics of each output, weighted ones too."""
        plain = hand_out(self.metrics, names, keys, many=True)
        weighted = hand_out(self.weighted_metrics, names, keys, many=True)
        return [a + b for a, b in zip(plain, weighted, strict=True)]


def read_training(model: Model) -> Training | None:
    """How a model was compiled, from ``compile_config`` or ``training_config``; `None` where it was not."""
    raw = model.training
    if not raw:
        return None
    base = "/compile_config" if model.format in ("keras", "keras-dir", "config") else ""
    if "compile_config" in raw and isinstance(raw["compile_config"], Mapping):
        raw, base = raw["compile_config"], f"{base}/compile_config"
    key = "optimizer" if raw.get("optimizer") is not None else "optimizer_config"
    return Training(
        name_one(raw.get(key), {}, f"{base}/{key}"),
        name_all(raw.get("loss"), LOSSES, f"{base}/loss"),
        name_all(raw.get("metrics"), METRICS, f"{base}/metrics"),
        name_all(raw.get("weighted_metrics"), METRICS, f"{base}/weighted_metrics"),
        raw,
        base,
    )


def name_all(value: Any, known: Mapping[str, str], pointer: str, depth: int = 0) -> Any:
    """The same structure with a `Named` for each loss or metric; what cannot be one is `None`."""
    if isinstance(value, (list, tuple)) and depth < 8:
        return [name_all(item, known, f"{pointer}/{index}", depth + 1) for index, item in enumerate(value)]
    if isinstance(value, Mapping) and not is_object(value) and depth < 8:
        return {str(key): name_all(item, known, f"{pointer}/{key}", depth + 1) for key, item in value.items()}
    return name_one(value, known, pointer)


def is_object(value: Mapping[str, Any]) -> bool:
    """A serialized object, and not a dict by output names."""
    return isinstance(value.get("class_name"), str) and "config" in value


def name_one(value: Any, known: Mapping[str, str], pointer: str) -> Named | None:
    if isinstance(value, str):
        return Named(known.get(value, known.get(value.lower(), value)), {}, True, pointer, value)
    if not isinstance(value, Mapping) or not isinstance(value.get("class_name"), str):
        return None
    name, config = value["class_name"], value.get("config")
    if name == "__keras_tensor__":
        return None
    module, registered = value.get("module"), str(value.get("registered_name") or "")
    own = (module is None or str(module).partition(".")[0] in OWN) and ">" not in registered.removeprefix("keras>")
    if name == "function":
        spelled = str(config)
        return Named(known.get(spelled, spelled) if own else spelled, {}, own, pointer, spelled)
    name = name.rpartition(">")[2]
    settings = config if isinstance(config, Mapping) else {}
    if name in ("MeanMetricWrapper", "LossFunctionWrapper"):
        fn = settings.get("fn")
        inner = name_one(fn, known, f"{pointer}/config/fn") if fn is not None else None
        return inner._replace(config=settings) if inner else Named(name, settings, own, pointer, name)
    return Named(name, settings, own, pointer, name)


def hand_out(structure: Any, names: list[str], keys: list[str | None], *, many: bool = False) -> list[list[Named]]:
    """What is stated for each of the outputs: one for all, one each by place, or by name or key."""
    empty: list[list[Named]] = [[] for _ in names]
    if structure is None:
        return empty
    if isinstance(structure, Named):
        return [[structure] for _ in names]
    if isinstance(structure, dict):
        return [
            list(leaves(structure.get(key if key in structure else name)))
            for name, key in zip(names, keys, strict=True)
        ]
    if len(names) == 1:
        return [list(leaves(structure))]
    if many and all(isinstance(item, Named) for item in structure):
        return [list(structure) for _ in names] if len(structure) != len(names) else [[item] for item in structure]
    return [list(leaves(structure[index])) if index < len(structure) else [] for index in range(len(names))]


def leaves(structure: Any) -> Iterator[Named]:
    if isinstance(structure, Named):
        yield structure
    elif isinstance(structure, dict):
        for item in structure.values():
            yield from leaves(item)
    elif isinstance(structure, list):
        for item in structure:
            yield from leaves(item)


__all__ = ["Named", "Training", "leaves", "read_training"]
