"""Layers of a model that has no graph: a worker writes a SavedModel that runs the model and returns what they give."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import UsageError
from ..readers.source_code import CodeRequest, ask, describe_request
from .write import refuse_taken

METHOD = "tapped"


class Tapped:
    """What was written: asked as a `Submodel` is. The file holds all weights of the model."""

    dropped: Sequence[str] = ()
    opened: Sequence[str] = ()

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record
        self.output = record["output"]
        self.proof = record["proof"]

    def to_dict(self) -> dict[str, Any]:
        return self.record


def tap_layers(
    target: str, names: Sequence[str], output: str, request: CodeRequest, say: Callable[[str], None] | None = None
) -> Tapped:
    """Write the SavedModel folder ``output``, which must not be there. Raises `KinspectError`."""
    refuse_taken(output, force=False)
    draft = os.path.abspath(f"{output}.{os.getpid()}.tmp")
    try:
        asked = {**describe_request(target, request), "task": "tap", "layers": list(names), "draft": draft}
        found = ask(asked, request, say)
        try:
            os.rename(draft, output)
        except OSError as error:
            raise UsageError(f"{output}: {(error.strerror or str(error)).lower()}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Tapped({"schema_version": 1, "source": target, "output": output, "method": METHOD, **found})
