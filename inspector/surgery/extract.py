"""A submodel from a model and the names of what to cut: its record, its proof, and the file it is saved as."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

from .. import __version__
from ..analyses.facts import find_facts
from ..analyses.inference import Evaluation, Inference
from ..errors import KinspectError, NotExtractable, UsageError
from ..graph import Model, Spec, Unknown, replace
from .cut import Cut, cut
from .encoding import Encoder
from .notes import note_batch, note_masks
from .places import Atlas, Tensor, spell
from .recovered import Parent
from .renaming import without_slashes
from .selection import Target, select, select_all
from .weights import Cargo, load_archive, load_legacy
from .write import write_archive, write_legacy, write_whole

SCHEMA_VERSION = 1
STATIC = "static"
FIRST_MODERN = "3.0.0"
ENDINGS = {".keras": "keras", ".h5": "h5", ".hdf5": "h5"}


class Submodel:
    """A submodel that is cut and not yet written. ``graph`` is its graph, ``targets`` what was asked for."""

    def __init__(self, model: Model, targets: Sequence[Target], made: Cut, atlas: Atlas) -> None:
        self.model = model
        self.source = model.source
        self.targets = targets
        self.cut = made
        self.atlas = atlas
        self.graph = made.graph
        self.method = STATIC
        self.output: str | None = None
        self.proof: dict[str, Any] = {"ran": False, "max_abs_diff": None, "ok": None}
        self.evaluation = Inference().evaluate(made.graph)
        self.form = form_of(model)
        self._cargo: dict[str, Cargo] = {}
        self._parent: Parent | None = None

    @property
    def cargo(self) -> Cargo:
        """The tensors and assets it keeps; looked up in the parent's file at the first use."""
        if self.form not in self._cargo:
            cargo = find_loader(self.model, self.form)(self.cut, self.atlas)
            facts = () if cargo.tensors else find_facts(replace(self.model, graph=self.graph)).layers
            if any(fact.params for fact in facts):
                raise NotExtractable("it holds no weights: it was saved before it was built")
            self._cargo[self.form] = cargo
        return self._cargo[self.form]

    def encode(self) -> dict[str, Any]:
        """The submodel's config in its form, with what the format needs around it."""
        encoder = Encoder(self.cut, self.atlas, self.evaluation)
        if self.form == form_of(self.model):
            return encoder.encode()
        from .modern import encode_modern, encode_plain

        return encode_modern(encoder) if self.form == "keras" else encode_plain(encoder)

    @property
    def keras_version(self) -> str | None:
        """The version of Keras whose form the file has."""
        return FIRST_MODERN if self.is_upgraded else self.model.keras_version

    @property
    def is_upgraded(self) -> bool:
        """Whether a file of Keras 1 or 2 is written in the form of Keras 3."""
        return self.form == "keras" and self.model.format == "h5" and not self.atlas.modern

    @property
    def layers(self) -> list[str]:
        """The parent's layers that are kept, by path, in the submodel's order."""
        return [piece.path for piece in self.cut.pieces.values() if piece.names]

    @property
    def opened(self) -> list[str]:
        """Paths of the parent's models that the cut goes through, whose layers stand in the submodel themselves."""
        return self.cut.opened

    @property
    def dropped(self) -> list[str]:
        """The parent's top-level layers that are not kept, and not opened."""
        kept = {piece.names[0] for piece in self.cut.pieces.values() if piece.names}
        return [layer.name for layer in self.model.graph.layers if layer.name not in kept]

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Write the submodel, atomically; over an existing file only with ``force``.

        The ending says the form, ``.keras``, ``.h5`` or ``.hdf5``, whatever that of the source is; a source of Keras 2
        becomes Keras 3's in ``.keras``. Raises `KinspectError`, also where the other form cannot be had for sure.
        """
        place = os.fspath(path)
        self.form = find_form(place)
        metadata = {"keras_version": self.keras_version, "date_saved": now(), "kinspect": self.describe_origin()}
        config, cargo = self.encode(), self.cargo
        if os.path.exists(place) and os.path.samefile(place, self.model.source):
            raise UsageError(f"{place}: is the model itself", hint="write the submodel to another file")

        def write(file: IO[bytes]) -> None:
            (write_archive if self.form == "keras" else write_legacy)(file, config, metadata, cargo)

        write_whole(place, write, force=force)
        self.output = place

    def prove(
        self, *, custom: Sequence[str] = (), time_limit: float | None = None, say: Callable[[str], None] | None = None,
        demanded: bool = True,
    ) -> bool:  # fmt: skip
        """Run the parent and the saved submodel on the same inputs in a worker: whether all outputs are equal.

        The result stands in ``proof``. Where they cannot be run, raises `KinspectError` if that was ``demanded``, else
        ``proof`` says why. Needs TensorFlow, or what backend Keras has.
        """
        from ..readers.source_code import TIME_LIMIT
        from ..readers.worker_process import ask_worker

        if self.output is None:
            raise UsageError("the submodel is not saved yet", hint="call save(path) first")
        request = {
            "task": "prove", "file": self.model.source, "child": self.output, "custom": list(custom),
            "library": find_library(self.model), "upgraded": self.is_upgraded,
            "inputs": list(map(place, self.cut.inputs)), "outputs": list(map(place, self.cut.outputs)),
        }  # fmt: skip
        try:
            found: Mapping[str, Any] = ask_worker(request, time_limit or TIME_LIMIT, say)
        except KinspectError as error:
            if demanded:
                raise
            self.proof["why"] = f"{error.message} ({error.hint})" if error.hint else error.message
            return False
        self.proof = {"ran": True, **(found if self._parent is None else join_proofs(self._parent.proof, found))}
        return bool(found["ok"])

    def spell(self, tensor: Tensor) -> str:
        """A tensor of the parent as it is named on the command line."""
        return spell(self.atlas, tensor)

    def describe_origin(self) -> dict[str, Any]:
        """What the file says of where it comes from."""
        outputs = [spell(self.atlas, tensor) for tensor in self.cut.outputs]
        return {"version": __version__, "source": os.path.basename(self.source), "outputs": outputs}

    def to_dict(self) -> dict[str, Any]:
        """The record as ``kinspect extract --format json`` writes it: see ``docs/schemas/extract.schema.json``."""
        tensors = self.cargo.tensors
        return {
            "schema_version": SCHEMA_VERSION, "source": self.source, "output": self.output,
            "layers": self.layers, "method": self.method,
            "inputs": self.describe_ends(self.graph.inputs, self.cut.inputs),
            "outputs": self.describe_ends(self.graph.outputs, self.cut.outputs),
            "weights": {"tensors": len(tensors), "bytes": sum(weight.nbytes for weight in tensors)},
            "proof": dict(self.proof),
            **({"notes": notes} if (notes := self.describe_notes()) else {}),
        }  # fmt: skip

    def describe_notes(self) -> list[dict[str, str]]:
        """What the user should know of the submodel."""
        if self._parent is None or not self._parent.is_fixed:
            return list(note_masks(self.cut))
        entering = [(self.cut.point(tensor).layer, self.find_spec(tensor)) for tensor in self.cut.inputs]
        return [*note_masks(self.cut), *note_batch(entering)]

    def describe_ends(self, structure: Any, tensors: Sequence[Tensor]) -> list[dict[str, Any]]:
        """Inputs or outputs in flat order, with the place in the parent that each stands for."""
        keys = sorted(structure, key=str) if isinstance(structure, dict) else []
        names = without_slashes(self.cut.pieces) if self.is_upgraded else {}
        ends = []
        for number, tensor in enumerate(tensors):
            spec, name = self.find_spec(tensor), self.cut.point(tensor).layer
            end: dict[str, Any] = {
                "name": names.get(name, name), "from": spell(self.atlas, tensor),
                "shape": list(spec.shape) if isinstance(spec, Spec) else None,
                "dtype": spec.dtype if isinstance(spec, Spec) else None,
            }  # fmt: skip
            if isinstance(spec, Unknown):
                end["unknown"] = {"shape": spec.why, "dtype": spec.why}
            if len(keys) == len(tensors):
                end["key"] = keys[number]
            ends.append(end)
        return ends

    def find_spec(self, tensor: Tensor) -> Spec | Unknown:
        """A tensor's shape and dtype in the submodel; in the parent where only that is known."""
        found = self.evaluation.tensor(self.cut.point(tensor)) if isinstance(self.evaluation, Evaluation) else None
        return found if isinstance(found, Spec) else self.atlas.spec(tensor)


