"""How the file's model was compiled, and whether Keras can compile it so again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..analyses.facts import find_facts
from ..graph import Model, flatten
from .hints import SCALE_HINT
from .records import LOST, Finding

SHORT = {"mse": "MeanSquaredError", "mae": "MeanAbsoluteError", "mape": "MeanAbsolutePercentageError",
         "msle": "MeanSquaredLogarithmicError", "kld": "KLDivergence"}  # fmt: skip
TWO_SLOTS = ("Adam", "AdamW", "Adamax")


def find_losses(model: Model) -> Iterator[Finding]:
    """Losses that an .h5 file names by a word that Keras 3 does not find again."""
    training = model.training or {}
    if model.format != "h5":
        return
    words = set(words_in(training.get("loss")))
    for word in sorted(words):
        if word.lower() in SHORT:
            yield Finding(
                f"it was compiled with {word!r}, which Keras 3 does not find when it reads an .h5 file", None,
                f"compile with keras.losses.{SHORT[word.lower()]}(), save as .keras, or load with compile=False", LOST,
            )  # fmt: skip


def words_in(value: Any) -> Iterator[str]:
    """The names of losses and metrics in a setting: as words, or as functions."""
    for leaf in flatten(value):
        if isinstance(leaf, str):
            yield leaf
    if isinstance(value, Mapping) and value.get("class_name") == "function":
        yield str(value.get("config"))


def find_optimizer(model: Model) -> Iterator[Finding]:
    """As many slot variables as the trainable weights need: where not, Keras leaves the optimizer fresh."""
    index = model.weights
    kind, settings = optimizer_of(model.training or {})
    if index is None or kind not in TWO_SLOTS or len(index.optimizer) <= 2 or settings.get("amsgrad"):
        return
    if settings.get("use_ema") or settings.get("gradient_accumulation_steps"):
        return
    layers = find_facts(model).layers
    if any(fact.weights is None for fact in layers):
        return
    weights = {id(w): w for fact in layers if fact.layer.inner is None for w in fact.weights or ()}
    if any(weight.trainable is None for weight in weights.values()):
        return
    trainable = sum(bool(weight.trainable) for weight in weights.values())
    if len(index.optimizer) - 2 * trainable not in (1, 2) and "mixed_float16" in repr(model.graph.config.get("dtype")):
        yield Finding(
            f"its {kind} scales the loss, as one made under the policy mixed_float16 does; under another policy it is "
            "loaded without that, and starts anew", None, SCALE_HINT,
        )  # fmt: skip
    elif len(index.optimizer) - 2 * trainable not in (1, 2):
        yield Finding(
            f"{kind} needs {2 * trainable} slot variables for {trainable} trainable weights, and the file has "
            f"{len(index.optimizer)} variables: it starts anew", None,
            "compile after the last change of a trainable flag, before training",
        )  # fmt: skip


def optimizer_of(training: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
    """The optimizer's class and its settings, in the dialect of either format."""
    data = training.get("optimizer") or training.get("optimizer_config")
    if not isinstance(data, Mapping) or not isinstance(data.get("config"), Mapping):
        return None, {}
    return data.get("class_name"), data["config"]
