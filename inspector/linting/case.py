"""What a rule sees of one file: its bytes, its documents, its graph, its facts; each made when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import KinspectError, UnreadableModel
from .options import Options

if TYPE_CHECKING:
    from ..analyses.config_objects import ConfigObjects
    from ..analyses.facts import Facts, LayerFacts
    from ..analyses.flow import Flow
    from ..analyses.output_heads import Head
    from ..analyses.references import Reference
    from ..analyses.stored_against_config import Misfit
    from ..analyses.tensor_values import TensorValues
    from ..analyses.training import Training
    from ..graph import Model, Unknown, Weight, WeightIndex
    from ..readers.documents import StoredDocument
    from ..readers.hdf5_contents import Hdf5Contents
    from ..readers.members import StoredMember
    from ..readers.probe import Probe
    from ..readers.saved_model_parts import SavedModelParts
    from .rule import Finding

NEEDS = (
    "file", "probe", "documents", "members", "hdf5_objects", "saved_model", "objects", "model", "facts", "flow",
    "flows", "training", "heads", "weights",
)  # fmt: skip
OF_FILES = ("probe", "documents", "members", "hdf5_objects", "saved_model", "objects")  # what no live model has


class CannotExamine(KinspectError):
    """Something in a file that makes an analysis of ours fail: a fault of ours, and never silence."""


class Case:
    """One file, folder or live model under examination. ``path`` is spelled as the user did."""

    def __init__(self, path: str, options: Options | None = None, model: Model | None = None) -> None:
        self.path = path
        self.options = options or Options()
        self.is_live = model is not None
        self.problems: dict[str, KinspectError] = {}
        self.told: list[Finding] = []  # by the rules that were asked before
        self.scanned: dict[int, TensorValues | Unknown] = {}
        self.listed: dict[int, dict[str, tuple[str, Any]]] = {}
        if model is not None:
            self.__dict__["model"] = model

    def has(self, need: str) -> bool:
        """Whether a need of a rule is met; why not, where the file is at fault, goes to ``problems``."""
        if need == "file":
            return True
        if self.is_live and need in OF_FILES:
            return False
        if need in self.problems:
            return False
        try:
            return getattr(self, need) is not None
        except KinspectError as error:
            error.__context__ = None  # what it was raised from holds on to all that was read
            self.problems[need] = error.with_traceback(None)
        except (MemoryError, RecursionError):
            raise
        except Exception as error:  # bytes may be broken in a way that nobody thought of: said once, by KS690
            if self.options.debug:
                raise
            self.problems[need] = CannotExamine(f"its {need} cannot be examined: {type(error).__name__}: {error}"[:300])
        return False

    @cached_property
    def place(self) -> Path:
        return Path(self.path)

    @cached_property
    def probe(self) -> Probe:
        """The first look at the file: size, first bytes, or the names in a folder."""
        from ..readers.probe import look_at

        return look_at(self.path)

    @cached_property
    def documents(self) -> tuple[StoredDocument, ...]:
        """Every JSON document that Keras would read from the file, as it stands there."""
        from ..readers.documents import read_documents

        return read_documents(self.probe)

    @cached_property
    def members(self) -> tuple[StoredMember, ...]:
        """The members of an archive, or the files of a folder, as they stand there; nothing is unpacked for it."""
        from ..readers.members import read_members

        return read_members(self.probe)

    @cached_property
    def hdf5_objects(self) -> tuple[Hdf5Contents, ...]:
        """Every object of every HDF5 file in it, and what of them could not be seen."""
        from ..readers.hdf5_contents import read_hdf5_contents

        return read_hdf5_contents(self.probe, self.members)

    @cached_property
    def saved_model(self) -> SavedModelParts | None:
        """The nodes and functions of a SavedModel; `None` for all else."""
        from ..readers.saved_model_parts import read_saved_model

        return read_saved_model(self.probe)

    @cached_property
    def objects(self) -> ConfigObjects:
        """Every object in those documents; and what was too much to be looked at, which KS690 tells."""
        from ..analyses.config_objects import ConfigObjects

        return ConfigObjects(self.documents)

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """Every class and function that those objects name, and whose it is."""
        from ..analyses.references import find_references

        return tuple(find_references(self.objects))

    @cached_property
    def model(self) -> Model:
        from ..readers import read

        return read(self.path)

    @cached_property
    def wants_keras_3(self) -> bool:
        """Whether Keras 3 is to load it: not where another is the target, or none but tf_keras reads it (KS715)."""
        if self.options.target is not None:
            return self.options.wants_keras_3
        return self.model.format not in ("keras", "keras-dir") or not (self.model.keras_version or "").startswith("2.")

    @cached_property
    def facts(self) -> Facts:
        """Shapes, weights and counts of every layer."""
        from ..analyses.facts import find_facts

        return find_facts(self.model)

    @cached_property
    def facts_by_path(self) -> dict[str, LayerFacts]:
        return {fact.path: fact for fact in self.facts.layers}

    @cached_property
    def flows(self) -> list[Flow]:
        """The calls of the model and of all models in it as one graph; of a model in Python, those of its parts."""
        from ..analyses.flow import find_flows

        return find_flows(self.facts)

    @cached_property
    def flow(self) -> Flow | None:
        """The flow of the model as a whole; `None` where its calls are not known."""
        return next((flow for flow in self.flows if not flow.path), None)

    @cached_property
    def training(self) -> Training | None:
        """How the model was compiled; `None` where it was not."""
        from ..analyses.training import read_training

        return read_training(self.model)

    @cached_property
    def heads(self) -> list[Head] | None:
        """Every output with its activation, losses and metrics; `None` where the model's calls are not known."""
        from ..analyses.output_heads import find_heads

        return None if self.flow is None else find_heads(self.flow, self.training)

    @cached_property
    def weights(self) -> WeightIndex | None:
        """The index of the stored tensors; `None` where the file has none."""
        from ..readers import explained

        try:
            return self.model.weights
        except UnreadableModel as error:
            raise explained(error) from None

    def values(self, weight: Weight) -> TensorValues | Unknown:
        """The statistics of a tensor of the index, which is scanned once, whoever asks."""
        from ..analyses.tensor_values import scan_values

        if id(weight) not in self.scanned:
            self.scanned[id(weight)] = scan_values(weight)
        return self.scanned[id(weight)]

    @cached_property
    def misfits(self) -> list[Misfit]:
        """The stored tensors that are not those which the config makes."""
        from ..analyses.stored_against_config import find_misfits

        return find_misfits(self.model, self.facts)

    def pointer_to(self, layer: str | None, *more: str | int) -> str | None:
        """The JSON pointer of a layer of the config, by its path; `None` where the config does not list it."""
        if layer is None or not self.has("documents"):
            return None
        root = next((document for document in self.documents if document.is_model), None)
        if root is None:
            return None
        node, pointer = root.value, ""
        for name in [layer] if layer in self.entries_of(node) else layer.split("/"):  # old names may hold a slash
            found = self.entries_of(node).get(name)
            if found is None:
                return None
            pointer, node = pointer + found[0], found[1]
        return pointer + "".join(f"/{part}" for part in more)

    def entries_of(self, node: Any) -> dict[str, tuple[str, Any]]:
        """The entries of the layers in a model's config by their names, each with its pointer from there; kept."""
        if id(node) not in self.listed:
            self.listed[id(node)] = list_entries(node)
        return self.listed[id(node)]


def list_entries(node: Any) -> dict[str, tuple[str, Any]]:
    config = node.get("config") if isinstance(node, Mapping) else None
    listed, base = (config.get("layers"), "/config/layers") if isinstance(config, Mapping) else (config, "/config")
    found: dict[str, tuple[str, Any]] = {}
    for index, entry in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(entry, Mapping):
            inner = entry.get("config")
            for name in (entry.get("name"), inner.get("name") if isinstance(inner, Mapping) else None):
                if isinstance(name, str):
                    found.setdefault(name, (f"{base}/{index}", entry))
    return found


__all__ = ["NEEDS", "CannotExamine", "Case"]
