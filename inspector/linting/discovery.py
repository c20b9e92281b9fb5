"""Which files are models: found by their bytes in folders, taken at their word where they are named.

A file whose name says that it is a model is checked whatever its bytes are: a broken model is a finding. A file whose
name does not say so is one where its bytes do.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import KinspectError, UsageError
from ..readers.json_config import MAX_BYTES, load_json
from ..readers.probe import HDF5_MAGIC, ZIP_MAGICS, read_head
from .ignoring import Patterns, is_left_out, outer_patterns, read_patterns

SURE = (".keras", ".weights.h5", ".weights.json")  # names that nothing but a model of Keras has
HDF5, JSON, YAML = (".h5", ".hdf5", ".hdf", ".he5"), (".json",), (".yaml", ".yml")
NEVER = {".git", ".hg", ".svn", "node_modules", "__pycache__", ".tox", ".nox", ".mypy_cache", ".ruff_cache",
         ".pytest_cache", ".venv", "site-packages"}  # fmt: skip
LFS = b"version https://git-lfs.github.com/spec/"
SAVED_MODEL = "saved_model.pb"
PARTS = {SAVED_MODEL, "saved_model.pbtxt", "keras_metadata.pb", "config.json", "metadata.json", "model.weights.h5"}


class Found(NamedTuple):
    """A path that is to be checked, or that is not, and why."""

    path: str
    why: str | None = None


def find_models(
    paths: Sequence[str], exclude: Sequence[str] = (), *, root: str | None = None, gitignore: bool = True
) -> Iterator[Found]:
    """Every model below the paths, each once, in a stable order; and what is left out, with the reason.

    ``exclude`` are patterns as in ``.gitignore``, taken from ``root``. Raises `UsageError` for what is not there.
    """
    excluded = Patterns(root or ".", exclude)
    met: set[str] = set()
    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(f"{path}: no such file or folder")
        is_folder = is_plain_folder(path)
        for found in look_at_folder(path, excluded, gitignore) if is_folder else look_at_named(path, excluded):
            key = os.path.normpath(found.path)
            if key not in met:
                met.add(key)
                yield found


def is_plain_folder(path: str) -> bool:
    return os.path.isdir(path) and not is_model_folder(path)


def is_model_folder(path: str) -> bool:
    """A SavedModel, or an unzipped ``.keras`` archive."""
    if os.path.isfile(os.path.join(path, SAVED_MODEL)) or os.path.isfile(os.path.join(path, "saved_model.pbtxt")):
        return True
    if not os.path.isfile(os.path.join(path, "config.json")):
        return False
    beside = ("metadata.json", "model.weights.h5", "model.weights.npz", "model.weights.json")
    return path.endswith(".keras") or any(os.path.isfile(os.path.join(path, name)) for name in beside)


def look_at_named(path: str, excluded: Patterns) -> Iterator[Found]:
    """A path that was named: pre-commit names what changed, models or not."""
    if excluded.covers(path, folder=os.path.isdir(path)):
        yield Found(path, "excluded")
        return
    folder, name = os.path.split(path)
    if name in PARTS and is_model_folder(folder or "."):  # a part of a model stands for the model
        yield Found(folder or ".")
        return
    why = why_not(path, named=True)
    yield Found(path, why)


def look_at_folder(folder: str, excluded: Patterns, gitignore: bool) -> Iterator[Found]:
    """Everything below a folder, sorted, without recursion; links to folders are not followed."""
    if excluded.covers(folder, folder=True):
        yield Found(folder, "excluded")
        return
    stack: list[tuple[str, tuple[Patterns, ...]]] = [(folder, outer_patterns(folder) if gitignore else ())]
    while stack:
        place, rules = stack.pop()
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            yield Found(place, f"cannot be listed: {(error.strerror or str(error)).lower()}")
            continue
        if gitignore and any(entry.name == ".gitignore" for entry in entries):
            rules = (*rules, read_patterns(place))
        below = []
        for entry in entries:
            path = os.path.normpath(os.path.join(place, entry.name))
            is_folder = entry.is_dir(follow_symlinks=False)
            if excluded.says(path, folder=is_folder) or is_left_out(path, rules, folder=is_folder):
                continue
            if not is_folder:
                why = why_not(path, named=False)
                if why is None or why == IS_LFS:
                    yield Found(path, why)
            elif is_model_folder(path):
                yield Found(path)
            elif entry.name not in NEVER and not os.path.isfile(os.path.join(path, "pyvenv.cfg")):
                below.append((path, rules))
        stack.extend(reversed(below))


IS_LFS = "a Git LFS pointer: the model itself is not here; 'git lfs pull' fetches it"


def why_not(path: str, *, named: bool) -> str | None:
    """Why a path is not to be checked; `None` where it is. A file of a model's name is, whatever it is."""
    lower = path.lower()
    sure = lower.endswith(SURE)
    try:
        status = os.stat(path)
    except OSError:
        return None if sure or named else "cannot be opened"
    if not stat.S_ISREG(status.st_mode):
        return None if sure or lower.endswith(HDF5) or named else "not a regular file"
    try:
        head = read_head(path)
    except OSError:
        return None if sure or named else "cannot be opened"
    if head.startswith(LFS):
        return IS_LFS
    if sure:
        return None
    return why_no_model(path, lower, head, status.st_size)


