"""The Python interface: a model from a file, from code or live, and its summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from .analyses.facts import find_facts
from .analyses.summary import make_record
from .graph import Model

if TYPE_CHECKING:
    from .surgery.extract import Submodel


class Summary:
    """A model's summary. ``str()`` is the table, a notebook shows picture and table, `to_dict` is the record."""

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
        from .renderers.notebook import as_image
        from .views.summary import SummaryView

        svg = self._repr_svg_()
        return (as_image(svg) if svg else "") + render_html(SummaryView(self.facts, self.record))

    def _repr_svg_(self) -> str | None:
        """The picture for notebooks, folded; ``None``, and so text, for a model too large for one."""
        from .renderers.notebook import render_picture

        return render_picture(self.facts, self.record)


def model_as_svg(model: Model) -> str | None:
    """What a notebook shows of a model."""
    return Summary(model)._repr_svg_()


def model_as_text(model: Model, printer: Any, cycle: bool) -> None:
    """What IPython prints of it, and a notebook where there is no picture: the graph as text."""
    from .renderers.notebook import render_lines

    found = Summary(model)
    printer.text(render_lines(found.facts, found.record))


# The graph stands below all that draws, and must not name it.
Model._repr_svg_ = model_as_svg  # type: ignore[attr-defined]
Model._repr_pretty_ = model_as_text  # type: ignore[attr-defined]


def read(
    path: str | PathLike[str],
    *,
    arguments: Mapping[str, Any] | None = None,
    inputs: Sequence[Mapping[str, Any]] = (),
    custom: Sequence[str] = (),
    live: bool = False,
    expand: bool = False,
    timeout: float | None = None,
) -> Model:
    """Read a model file into its graph, without TensorFlow and without executing anything from the file.

    ``file.py:name`` and ``package.module:name`` name models in code, which a worker process runs with Keras; so is a
    file with ``live``. For those alone: ``arguments`` of the factory or class, ``inputs`` as objects with ``shape``
    (the batch included, open dimensions ``None``) and perhaps ``name`` and ``dtype``, ``custom`` files or modules to
    import, ``expand`` to open layers made of layers, ``timeout`` in seconds.

    Raises `KinspectError` (`UnreadableModel`, `UnknownFormat`) with a message and a hint, and `OSError` as
    ``open`` does.
    """
    target = fspath(path)
    from os.path import exists

    in_code = ":" in target and not exists(target)
    if live or in_code:
        from .readers.source_code import TIME_LIMIT, CodeRequest, is_code, read_code

        if live or is_code(target):
            file = None if is_code(target) and in_code else target
            request = CodeRequest(
                arguments or {}, inputs, custom, expand, file=file, time_limit=timeout or TIME_LIMIT
            )  # fmt: skip
            return read_code(target, request)
    from .readers import read as read_file

    return read_file(target)


def from_keras(model: Any, *, inputs: Sequence[Mapping[str, Any]] = (), expand: bool = False, **more: Any) -> Model:
    """The graph of a live model of Keras 3 or tf_keras, captured in this process.

    ``inputs`` as in `read`, for a subclassed model that has not been called. ``recover=False`` leaves the inside of
    subclassed models closed; ``check=False`` does not run what was recovered.
    """
    import json

    from .live.tasks import describe_live
    from .readers.source_code import model_from

    document = describe_live(model, {"inputs": inputs, "expand": expand, **more})
    plain = json.loads(json.dumps(document, default=repr, skipkeys=True))  # as it arrives from a worker
    return model_from(plain, f"<{type(model).__name__} {getattr(model, 'name', '')}>")


def summary(model: Model | str | PathLike[str] | Any) -> Summary:
    """The layer table of a model, of the model in a file or in code, or of a live one."""
    if isinstance(model, Model):
        return Summary(model)
    return Summary(read(model) if isinstance(model, (str, PathLike)) else from_keras(model))


def extract(
    model: Model | str | PathLike[str],
    layers: str | Sequence[str] = (),
    *,
    every: bool = False,
    starts: Sequence[str] = (),
    outputs: str | None = None,
    custom: Sequence[str] = (),
) -> Submodel:
    """Cut out the submodel that gives the outputs of ``layers``; ``.save(path)`` writes it, ``.prove()`` compares.

    A layer is named as on the command line: ``"conv2d"``, ``"encoder/conv2d_1"``, ``"block*_pool"``, ``"dense@1"``,
    ``"lstm:1"``, a block's prefix, ``"NAME=LAYER"``. ``every`` adds every layer's output, ``starts`` are layers whose
    outputs become new inputs, ``outputs`` is ``"list"`` or ``"dict"``. Files are cut without Keras; a model in code
    (``file.py:name``) is recovered by a worker first. Raises `KinspectError`.
    """
    from .surgery.extract import extract as cut_out

    wanted = [layers] if isinstance(layers, str) else list(layers)
    parent: Any = model
    if not isinstance(model, Model):
        from os.path import exists

        from .readers.source_code import CodeRequest, is_code

        target = fspath(model)
        if is_code(target) and not exists(target):
            from .surgery.recovered import recover_parent

            parent = recover_parent(target, CodeRequest(custom=custom))
        else:
            parent = read(target)
    return cut_out(parent, wanted, every=every, starts=starts, outputs=outputs)
