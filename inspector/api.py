"""The Python interface: a model from a file, and its summary."""

from __future__ import annotations

from os import PathLike, fspath
from typing import Any

from .analyses.facts import find_facts
from .analyses.summary import make_record
from .graph import Model


class Summary:
    """A model's summary. ``str()`` is the table, a notebook shows it as HTML, `to_dict` is the JSON record."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.facts = find_facts(model)
        self.record: dict[str, Any] = make_record(self.facts)

    def to_dict(self) -> dict[str, Any]:
        """The record as ``kinspect summary --format json`` writes it: see ``docs/schemas/summary.schema.json``."""
        from copy import deepcopy

        return deepcopy(self.record)

    def __str__(self) -> str:
        from .renderers.text import render_text
        from .views.summary import SummaryView

        return "\n".join(render_text(SummaryView(self.facts, self.record)))

    def __repr__(self) -> str:
        name, params = self.record["model"]["name"], self.record["totals"]["params"]
        return f"<Summary of {name!r}: {len(self.record['layers'])} layers, {params} params>"

    def _repr_html_(self) -> str:
        from .renderers.html import render_html
        from .views.summary import SummaryView

        return render_html(SummaryView(self.facts, self.record))


def read(path: str | PathLike[str]) -> Model:
    """Read a model file into its graph, without TensorFlow and without executing anything from the file.

    Raises `KinspectError` (`UnreadableModel`, `UnknownFormat`) with a message and a hint, and `OSError` as
    ``open`` does.
    """
    from .readers import read as read_file

    return read_file(fspath(path))


def summary(model: Model | str | PathLike[str]) -> Summary:
    """The layer table of a model, or of the model in a file: shapes, parameters, multiply-accumulates."""
    return Summary(model if isinstance(model, Model) else read(model))
