"""How a run of ``check`` is meant: the command line over the project's file over what is usual."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ..errors import UsageError
from ..linting.options import Options, version_numbers
from ..linting.selection import FileIgnores, Selection
from ..rules import load_rule, rule_names
from .project import Project, find_project

FORMATS = ("keras", "keras-dir", "h5", "weights-h5", "config", "savedmodel", "code")
METADATA = ("keras-version", "input", "output", "dtype")


class CheckSettings(NamedTuple):
    """What is asked, of which files, and what fails the run. ``folder`` is the project's, patterns start from it."""

    codes: list[str]
    is_whole: bool  # no rule was picked out by name
    options: Options
    ignores: FileIgnores
    exclude: tuple[str, ...]
    folder: str
    file: str  # what states it, "." where no file does
    info: bool
    fail_on: str
    baseline: str | None
    jobs: int | None


def read_settings(options: Mapping[str, Any]) -> CheckSettings:
    """The settings of a run. Raises `UsageError` for a code, key or version that does not exist."""
    project = find_project(os.getcwd(), options["config"])
    names = rule_names()
    usual = (code for code in names if load_rule(code).on_by_default)
    selected = joined(options["select"]) or project.says("select")
    selection = Selection(
        None if selected is None else tuple(selected),
        (*(project.says("extend-select") or ()), *joined(options["extend_select"])),
        (*(project.says("ignore") or ()), *joined(options["ignore"])),
    )
    stated = {**(project.says("per-file-ignores") or {}), **read_ignores(options["per_file_ignores"])}
    baseline = options["baseline"]
    if baseline is None and project.says("baseline"):
        baseline = os.path.relpath(os.path.join(project.folder, project.says("baseline")))
    return CheckSettings(
        selection.codes(names, usual),
        selected is None,
        make_options(options, project),
        FileIgnores(stated, names),
        (*(project.says("exclude") or ()), *joined(options["exclude"])),
        project.folder,
        os.path.relpath(project.file) if project.file else ".",
        bool(options["info"] or project.says("info")),
        options["fail_on"] or project.says("fail-on") or "warning",
        baseline,
        options["jobs"] or project.says("jobs") or None,
    )


def joined(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(word for words in lists for word in words)


def read_ignores(values: Iterable[str]) -> dict[str, list[str]]:
    """``PATTERN:KS1,KS2``, repeatable."""
    found: dict[str, list[str]] = {}
    for text in values:
        pattern, colon, codes = text.rpartition(":")
        if not colon or not pattern or not codes.strip():
            raise UsageError(f"--per-file-ignores {text!r} is not PATTERN:CODES", hint="as in 'old/*.h5:KS7,KS103'")
        found.setdefault(pattern, []).extend(code.strip() for code in codes.split(",") if code.strip())
    return found


def make_options(options: Mapping[str, Any], project: Project) -> Options:
    """What rules look at."""
    target = options["target_keras"] or project.says("target-keras")
    if target is not None and len(version_numbers(target)) < 2:
        raise UsageError(f"{target!r} is no version of Keras", hint="as in --target-keras 3.8")
    formats = tuple(project.says("allowed-formats") or ())
    metadata = tuple(project.says("required-metadata") or ())
    for key, stated, known in (("allowed-formats", formats, FORMATS), ("required-metadata", metadata, METADATA)):
        for name in stated:
            if name.partition("=")[0].strip() not in known:
                raise UsageError(f"{key}: there is no {name!r}", hint=f"there are: {', '.join(known)}")
    budgets = {name: options[name] for name in ("max_params", "max_bytes", "max_macs")}
    for name, value in budgets.items():
        if value is None:
            budgets[name] = project.says(name.replace("_", "-"))
    return Options(
        target_keras=target,
        allowed_formats=formats,
        forbidden_layers=tuple(project.says("forbidden-layers") or ()),
        required_metadata=metadata,
        allow=(*(project.says("allow") or ()), *joined(options["allow"])),
        strict=bool(options["strict"] or project.says("strict")),
        **budgets,
    )


__all__ = ["CheckSettings", "read_settings"]
