"""A round trip from the side that asks for it: one process saves, a fresh one loads, both with limits.

A crash of either is a check that failed, and none of ours. The process that loads starts at once, beside the one that
saves, so that both import Keras at the same time.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import KinspectError, UnreadableModel, UsageError
from ..graph import Model, walk
from ..readers import read
from ..readers.source_code import CodeRequest
from ..readers.worker_process import ask_worker
from .compare import FAMILIES, check_classes, check_load, check_target, run_family
from .files import second_documents, stored_tensors
from .hints import load_hint
from .records import LOST, UNKNOWN, Check, Sides
from .static import lost_in_file

Say = Callable[[str], None]
Answer = dict[str, Any]
KINDS = ("keras", "h5", "weights", "savedmodel", "json")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to verify: the model, the forms to save it in, tolerances by output, limits."""

    target: str
    request: CodeRequest
    kinds: tuple[str, ...] = ("keras",)
    same_process: bool = False
    rtol: Mapping[str, float] = field(default_factory=dict)
    atol: Mapping[str, float] = field(default_factory=dict)
    into: str | None = None  # code whose model takes the weights
    memory: int | None = None


def verify(plan: Plan, say: Say | None = None) -> tuple[Mapping[str, Any] | None, list[Check]]:
    """The facts of the model that was saved, and the checks. Raises `KinspectError` where there is no model to save."""
    if plan.request.file:
        check_format(plan.request.file)
    with tempfile.TemporaryDirectory(prefix="kinspect-") as folder, ThreadPoolExecutor(1) as pool:
        first = pool.submit(load_back, plan, plan.kinds[0], folder, say)
        try:
            before = save_model(plan, folder, say)
        except UnreadableModel as error:
            cancel(folder)
            return None, refused(plan, error.message)
        except KinspectError as error:
            cancel(folder)
            if error.__cause__ is not None:  # the worker's own words, and no crash of it
                raise
            return None, [Check("save", plan.kinds[0], LOST, error.message, None, error.hint or SAVE_HINT)]
        except BaseException:
            cancel(folder)
            raise
        try:
            check_tolerances(plan, before["outputs"].get("names"))
        except UsageError:
            cancel(folder)
            raise
        checks = compare(plan, before, first, folder, say)
        if before["library"] == "tf_keras":
            checks = [spell_for_tf_keras(check) for check in checks]
        return before["fingerprint"], checks


def check_tolerances(plan: Plan, names: list[str] | None) -> None:
    """A tolerance for an output that the model does not have is a slip of the user's."""
    if names is None:
        return
    for option, given in (("--rtol", plan.rtol), ("--atol", plan.atol)):
        for name in given:
            if name and name not in names and not (name.isdecimal() and int(name) < len(names)):
                listed = ", ".join(f"{name} or {place}" for place, name in enumerate(names))
                raise UsageError(f"{option} {name}: the model has no such output", hint=f"it has {listed}")


SAVE_HINT = "the model, or Keras, ended the process: try a smaller input, more --memory, or another form with --to"


WHOLE = ("keras", "keras-dir", "h5")


def check_format(path: str) -> None:
    """A file that Keras makes a model from; what is none, or broken, is refused before anything starts."""
    try:
        model = read(path)
        form, _ = model.format, model.weights and model.weights.tensors  # a file that was cut is told before the start
    except KinspectError as error:
        raise type(error)(f"{path}: {error.message}", hint=error.hint) from error
    if form not in WHOLE:
        what = "weights alone" if form == "weights-h5" else "a config alone"
        hint = "give the code that makes the model, as file.py:name with --to weights or --to json, or a .keras file"
        raise UsageError(f"{path}: it holds {what}, and no model to save again", hint=hint)


def refused(plan: Plan, message: str) -> list[Check]:
    """The file itself, where Keras cannot load it: what Keras says, and what the file shows without it."""
    model = read(str(plan.request.file))
    kind, _, text = message.partition(": ")
    target = "h5" if model.format == "h5" else "keras"
    registered = next((home for home in registered_names(model) if home in text or f"'{name_of(home)}'" in text), None)
    hint = load_hint({"error": kind, "message": text}, target, [])
    if registered is not None:
        hint = f"import the module that registers {registered!r} before loading; here: --custom FILE.py"
    return [Check("load", "original", LOST, f"Keras cannot load it: {message}", None, hint), *lost_in_file(model)]


def registered_names(model: Model) -> list[str]:
    """The names under which a file's classes were registered, as ``package>Class``."""
    names = [layer.registered_name for _, _, layer in walk(model.graph)]
    return [name for name in names if name is not None and ">" in name]


def name_of(registered: str) -> str:
    return registered.rpartition(">")[2]


