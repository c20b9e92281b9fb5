"""Which model a command is about: what MODEL names, and what is meant where it is left out."""

from __future__ import annotations

import os

from ..errors import UsageError
from ..graph import Model
from .settings import Settings

WHOLE = (".keras", ".h5", ".hdf5")
WEIGHTS = (".weights.h5", ".weights.json")
SOME = 8  # candidates that an error lists


def read_model(settings: Settings, model: str | None) -> Model:
    """The model that MODEL names, or the one that is meant where it is left out."""
    path = model if model is not None else find_model()
    if is_code(path):
        raise UsageError(f"{path}: reading models from code is not part of this version", hint=SAVE_FIRST)
    settings.subject = path
    if not os.path.lexists(path):
        raise UsageError(f"{path}: no such file", hint=nearest_file(path))
    from ..readers import read

    return read(path)


SAVE_FIRST = "save the model with model.save('model.keras') and give that file"


def is_code(model: str) -> bool:
    """``file.py:name`` or ``package.module:name``; a file of that very name, or a drive's letter, is none."""
    place, colon, name = model.rpartition(":")
    if not colon or not name.isidentifier() or os.path.exists(model):
        return False
    return place.endswith(".py") or all(part.isidentifier() for part in place.split("."))


def find_model() -> str:
    """The model of the nearest ``pyproject.toml``, else the single model file of the current folder."""
    stated = stated_model(os.getcwd())
    if stated is not None:
        return stated
    candidates = find_candidates()
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise UsageError("no model is given, and there is none in this folder", hint="kinspect summary model.keras")
    listed = ", ".join(candidates[:SOME]) + (", …" if len(candidates) > SOME else "")
    raise UsageError(f"no model is given, and there are several: {listed}", hint=f"kinspect summary {candidates[0]}")


def find_candidates() -> list[str]:
    """Model files of the current folder, weights alone only where nothing else is there."""
    if os.path.isfile("config.json") and os.path.isfile("metadata.json"):
        return ["."]
    names = sorted(os.listdir())
    weights = [name for name in names if name.endswith(WEIGHTS)]
    whole = [name for name in names if name.endswith(WHOLE) and name not in weights]
    whole += [name for name in names if os.path.isfile(os.path.join(name, "saved_model.pb"))]
    return whole or weights


def stated_model(folder: str) -> str | None:
    """``model`` under ``[tool.kinspect]`` in the nearest ``pyproject.toml``, its path taken from that file's folder."""
    while not os.path.isfile(os.path.join(folder, "pyproject.toml")):
        folder, below = os.path.dirname(folder), folder
        if folder == below:
            return None
    import tomllib

    path = os.path.join(folder, "pyproject.toml")
    try:
        with open(path, "rb") as file:
            table = tomllib.load(file).get("tool", {}).get("kinspect", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError) as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from error
    model = table.get("model") if isinstance(table, dict) else None
    if model is None:
        return None
    if not isinstance(model, str):
        raise UsageError(f"{path}: 'model' under [tool.kinspect] must be a text")
    return model if is_code(model) else os.path.relpath(os.path.join(folder, model))


def nearest_file(path: str) -> str | None:
    """A file beside the one asked for, of a name so near that it may be meant."""
    from difflib import get_close_matches

    folder, name = os.path.split(path)
    try:
        near = get_close_matches(name, os.listdir(folder or "."), 1)
    except OSError:
        return None
    return f"did you mean {os.path.join(folder, near[0])!r}?" if near else None