def why_no_model(path: str, lower: str, head: bytes, size: int) -> str | None:
    """Of a file whose name leaves it open: what its bytes say."""
    if lower.endswith(HDF5):
        return None if not looks_foreign(path, head) else "an HDF5 file that holds no model of Keras"
    if head.startswith(HDF5_MAGIC):
        return "an HDF5 file that holds no model of Keras" if looks_foreign(path, head) else None
    if head.startswith(ZIP_MAGICS[0]):
        return None if holds_config(path) else "an archive that is no .keras file"
    if lower.endswith(YAML):
        return None if b"class_name:" in head else "not a model"
    if not lower.endswith(JSON) or size > MAX_BYTES:
        return "not a model"
    return None if describes_model(path) else "JSON that is no model's config"


def looks_foreign(path: str, head: bytes) -> bool:
    """Whether an HDF5 file is sound and holds no model of Keras: somebody's data. A broken one is not foreign."""
    if not head.startswith(HDF5_MAGIC):
        return False
    from ..readers.hdf5 import Group, Window, open_hdf5

    try:
        with Window(path) as window:
            root = open_hdf5(window).root
            names = set(root.attributes)
            if names & {"model_config", "model_config0", "training_config", "layer_names", "keras_version"}:
                return False
            children = root.children
            if not {"model_weights", "layers", "_layer_checkpoint_dependencies", "vars", "optimizer"} & set(children):
                return not any(isinstance(child, Group) and "vars" in child.children for child in children.values())
    except (KinspectError, OSError):
        return False
    return False


def holds_config(path: str) -> bool:
    """Whether an archive of any name has a config at its top, as a ``.keras`` file has."""
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(path) as archive:
            return "config.json" in archive.namelist() and "metadata.json" in archive.namelist()
    except (BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return False


def describes_model(path: str) -> bool:
    """Whether JSON is a model's config: an object with a class and layers, or of one of Keras's modules."""
    try:
        data = load_json(Path(path).read_bytes()).value
    except (KinspectError, OSError):
        return False
    if isinstance(data.get("weight_map"), dict) and "metadata" in data:
        return any(str(value).endswith(".weights.h5") for value in data["weight_map"].values())
    config: Any = data.get("config")
    if not isinstance(data.get("class_name"), str) or not isinstance(config, (dict, list)):
        return False
    module = str(data.get("module") or "")
    return isinstance(config, list) or "layers" in config or "keras_version" in data or module.startswith("keras")


__all__ = ["Found", "find_models", "is_model_folder"]
