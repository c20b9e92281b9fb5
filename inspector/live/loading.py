"""A saved model opened with Keras, with the classes that the modules of --custom define."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import keras

from ..errors import KinspectError
from .user_errors import message_of

CUSTOM_HINT = "give the file that defines its classes: --custom FILE.py"
CLOSED_HINT = "Keras does not run Python code from a file either; without --live the file is read as it is"


def load_file(path: str, modules: Iterable[ModuleType]) -> tuple[Any, list[str]]:
    """The model, and notes on how it was opened. Lambdas stay closed, as Keras's safe mode has it.

    Classes of the modules that are registered come first; where that is not enough, all of them are passed.
    """
    custom = custom_objects(modules)
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True), []
    except Exception as error:
        if not custom:
            raise refusal(path, error) from error
    try:
        model = keras.saving.load_model(path, custom_objects=custom, compile=False, safe_mode=True)
    except Exception as error:
        raise refusal(path, error) from error
    used = sorted({type(layer).__name__ for layer in model._flatten_layers() if type(layer) in custom.values()})
    named = ", ".join(used) or "functions"
    return model, [f"{named}: not registered with Keras, so taken by name from the code given with --custom"]


def custom_objects(modules: Iterable[ModuleType]) -> dict[str, Any]:
    """Layers, models and functions that the modules define or import, by their names."""
    found: dict[str, Any] = {}
    for module in modules:
        for name, value in vars(module).items():
            if inspect.isclass(value) and issubclass(value, keras.Layer) and not value.__module__.startswith("keras."):
                found[value.__name__] = value
            elif inspect.isfunction(value) and value.__module__ == module.__name__:
                found[name] = value
    return found


def refusal(path: str, error: Exception) -> KinspectError:
    text = message_of(error).rpartition("Exception encountered: ")[2]
    hint = None
    if "Could not locate" in text or "Unknown layer" in text or "Could not deserialize" in text:
        hint = CUSTOM_HINT
    if "safe_mode" in text or "unsafe" in text.lower():
        hint = CLOSED_HINT
    return KinspectError(f"{path}: Keras cannot load it: {text}"[:1500], hint=hint)
