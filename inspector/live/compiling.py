"""What a live model was compiled with, as Keras would write it, and as far as it can be written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .facts import Document

CLASS, OBJECT = "__class__", "__object__"  # what stands for a class, and for what cannot be serialised
MAX_DEPTH = 8


def compile_config(model: Any) -> Document | None:
    """How a model of Keras 3 or of tf_keras was compiled: `None` where it was not, empty where that is not known.

    Keras writes all of it or nothing. Where it cannot, as of a loss whose class was given, each argument is written
    for itself: a class as `CLASS`, what else has no config as `OBJECT`.
    """
    if not getattr(model, "compiled", getattr(model, "_is_compiled", False)):
        return None
    try:
        config = model.get_compile_config()
    except Exception:  # the user's own objects: whatever their get_config raises
        config = None
    if isinstance(config, dict):
        return config
    given = getattr(getattr(model, "_compile_config", None), "config", None)
    return {str(key): write_argument(model, value) for key, value in given.items()} if isinstance(given, dict) else {}


def write_argument(model: Any, value: Any, depth: int = 0) -> Any:
    if isinstance(value, (list, tuple)) and depth < MAX_DEPTH:
        return [write_argument(model, item, depth + 1) for item in value]
    if isinstance(value, Mapping) and depth < MAX_DEPTH:
        return {str(key): write_argument(model, item, depth + 1) for key, item in value.items()}
    if isinstance(value, type):
        return {"class_name": CLASS, "config": {"module": value.__module__, "name": value.__name__}}
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    try:
        return serialiser_of(model)(value)
    except Exception:  # the user's own get_config
        return {"class_name": OBJECT, "config": {"module": type(value).__module__, "name": type(value).__name__}}


def serialiser_of(model: Any) -> Any:
    """The function that writes objects for the Keras that the model is of."""
    import keras

    if isinstance(model, keras.Model):
        return keras.saving.serialize_keras_object
    import tf_keras

    return tf_keras.saving.serialize_keras_object


__all__ = ["compile_config"]