LOADERS = {"keras": load_archive, "keras-dir": load_archive, "h5": load_legacy}


def extract(
    model: Model | Parent,
    layers: Sequence[str] = (),
    *,
    every: bool = False,
    starts: Sequence[str] = (),
    outputs: str | None = None,
) -> Submodel:
    """Cut out the submodel that gives the outputs of ``layers``: names, paths, globs, calls, blocks, ``NAME=LAYER``.

    ``every`` adds every layer's output. ``starts`` are layers whose outputs become new inputs. ``outputs`` is
    ``list`` or ``dict``, by default a dict where names are given. Raises `UsageError` and `NotExtractable`.
    """
    if not layers and not every:
        raise UsageError("say what to extract", hint="--layer NAME, or --all")
    parent, model = (model, model.model) if isinstance(model, Parent) else (None, model)
    check_source(model)
    atlas = Atlas(model)
    targets = select(atlas, layers) if layers else []
    if every:
        named = {tensor for target in targets for tensor in target.tensors}
        targets += [target for target in select_all(atlas) if not named.issuperset(target.tensors)]
    keyed = any(target.key for target in targets)
    if outputs == "list" and keyed:
        raise UsageError("NAME=LAYER names the outputs of a dict, and --outputs list asks for a list")
    origins = [tensor for target in (select(atlas, starts) if starts else []) for tensor in target.tensors]
    made = cut(atlas, targets, origins, as_dict=outputs == "dict" or keyed)
    submodel = Submodel(model, targets, made, atlas)
    if parent is not None:
        submodel.source, submodel.method, submodel._parent = parent.name, parent.method, parent
    return submodel


