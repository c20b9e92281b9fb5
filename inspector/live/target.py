"""Find what a MODEL written as code names, and make a model of it: an instance, a factory or a class."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import KinspectError, UsageError
from .user_errors import user_error


def load_target(target: str, arguments: Mapping[str, Any]) -> Any:
    """The model that ``path/to/file.py:name`` or ``package.module:name`` names.

    A factory or a class is called with ``arguments``. Raises `UsageError` where the name is wrong and
    `UserCodeError` where the code fails.
    """
    place, _, name = target.rpartition(":")
    module = import_place(place)
    value = find_name(module, name, place)
    if is_model(value):
        if arguments:
            raise UsageError(f"{target}: it is a model already, and takes no --arg")
        return value
    if not callable(value) or is_layer(value):
        raise UsageError(f"{target}: it is {describe_type(value)}, not a model, a factory or a Model class")
    return call_factory(value, arguments, target)


def check_place(target: str) -> None:
    """Whether there is such a file or package, before anything is imported for it."""
    place = target.rpartition(":")[0] if ":" in target else target
    if is_path(place):
        if not os.path.isfile(place):
            raise UsageError(f"{place}: no such file")
        return
    package = place.partition(".")[0]
    sys.path.insert(0, os.getcwd())
    try:
        found = package in sys.modules or importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        found = False
    finally:
        sys.path.pop(0)
    if not found:
        hint = "its folder must be the current one, or on PYTHONPATH"
        raise UsageError(f"{place}: there is no module {package!r}", hint=hint)


def is_path(place: str) -> bool:
    return place.endswith(".py") or os.sep in place or "/" in place


def import_place(place: str) -> ModuleType:
    """Import a file by its path, or a module by its dotted name with the current folder on the path."""
    try:
        if is_path(place):
            return import_file(Path(place))
        if "" not in sys.path and os.getcwd() not in sys.path:
            sys.path.insert(0, os.getcwd())
        return importlib.import_module(place)
    except KinspectError:
        raise
    except ModuleNotFoundError as error:
        if error.name and (place == error.name or place.startswith(error.name + ".")):
            raise UsageError(f"{place}: there is no module {error.name!r}") from None
        raise user_error(error, place) from error
    except BaseException as error:
        raise user_error(error, place) from error


def import_file(path: Path) -> ModuleType:
    """Import a file as Python itself would: by its name in its package, else with its own folder on the path."""
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    path = path.resolve()
    root, name = place_in_package(path)
    sys.argv = [str(path)]
    sys.path[:0] = [str(root)]
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    if name in sys.modules or not all(part.isidentifier() for part in name.split(".")):
        known = getattr(sys.modules.get(name), "__file__", None)
        if known and os.path.realpath(known) == str(path):
            return sys.modules[name]
        return execute_file(path, f"_model_file_{path.stem}")
    if "." in name:
        return importlib.import_module(name)
    return execute_file(path, name)


def execute_file(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path}: it is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def place_in_package(path: Path) -> tuple[Path, str]:
    """The folder above the outermost package a file lies in, and the file's dotted name below it."""
    parts, folder = [path.stem], path.parent
    while (folder / "__init__.py").is_file() and folder.name.isidentifier():
        parts.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(parts)


def find_name(module: ModuleType, name: str, place: str) -> Any:
    value: Any = module
    for part in name.split("."):
        try:
            value = getattr(value, part)
        except AttributeError:
            near = difflib.get_close_matches(part, [n for n in dir(value) if not n.startswith("__")], n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else None
            raise UsageError(f"{place}: it defines no {name!r}", hint=hint) from None
    return value


def call_factory(factory: Any, arguments: Mapping[str, Any], target: str) -> Any:
    """Call a factory or a class; arguments that do not fit its signature are the user's to correct."""
    check_arguments(factory, arguments, target)
    try:
        model = factory(**arguments)
    except BaseException as error:
        raise user_error(error, target) from error
    if not is_model(model):
        raise UsageError(f"{target}: it returned {describe_type(model)}, not a Keras model", hint=several_hint(model))
    return model


def check_arguments(factory: Any, arguments: Mapping[str, Any], target: str) -> None:
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError):
        return  # no signature to look at
    try:
        signature.bind(**arguments)
    except TypeError as error:
        raise UsageError(f"{target}: {error}", hint=missing_arguments(signature, arguments)) from None


def missing_arguments(signature: inspect.Signature, arguments: Mapping[str, Any]) -> str:
    """How to give the arguments that lack a value; where none does, which there are."""
    needed = [
        f"--arg {p.name}=VALUE"
        for p in signature.parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name not in arguments
    ]
    return f"give it with {' '.join(needed)}" if needed else f"it takes: {', '.join(signature.parameters) or 'nothing'}"


def is_model(value: Any) -> bool:
    """Whether a value is a model of Keras 3 or of tf_keras; neither is imported for asking."""
    return is_of("Model", value)


def is_layer(value: Any) -> bool:
    return is_of("layers.Layer", value)


def is_of(name: str, value: Any) -> bool:
    for package in ("keras", "tf_keras"):
        base: Any = sys.modules.get(package)
        for part in name.split("."):
            base = getattr(base, part, None)
        if isinstance(base, type) and isinstance(value, base):
            return True
    return False


def several_hint(value: Any) -> str | None:
    """What to do where a factory returns a model among others."""
    if isinstance(value, (list, tuple)) and any(is_model(item) for item in value):
        return "write a factory that returns one model of them"
    return None


def describe_type(value: Any) -> str:
    if is_layer(value):
        return f"the layer {type(value).__name__}"
    return "None" if value is None else f"a {type(value).__name__}"
