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
    is_fixed: bool = False  # at one size of the batch, which nobody asked for


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
        model = replace(read(draft), source=draft)
        asked = [shape[0] for given in request.inputs if (shape := given.get("shape"))]
        is_fixed = method == RECOVERED and has_fixed_batch(model) and not any(asked)
        return Parent(model, target, method, record["proof"], folder, is_fixed)
    except BaseException:
        folder.cleanup()
        raise


def has_fixed_batch(model: Model) -> bool:
    """Whether an input of a model takes one size of the batch alone."""
    shapes = [model.graph.by_name[ref.layer].config.get("batch_shape") for ref in model.graph.input_refs()]
    return any(isinstance(shape, list) and shape and shape[0] is not None for shape in shapes)


def why_not(record: Mapping[str, Any]) -> str:
    """Why a model has no functional form."""
    if record["proof"]["ran"]:
        return "the recovered graph does not compute what the model does"
    said = "; ".join(reason["message"] for reason in record["reasons"])
    return f"{record['class_name']} is {record['verdict']}, and has no graph to cut" + (f": {said}" if said else "")