def check_source(model: Model) -> None:
    """Raise `NotExtractable` for a model that holds no graph or no weights to cut."""
    if model.format not in LOADERS:
        what = {"config": "it holds no weights", "weights-h5": "it holds weights alone, and no graph"}
        raise NotExtractable(
            what.get(model.format, f"submodels are cut out of .keras and .h5 files, and this is {model.format}"),
            hint="save the whole model as .keras",
        )


def form_of(model: Model) -> str:
    """The form that a submodel of a model is written in without more ado."""
    return "h5" if model.format == "h5" else "keras"


def find_form(path: str) -> str:
    """The form of the file to write, by its ending. Raises `UsageError` for another one."""
    form = next((form for ending, form in ENDINGS.items() if path.lower().endswith(ending)), None)
    if form is None or path.lower().endswith(".weights.h5"):
        raise UsageError(f"{path}: a submodel is written as .keras or .h5", hint="-o FILE.keras")
    return form


def find_loader(model: Model, form: str) -> Callable[[Cut, Atlas], Cargo]:
    """What gathers the weights of a model for a file of this form."""
    if form == form_of(model):
        return LOADERS[model.format]
    from .crossing import load_as_archive, load_as_legacy

    return load_as_archive if form == "keras" else load_as_legacy


def place(tensor: Tensor) -> dict[str, Any]:
    """A tensor of the parent for the worker."""
    return {"scope": [list(step) for step in tensor.scope], **tensor.ref._asdict()}


def join_proofs(recovery: Mapping[str, Any], cut_out: Mapping[str, Any]) -> dict[str, Any]:
    """The proof of a recovered graph and that of the cut, as one: the worse of both."""
    worst = [part["max_abs_diff"] for part in (recovery, cut_out) if part["max_abs_diff"] is not None]
    return {**cut_out, "max_abs_diff": max(worst, default=None), "ok": bool(recovery["ok"] and cut_out["ok"])}


def find_library(model: Model) -> str:
    """The library that runs a file: the one that wrote it, where it is installed."""
    from importlib.util import find_spec

    return "tf_keras" if (model.keras_version or "").startswith("2.") and find_spec("tf_keras") else "keras"


def now() -> str:
    from datetime import datetime

    return datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
