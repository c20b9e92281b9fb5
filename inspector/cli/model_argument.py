"""Which model a command is about: what MODEL names, what is meant where it is left out, and how code is called."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .code_options import join_inputs, takes_model
from .settings import Settings

if TYPE_CHECKING:
    from ..graph import Model
    from ..readers.source_code import CodeRequest

WHOLE = (".keras", ".h5", ".hdf5")
WEIGHTS = (".weights.h5", ".weights.json")
SOME = 8  # candidates that an error lists
NOTHING: Mapping[str, Any] = {}


def read_model(settings: Settings, model: str | None, options: Mapping[str, Any] = NOTHING, **more: Any) -> Model:
    """The model that MODEL names, or the one that is meant where it is left out.

    ``options`` are those of `takes_model`; ``more`` goes into the request to the worker, for models in code.
    """
    path = model if model is not None else find_model()
    if is_code(path) or options.get("live"):
        return read_live(settings, path, options, more)
    refuse_live_options(path, options)
    settings.subject = path
    check_file(path)
    refuse_nameless(path)
    from ..readers import read

    found = read(path)
    return build_for(found, options["input_shape"], options["input_dtype"]) if options.get("input_shape") else found


def check_file(path: str) -> None:
    if not os.path.lexists(path):
        raise UsageError(f"{path}: no such file", hint=nearest_file(path))


def refuse_nameless(path: str) -> None:
    """A file of code, which may make several models: it is named with what makes the one that is meant."""
    if not path.endswith(".py") or not os.path.isfile(path):
        return
    names = names_in(path)
    listed = " or ".join(f"{path}:{name}" for name in names[:SOME]) or f"{path}:NAME"
    raise UsageError(f"{path}: it is code, and what makes the model in it is not named", hint=f"name it: {listed}")


def names_in(path: str) -> list[str]:
    """Names of the file that may be, or make, a model: variables first, then functions, then classes."""
    import ast

    try:
        with open(path, "rb") as file:
            body = ast.parse(file.read()).body
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found: list[tuple[int, str]] = []
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            found += [(0, target.id) for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.FunctionDef) and len(node.args.args) == len(node.args.defaults):
            found.append((1, node.name))
        elif isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("Model") for base in node.bases):
            found.append((2, node.name))
    return [name for _, name in sorted(found, key=lambda item: item[0]) if not name.startswith("_")]


def read_live(settings: Settings, target: str, options: Mapping[str, Any], more: Mapping[str, Any]) -> Model:
    """The model in code, or in a file that is to be opened with Keras; a worker process runs it."""
    from ..readers.source_code import read_code
    from .progress import progress_line

    request = code_request(target, options, **more)
    with progress_line(settings) as say:
        return read_code(target, request, say)


def code_request(target: str, options: Mapping[str, Any], **more: Any) -> CodeRequest:
    """What the options say of a model in code, or of a file opened live, for the worker."""
    from ..readers.source_code import TIME_LIMIT, CodeRequest

    file, place = None, target.rpartition(":")[0]
    if is_code(target):
        if place.endswith(".py"):
            check_file(place)
    else:
        check_file(target)
        refuse_nameless(target)
        file = target
        if options.get("arg"):
            raise UsageError(f"{target}: --arg is for factories and classes in code, and this is a file")
    return CodeRequest(
        arguments=dict(options.get("arg") or ()), custom=tuple(options.get("custom") or ()), file=file,
        inputs=join_inputs(options.get("input_shape") or (), options.get("input_dtype") or ()),
        expand=bool(options.get("expand")), time_limit=options.get("timeout") or TIME_LIMIT, **more,
    )  # fmt: skip


def refuse_live_options(path: str, options: Mapping[str, Any]) -> None:
    """Options that only a worker can follow, given for a file that is read without Keras."""
    if options.get("arg"):
        raise UsageError(f"{path}: --arg is for factories and classes in code, and this is a file")
    for name in ("custom", "expand"):
        if options.get(name):
            raise UsageError(f"{path}: --{name} needs Keras, and files are read without it", hint="add --live")
    if options.get("input_dtype") and not options.get("input_shape"):
        raise UsageError("--input-dtype goes with --input-shape")


def build_for(model: Model, shapes: Sequence[Any], dtypes: Sequence[Any]) -> Model:
    """A Sequential saved without an input shape, built for one; nothing is run for it."""
    from ..graph import replace
    from ..keras_config import build_sequential

    if model.graph.kind != "sequential":
        raise UsageError(f"{model.source}: --input-shape is for code and for Sequential models saved without a shape",
                         hint="add --live to open the file with Keras")  # fmt: skip
    if model.graph.built:
        raise UsageError(f"{model.source}: it was saved with its input shape, and takes no --input-shape")
    inputs = join_inputs(shapes, dtypes)
    if len(inputs) > 1:
        raise UsageError(f"{model.source}: a Sequential takes one --input-shape, and {len(inputs)} are given")
    return replace(model, graph=build_sequential(model.graph, tuple(inputs[0]["shape"]), inputs[0]["dtype"]))


def is_code(model: str) -> bool:
    """``file.py:name`` or ``package.module:name``; a file of that very name, or a drive's letter, is none."""
    if ":" not in model or os.path.exists(model):
        return False
    from ..readers.source_code import is_code as names_code

    return names_code(model)


def find_model() -> str:
    """The model that the project states, else the single model file of the current folder."""
    stated = stated_model(os.getcwd())
    if stated is not None:
        return stated
    candidates = find_candidates()
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise UsageError("no model is given, and there is none in this folder", hint="name a file: model.keras")
    listed = ", ".join(candidates[:SOME]) + (", …" if len(candidates) > SOME else "")
    raise UsageError(f"no model is given, and there are several: {listed}", hint=f"name one: {candidates[0]}")


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
    """``model`` of the project that a folder lies in, its path taken from the project's folder."""
    from .project import find_project

    project = find_project(folder)
    model = project.says("model")
    if model is None:
        return None
    return model if is_code(model) and ".py:" not in model else os.path.relpath(os.path.join(project.folder, model))


def nearest_file(path: str) -> str | None:
    """A file beside the one asked for, of a name so near that it may be meant."""
    from difflib import get_close_matches

    folder, name = os.path.split(path)
    try:
        near = get_close_matches(name, os.listdir(folder or "."), 1)
    except OSError:
        return None
    return f"did you mean {os.path.join(folder, near[0])!r}?" if near else None


__all__ = ["code_request", "find_model", "is_code", "read_model", "takes_model"]
