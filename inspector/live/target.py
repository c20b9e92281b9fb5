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


class UserCodeError(KinspectError):
    """An exception that the user's own code raised, told as theirs: their file, their line."""


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
    if not callable(value):
        raise UsageError(f"{target}: it is {describe_type(value)}, not a model, a factory or a Model class")
    return call_factory(value, arguments, target)


def import_place(place: str) -> ModuleType:
    """Import a file by its path, or a module by its dotted name with the current folder on the path."""
    try:
        if place.endswith(".py") or os.sep in place:
            return import_file(Path(place))
        if "" not in sys.path and os.getcwd() not in sys.path:
            sys.path.insert(0, os.getcwd())
        return importlib.import_module(place)
    except (KinspectError, KeyboardInterrupt):
        raise
    except ModuleNotFoundError as error:
        if error.name and (place == error.name or place.startswith(error.name + ".")):
            raise UsageError(f"{place}: there is no module {error.name!r} on the path") from None
        raise user_error(error, place) from error
    except BaseException as error:
        raise user_error(error, place) from error


def import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file")
    path = path.resolve()
    sys.path.insert(0, str(path.parent))
    for folder in package_roots(path):
        sys.path.append(folder)
    name = path.stem if path.stem.isidentifier() and path.stem not in sys.modules else f"_model_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path}: it is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def package_roots(path: Path) -> list[str]:
    """The folder above the outermost package a file lies in, so that its absolute imports work, and the current one."""
    folder = path.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return list(dict.fromkeys((str(folder), os.getcwd())))


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
    try:
        inspect.signature(factory).bind(**arguments)
    except TypeError as error:
        raise UsageError(f"{target}: {error}", hint="give it with --arg NAME=VALUE") from None
    except ValueError:
        pass  # no signature to look at
    try:
        model = factory(**arguments)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise user_error(error, target) from error
    if not is_model(model):
        raise UsageError(f"{target}: it returned {describe_type(model)}, not a Keras model")
    return model


def is_model(value: Any) -> bool:
    """Whether a value is a model of Keras 3 or of tf_keras; neither is imported for asking."""
    for package in ("keras", "tf_keras"):
        base = getattr(sys.modules.get(package), "Model", None)
        if isinstance(base, type) and isinstance(value, base):
            return True
    return False


def describe_type(value: Any) -> str:
    if isinstance(value, (list, tuple)) and any(is_model(item) for item in value):
        return f"a {type(value).__name__} of {len(value)} models: write a factory that returns one of them"
    return "None" if value is None else f"a {type(value).__name__}"


def user_error(error: BaseException, place: str) -> UserCodeError:
    """An exception of the user's code as one line: their file and line, the exception, and what to do if we know."""
    file, line = where(error)
    text = " ".join(str(error).split()) or "no message"
    if isinstance(error, SyntaxError):
        file, line, text = error.filename or file, error.lineno or line, error.msg
    spot = f"{file}, line {line}" if file else place
    return UserCodeError(f"{spot}: {type(error).__name__}: {text}"[:1500], hint=advice(error))


def where(error: BaseException) -> tuple[str | None, int | None]:
    """The deepest frame that is the user's: not Keras's, not a library's, not ours."""
    found: tuple[str | None, int | None] = (None, None)
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if is_user_file(file):
            found = file, trace.tb_lineno
        trace = trace.tb_next
    return found


def is_user_file(file: str) -> bool:
    ours = str(Path(__file__).parent.parent)
    library = f"{os.sep}site-packages{os.sep}" in file or file.startswith((os.path.dirname(os.__file__), ours, "<"))
    return not library


def advice(error: BaseException) -> str | None:
    """What to do about errors that many meet."""
    text = str(error)
    if "must be KerasTensors" in text and "<" in text and "name=" in text:
        layer = text.rpartition("invalid value <")[2].partition(">")[0]
        name = layer.partition("name=")[2].partition(",")[0]
        return f"the layer {name!r} was never called: pass what it returns, {name}(x), and not the layer itself"
    if isinstance(error, SyntaxError) and "outside function" in error.msg:
        return "indent the statement into the function it belongs to"
    return None
