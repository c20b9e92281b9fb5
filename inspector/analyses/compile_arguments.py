"""A loss, metric or optimizer as a file states it: a word, a function, an object, or an object around a function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .loss_names import BY_SHAPE, OF_PROBABILITIES, OPTIMIZERS

OWN = ("keras", "tf_keras", "tensorflow", "builtins")
BY_SHAPE_WORDS = ("accuracy", "acc", "crossentropy", "ce")
WRAPPERS = ("LossFunctionWrapper", "MeanMetricWrapper")


class Named(NamedTuple):
    """A loss, metric or optimizer by Keras's class name (``accuracy`` stays so), its config, whether it is Keras's."""

    name: str
    config: Mapping[str, Any]
    own: bool
    pointer: str
    spelled: str  # as the config spells it

    @property
    def from_logits(self) -> bool | None:
        """Whether it applies the sigmoid or softmax itself; `None` where the config says neither."""
        value = self.config.get("from_logits", False)
        return value if isinstance(value, bool) else None

    @property
    def wants_probabilities(self) -> bool:
        """Whether it is a loss of Keras's that takes a prediction for a probability as it is."""
        return self.own and self.name in OF_PROBABILITIES and self.from_logits is False


def name_one(value: Any, known: Mapping[str, str], pointer: str) -> Named | None:
    """What Keras would make of a value; a name that is not Keras's is the user's (``own`` is false)."""
    if isinstance(value, str):
        return name_word(value, known, pointer, {})
    if not isinstance(value, Mapping) or not isinstance(value.get("class_name"), str):
        return None
    package, _, name = value["class_name"].rpartition(">")
    config = value.get("config")
    own = is_own(value) and (not package or (package == "Custom" and known is OPTIMIZERS))
    if name == "function":
        found = name_word(config, known, pointer, {}) if isinstance(config, str) else None
        return found and found._replace(own=found.own and own)
    settings = config if isinstance(config, Mapping) else {}
    if name in WRAPPERS and own:
        inner = name_function(settings.get("fn"), known, pointer, settings)
        return inner or Named(name, settings, False, pointer, name)
    return Named(name, settings, own and name in known.values(), pointer, name)


def name_word(word: str, known: Mapping[str, str], pointer: str, config: Mapping[str, Any]) -> Named:
    """The class behind a word: Keras takes names of classes, of functions, and short ones."""
    found = known.get(word)
    if found is None and word in known.values():
        found = word
    if found is None and known.get(word.lower()) in BY_SHAPE:
        found = known[word.lower()]
    if found is None and known is OPTIMIZERS:
        found = known.get(word.lower())
    return Named(found or word, config, found is not None, pointer, word)


def name_function(fn: Any, known: Mapping[str, str], pointer: str, config: Mapping[str, Any]) -> Named | None:
    """The function that a wrapper holds, with the wrapper's settings, which are the function's arguments."""
    inner = name_one(fn, known, f"{pointer}/config/fn") if not is_wrapper(fn) else None
    return inner and inner._replace(config=config, pointer=pointer)


def is_wrapper(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("class_name") in WRAPPERS


def name_metric(value: Any, known: Mapping[str, str], pointer: str) -> Named | None:
    """A metric; Keras 2 writes the function it took for the word ``accuracy``, under the word it was given."""
    metric = name_one(value, known, pointer)
    if metric is None or not is_wrapper(value) or not metric.own:
        return metric
    given = str(metric.config.get("name") or "")
    for word in BY_SHAPE_WORDS:
        if (given == word or given.endswith(f"_{word}")) and not given.endswith(metric.spelled):
            return metric._replace(name=known[word], spelled=word)
    return metric


def is_own(value: Mapping[str, Any]) -> bool:
    """Whether an object is of Keras's own making, as far as its entry says; old formats name no module."""
    registered, module = value.get("registered_name"), value.get("module")
    if isinstance(registered, str) and ">" in registered and not registered.startswith("keras"):
        return False
    if isinstance(module, str):
        return module.partition(".")[0] in OWN
    return registered is None


__all__ = ["Named", "name_metric", "name_one"]