def compare(plan: Plan, before: Answer, first: Future[Answer], folder: str, say: Say | None) -> list[Check]:
    checks = [*check_classes(before)] if set(plan.kinds) - {"weights", "savedmodel"} else []
    if plan.request.file:
        checks += check_original(plan, before)
    for kind in plan.kinds:
        after = first.result() if kind == plan.kinds[0] else load_back(plan, kind, folder, say)
        add_files(kind, before["saves"][kind]["file"], after)
        checks += check_target(kind, before, after, kind)
        if plan.same_process and kind in before.get("same", {}):
            same = before["same"][kind]
            add_files(kind, before["saves"][kind]["file"], same)
            checks += check_target(kind, before, same, f"{kind}, same process")
    return checks


def check_original(plan: Plan, before: Answer) -> list[Check]:
    """The file itself: whether it opens plainly, and whether all that is in it went into the model."""
    opened = before["opened"]
    if "keras_3" in opened:
        return check_migration(plan, before)
    after = {**opened, "loaded": True, "late": [], "stored": stored_tensors(str(plan.request.file))}
    sides = Sides(before["fingerprint"], before["fingerprint"], "original", before, after)
    named = [family for family in FAMILIES if family.name in ("weights-fresh", "weights-in-file")]
    found = [check_load("keras", before, after, "original")]
    found += lost_in_file(read(str(plan.request.file)))
    if opened.get("lacking"):
        found.append(Check("load", "original", UNKNOWN, "Keras 2 wrote it, and tf_keras is not installed: it was run "
                           "with Keras 3 alone", None, "pip install tf_keras"))  # fmt: skip
    return found + [check for family in named for check in run_family(family, sides, "original")]


def check_migration(plan: Plan, before: Answer) -> list[Check]:
    """A file of Keras 2, which tf_keras opened: whether Keras 3 makes the same model of it."""
    file = str(plan.request.file)
    opened = before["opened"]["keras_3"]
    found = [check_load("keras", before, opened, "original"), *lost_in_file(read(file))]
    if opened["loaded"]:
        after = {**opened, "late": [], "stored": stored_tensors(file)}
        sides = Sides(before["fingerprint"], opened["fingerprint"], "original", before, after)
        names = ("weights-in-file", "outputs") if "outputs" in opened else ("weights-in-file",)
        found += [
            check for family in FAMILIES if family.name in names for check in run_family(family, sides, "original")
        ]
    return found


def spell_for_tf_keras(check: Check) -> Check:
    """The hint as code of tf_keras, except where it is about the load by Keras 3."""
    if check.hint is None or check.target == "original":
        return check
    return replace(check, hint=re.sub(r"(?<!tf_)keras\.(saving|losses)", r"tf_keras.\1", check.hint))


def is_old(path: str) -> bool:
    """Whether Keras 1 or 2 wrote the file, so that tf_keras is the one to open it."""
    return (read(path).keras_version or "").startswith(("1.", "2."))


def add_files(kind: str, path: str | None, after: Answer) -> None:
    """What the files hold, beside what the process said."""
    if path is None or not after.get("loaded") or kind not in ("keras", "h5", "weights"):
        return
    after["stored"] = stored_tensors(path)
    second = after.get("second")
    if second and second["file"]:
        second["documents"] = second_documents(path, second["file"])


def asked(plan: Plan, folder: str) -> Answer:
    request = plan.request
    return {
        "target": None if request.file else plan.target, "file": request.file,
        "arguments": dict(request.arguments), "folder": folder,
        "inputs": list(request.inputs), "custom": list(request.custom), "kinds": list(plan.kinds),
        "rtol": dict(plan.rtol), "atol": dict(plan.atol), "memory": plan.memory, "into": plan.into,
        "same_process": plan.same_process,
        "library": "tf_keras" if request.file and is_old(request.file) else "keras",
    }  # fmt: skip


def save_model(plan: Plan, folder: str, say: Say | None) -> Answer:
    return ask_worker({**asked(plan, folder), "task": "roundtrip-save"}, plan.request.time_limit, say)


def load_back(plan: Plan, kind: str, folder: str, say: Say | None) -> Answer:
    """A fresh process's answer; where it died, how."""
    try:
        request = {**asked(plan, folder), "task": "roundtrip-load", "kind": kind}
        return ask_worker(request, 2 * plan.request.time_limit, say)
    except KinspectError as error:
        return {"loaded": False, "crash": error.message, "hint": error.hint}


def cancel(folder: str) -> None:
    with open(os.path.join(folder, "cancelled"), "w", encoding="utf-8"):
        pass


__all__ = ["KINDS", "Plan", "verify"]
