"""A saved model opened with Keras, with the classes that the modules of --custom define."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import keras

from ..errors import KinspectError
from .user_errors import message_of

LIBRARIES = ("keras", "tf_keras", "tensorflow", "numpy", "builtins", "keras_hub", "keras_cv", "keras_nlp")
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
    """What the modules define or import that a config can name, by its name.

    Layers, losses, metrics, optimizers, schedules, initializers and whatever else Keras makes from a config; and
    functions, their own and those of the files beside them.
    """
    found: dict[str, Any] = {}
    for module in modules:
        for name, value in vars(module).items():
            if inspect.isclass(value):
                if not is_library(value.__module__) and (hasattr(value, "from_config") or hasattr(value, "get_config")):
                    found[value.__name__] = value
            elif inspect.isfunction(value) and is_near(value.__module__, module):
                found[name] = found[value.__name__] = value
    return found


def is_library(module: str) -> bool:
    return module.partition(".")[0] in LIBRARIES


def is_near(name: str, module: ModuleType) -> bool:
    """Whether a function's module is this one, or lies in its folder or below."""
    if name == module.__name__:
        return True
    file = getattr(sys.modules.get(name), "__file__", None)
    own = getattr(module, "__file__", None)
    if is_library(name) or not file or not own:
        return False
    folder = os.path.join(os.path.dirname(os.path.abspath(own)), "")
    return os.path.abspath(file).startswith(folder) and "site-packages" not in file


def refusal(path: str, error: Exception) -> KinspectError:
    text = message_of(error).rpartition("Exception encountered: ")[2]
    hint = None
    if "Could not locate" in text or "Unknown layer" in text or "Could not deserialize" in text:
        hint = CUSTOM_HINT
    if "safe_mode" in text or "unsafe" in text.lower():
        hint = CLOSED_HINT
    return KinspectError(f"{path}: Keras cannot load it: {text}"[:1500], hint=hint)
