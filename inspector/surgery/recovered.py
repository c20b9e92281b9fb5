"""Models in code, and subclassed ones: a worker recovers the graph and writes it as a file, which is then cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import NotExtractable
from ..graph import Model, replace
from ..readers import read

if TYPE_CHECKING:
    from ..readers.source_code import CodeRequest  # with what runs code, which files need not pay for

Say = Callable[[str], None]
HINT = "-o FOLDER, without an ending, writes a SavedModel that runs the whole model and returns what the layer gives"
RECOVERED, DECLARED = "recovered", "declared"


class Parent(NamedTuple):
    """A model to cut: as it was named, how its graph came about, how far it was proven, and the folder it lies in."""

    model: Model
    name: str
    method: str
    proof: Mapping[str, Any]
    folder: Any  # a TemporaryDirectory, which goes with it


def recover_parent(target: str, request: CodeRequest, say: Say | None = None) -> Parent:
    """The functional form of a model in code, or of a file opened with Keras. Needs TensorFlow, and runs the code.

    Raises `NotExtractable` with the reasons where the model has no such form, or computes something else than it.
    """
    import os
    from tempfile import TemporaryDirectory

    from ..readers.source_code import freeze_code

    folder = TemporaryDirectory(prefix="kinspect-")
    draft = os.path.join(folder.name, "model.keras")
    try:
        record = freeze_code(target, draft, request, say)
        if record["proof"]["ok"] is not True:
            raise NotExtractable(f"{target}: {why_not(record)}", hint=HINT)
        method = DECLARED if record["verdict"] == DECLARED else RECOVERED
        return Parent(replace(read(draft), source=draft), target, method, record["proof"], folder)
    except BaseException:
        folder.cleanup()
        raise


def why_not(record: Mapping[str, Any]) -> str:
    """Why a model has no functional form."""
    if record["proof"]["ran"]:
        return "the recovered graph does not compute what the model does"
    said = "; ".join(reason["message"] for reason in record["reasons"])
    return f"{record['class_name']} is {record['verdict']}, and has no graph to cut" + (f": {said}" if said else "")
