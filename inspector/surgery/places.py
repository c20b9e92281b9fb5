"""Where a tensor stands in a model of models, and how such a place is spelled: ``encoder@1/lstm:2``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

from ..analyses.inference import Evaluation, Inference
from ..errors import NotExtractable
from ..graph import Graph, Layer, Model, Spec, TensorRef, Unknown, flatten, walk
from ..readers import keras_archive
from ..readers.archive import Range
from ..readers.probe import look_at

Scope = tuple[tuple[str, int], ...]  # the calls of models that lead to a graph, from the outermost


class Tensor(NamedTuple):
    """A tensor of a graph: the calls of models that lead there, and the tensor in it."""

    scope: Scope
    ref: TensorRef


class Atlas:
    """A model's graphs by scope, and what is known of their tensors."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.inference = Inference()
        self.serialised: dict[int, dict[str, Mapping[str, Any]]] = {}

    @cached_property
    def modern(self) -> bool:
        """Whether Keras 3 wrote the file: by its version, else by the way it writes calls and inputs."""
        version = self.model.keras_version
        if version and version.partition(".")[0].isdecimal():
            return int(version.partition(".")[0]) >= 3
        for _, _, layer in walk(self.model.graph):
            if layer.kind == "input":
                return "batch_shape" in layer.config
        return False

    @cached_property
    def weights_file(self) -> Range | None:
        """The HDF5 bytes that hold the weights; a temporary file where an archive has them compressed."""
        if self.model.format == "h5":
            probe = look_at(self.model.source)
            return Range(str(probe.path), 0, probe.size)
        box = keras_archive.open_box(look_at(self.model.source))
        try:
            return box.locate(keras_archive.H5) if keras_archive.H5 in box.members else None
        finally:
            box.close()

    def data(self, scope: Scope) -> dict[str, Mapping[str, Any]]:
        """The layers of a graph as the file serialises them, by name."""
        graph = self.graph(scope)
        if id(graph) not in self.serialised:
            self.serialised[id(graph)] = {
                str(data.get("name") or (data.get("config") or {}).get("name")): data
                for data in graph.config.get("layers") or ()
            }
        return self.serialised[id(graph)]

    def graph(self, scope: Scope) -> Graph:
        found = self.model.graph
        for name, _ in scope:
            inner = found.by_name[name].inner
            assert inner is not None
            found = inner
        return found

    def layer(self, tensor: Tensor) -> Layer:
        return self.graph(tensor.scope).by_name[tensor.ref.layer]

    def evaluate(self, scope: Scope) -> Evaluation | Unknown:
        return self.inference.evaluate(self.graph(scope))

    def spec(self, tensor: Tensor) -> Spec | Unknown:
        """Shape and dtype: as they follow from the config, or as the file states them."""
        evaluation = self.evaluate(tensor.scope)
        found: Any = evaluation if isinstance(evaluation, Unknown) else evaluation.tensor(tensor.ref)
        stated = self.graph(tensor.scope).stated.get(tensor.ref)
        return stated if isinstance(found, Unknown) and stated is not None else found

    def outputs(self, scope: Scope, name: str, call: int) -> Any:
        """The structure of what a call gives, with a `TensorRef` at every leaf; one tensor where it is not known."""
        graph = self.graph(scope)
        layer = graph.by_name[name]
        if layer.inner is not None:
            structure = layer.inner.outputs
        else:
            evaluation = self.evaluate(scope)
            structure = None if isinstance(evaluation, Unknown) else evaluation.outputs.get((name, call))
            if structure is None or isinstance(structure, Unknown):
                refs = [r for x in graph.layers for c in x.calls for r in c.refs() if (r.layer, r.call) == (name, call)]
                refs += [ref for ref in (*graph.output_refs(), *graph.stated) if (ref.layer, ref.call) == (name, call)]
                count = max((ref.output for ref in refs), default=0) + 1
                structure = list(range(count)) if count > 1 else 0
        numbered = iter([TensorRef(name, call, output) for output in range(len(flatten(structure)))])
        return fill(structure, numbered)


def fill(structure: Any, leaves: Any) -> Any:
    """The structure with its leaves replaced in Keras's flat order: dicts by sorted key."""
    if isinstance(structure, (list, tuple)) and not hasattr(structure, "_fields"):
        items = [fill(item, leaves) for item in structure]
        return items[0] if len(items) == 1 else items
    if isinstance(structure, dict):
        found = {key: fill(structure[key], leaves) for key in sorted(structure, key=str)}
        return {key: found[key] for key in structure}
    return next(leaves)


def spell(atlas: Atlas, tensor: Tensor) -> str:
    """A place as the user names it: the number of a call or tensor only where there are several."""
    parts, scope = [], tensor.scope
    for depth, (name, call) in enumerate(scope):
        layer = atlas.graph(scope[:depth]).by_name[name]
        parts.append(f"{name}@{call}" if len(layer.calls) > 1 else name)
    layer = atlas.layer(tensor)
    text = f"{layer.name}@{tensor.ref.call}" if len(layer.calls) > 1 else layer.name
    several = len(flatten(atlas.outputs(scope, layer.name, tensor.ref.call))) > 1
    return "/".join([*parts, f"{text}:{tensor.ref.output}" if several else text])


def require_calls(graph: Graph, what: str) -> None:
    """Raise `NotExtractable` for a graph that has no calls to cut at."""
    if graph.kind not in ("functional", "sequential"):
        raise NotExtractable(
            f"{what} is {graph.class_name or 'a model'}, subclassed: the file does not say how its layers connect",
            hint="name it in code (file.py:name), or give its class with --custom and open it with --live",
        )
    if not graph.built or graph.order is None or not graph.output_refs():
        hint = "give --input-shape" if graph.kind == "sequential" else None
        raise NotExtractable(f"{what} is not built: it has no input shape, and no tensors to cut at", hint=hint)
