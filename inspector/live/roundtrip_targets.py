"""How a model is saved to, and loaded from, each kind of file."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from .loading import custom_objects
from .user_errors import message_of, where

NAMES = {"keras": "model.keras", "h5": "model.h5", "weights": "model.weights.h5", "json": "model.json",
         "savedmodel": "saved_model"}  # fmt: skip
Problem = dict[str, Any]


def save_as(kind: str, model: Any, path: str) -> None:
    """Write the model in one form; whatever Keras or the user's code raises goes up."""
    if kind == "json":
        Path(path).write_text(model.to_json(), encoding="utf-8")
    elif kind == "weights":
        model.save_weights(path)
    elif kind == "savedmodel":
        more = {"format": "tf_saved_model", "verbose": False} if isinstance(model, keras.Model) else {}
        model.export(path, **more)
    else:
        model.save(path)


def try_save(kind: str, model: Any, folder: str, name: str | None = None) -> Problem:
    """The file, or what Keras said; and its warnings."""
    path = os.path.join(folder, name or NAMES[kind])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            save_as(kind, model, path)
        except Exception as error:
            return {"file": None, **problem_of(error)}
    return {"file": path, "warnings": texts(caught)}


def problem_of(error: BaseException) -> Problem:
    file, line = where(error.__traceback__)
    text = message_of(error).rpartition("Exception encountered: ")[2]  # without the config that Keras puts before it
    text = text.partition(" Full object config:")[0]  # nor behind it
    return {"error": type(error).__name__, "message": text[:1500], "place": [file, line] if file else None}


def texts(caught: Any) -> list[str]:
    found = [" ".join(str(item.message).split())[:300] for item in caught if is_of_keras(item)]
    return list(dict.fromkeys(found))


def is_of_keras(item: Any) -> bool:
    return f"{os.sep}keras{os.sep}" in item.filename or issubclass(item.category, UserWarning)


def attempts(kind: str, own: list[ModuleType], given: list[ModuleType], *, trusted: bool) -> list[tuple[str, Any]]:
    """Ways to load, the plain one first; those after it only serve to compare what a plain load cannot bring back.

    Lambdas of a file stay closed; those of the user's own code, which runs anyway, are opened to go on.
    """
    ways: list[tuple[str, Any]] = [("", {})]
    named, everything = custom_objects(given), custom_objects([*given, *own])
    if named:
        ways.append(("--custom", {"custom_objects": named}))
    if everything and everything != named:
        ways.append(("custom_objects", {"custom_objects": everything}))
    if kind in ("keras", "h5"):
        more = {"custom_objects": everything} if everything else {}
        ways.append(("compile=False", {**more, "compile": False}))
        if trusted:
            ways += [("safe_mode=False", {**more, "safe_mode": False}),
                     ("safe_mode=False, compile=False", {**more, "safe_mode": False, "compile": False})]  # fmt: skip
    return ways


def load_as(kind: str, path: str, options: Mapping[str, Any]) -> Any:
    if kind == "json":
        custom = options.get("custom_objects")
        return keras.models.model_from_json(Path(path).read_text(encoding="utf-8"), custom_objects=custom)
    return keras.saving.load_model(path, **options)


def load_any(
    kind: str, path: str, ways: list[tuple[str, Any]], load: Callable[..., Any] = load_as
) -> tuple[Any, str, list[Problem]]:
    """The model, the way that brought it back, and what each way before it said; no model where none did."""
    problems: list[Problem] = []
    for name, options in ways:
        try:
            return load(kind, path, options), name, problems
        except Exception as error:
            problems.append({"way": name, **problem_of(error)})
    return None, "", problems
