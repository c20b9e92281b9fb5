"""What a project states for all of kinspect: ``kinspect.toml``, or ``[tool.kinspect]`` in ``pyproject.toml``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..errors import UsageError
from .settings import no_such

OWN, SHARED = "kinspect.toml", "pyproject.toml"


class Project(NamedTuple):
    """The table that was found, the file it stands in and that file's folder, which paths and patterns start from."""

    table: Mapping[str, Any] = {}
    file: str | None = None
    folder: str = "."

    def says(self, key: str) -> Any:
        return self.table.get(key)


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def is_table_of_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(is_texts(item) for item in value.values())


KEYS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "model": (is_text, "a text"),
    "select": (is_texts, "a list of codes"),
    "extend-select": (is_texts, "a list of codes"),
    "ignore": (is_texts, "a list of codes"),
    "per-file-ignores": (is_table_of_texts, 'a table of lists, as in "old/*.h5" = ["KS7"]'),
    "exclude": (is_texts, "a list of patterns"),
    "info": (is_flag, "true or false"),
    "fail-on": (lambda value: value in ("error", "warning"), '"error" or "warning"'),
    "target-keras": (is_text, 'a version, as in "3.8"'),
    "baseline": (is_text, "a path"),
    "jobs": (is_number, "a number"),
    "strict": (is_flag, "true or false"),
    "allow": (is_texts, "a list of packages"),
    "max-params": (is_number, "a number"),
    "max-bytes": (is_number, "a number"),
    "max-macs": (is_number, "a number"),
    "allowed-formats": (is_texts, "a list of formats"),
    "forbidden-layers": (is_texts, "a list of classes"),
    "required-metadata": (is_texts, "a list of names"),
}


def find_project(folder: str, config: str | None = None) -> Project:
    """The project that a folder lies in, by the nearest file, even if it states nothing. ``config`` names the file.

    Raises `UsageError` for a file that is no TOML, a key that does not exist and a value that cannot be.
    """
    if config is not None:
        return checked(config, read_table(config) or {})
    place = os.path.abspath(folder)
    while True:
        for name in (OWN, SHARED):
            file = os.path.join(place, name)
            if os.path.isfile(file):
                table = read_table(file)
                return Project() if table is None else checked(file, table)
        above = os.path.dirname(place)
        if above == place:
            return Project()
        place = above


def read_table(path: str) -> Any:
    """The table of a file; `None` where a ``pyproject.toml`` has none."""
    import tomllib

    try:
        with open(path, "rb") as file:
            data = tomllib.load(file)
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from error
    if os.path.basename(path) != SHARED:
        return data
    tool = data.get("tool")
    return tool.get("kinspect") if isinstance(tool, dict) else None


def checked(path: str, table: Any) -> Project:
    shown = os.path.relpath(path)
    shown = path if shown.startswith(os.pardir) else shown
    if not isinstance(table, dict):
        raise UsageError(f"{shown}: [tool.kinspect] is not a table")
    for key, value in table.items():
        if key not in KEYS:
            found = no_such("key", key, KEYS)
            raise UsageError(f"{shown}: {found.message}", hint=found.hint)
        fits, what = KEYS[key]
        if not fits(value):
            raise UsageError(f"{shown}: {key!r} must be {what}")
    return Project(table, path, os.path.dirname(os.path.abspath(path)))


__all__ = ["Project", "find_project"]
