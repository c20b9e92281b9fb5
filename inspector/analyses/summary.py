"""The record of `kinspect summary`: a model's facts in the shape that CONTRACT of the JSON states."""

from __future__ import annotations

from typing import Any

from ..graph import Layer, Model, Spec, TensorRef, Unknown, flatten, map_structure
from ..knowledge import Engine, Knowledge, Subject
from ..layers import find_knowledge
from .facts import Facts, LayerFacts, find_facts
from .inference import Evaluation
from .notes import find_notes

SCHEMA_VERSION = 1
EXPORTED_AS = {"GroupQueryAttention": "GroupedQueryAttention"}
DEFAULT_MODULES = {"sequential": "keras", "functional": "keras.src.models.functional", "layer": "keras.layers",
                   "input": "keras.layers", "operation": "keras.ops"}  # fmt: skip

ENGINE = Engine()  # no dtype asks it for anything


def summarise(model: Model) -> dict[str, Any]:
    """The summary record, ready for JSON."""
    return make_record(find_facts(model))


def make_record(facts: Facts) -> dict[str, Any]:
    model, graph, totals = facts.model, facts.model.graph, facts.totals
    return {
        "schema_version": SCHEMA_VERSION,
        "model": describe_model(model),
        "inputs": [describe_tensor(facts, ref, key) for ref, key in named_ends(graph.inputs)],
        "outputs": [describe_tensor(facts, ref, key) for ref, key in named_ends(graph.outputs)],
        "layers": [describe_layer(fact) for fact in facts.layers],
        "totals": {name: getattr(totals, name) for name in totals.__slots__},
        "notes": [
            {"code": note.code, "layer": note.layer, "message": note.message}
            for note in (*model.notes, *find_notes(facts), *facts.notes)
        ],
    }  # fmt: skip


def describe_model(model: Model) -> dict[str, Any]:
    """What stands at the head of every record about a model."""
    graph = model.graph
    return {
        "name": graph.name, "class_name": graph.class_name, "kind": graph.kind, "format": model.format,
        "keras_version": model.keras_version, "source": model.source, "built": graph.built, "size": model.size,
    }  # fmt: skip


def named_ends(structure: Any) -> list[tuple[TensorRef, str | None]]:
    """A model's inputs or outputs in Keras's flat order, each with its dict key where it has one."""
    found: list[tuple[TensorRef, str | None]] = []
    stack: list[tuple[Any, str | None]] = [(structure, None)]
    while stack:
        node, key = stack.pop()
        if isinstance(node, TensorRef):
            found.append((node, key))
        elif isinstance(node, dict):
            stack.extend((node[name], str(name)) for name in sorted(node, key=str, reverse=True))
        elif isinstance(node, (list, tuple)):
            stack.extend((item, key) for item in reversed(node))
    return found


def describe_tensor(facts: Facts, ref: TensorRef, key: str | None) -> dict[str, Any]:
    spec = facts.root.tensor(ref) if isinstance(facts.root, Evaluation) else facts.root
    entry: dict[str, Any] = {"name": ref.layer, "shape": None, "dtype": None}
    if isinstance(spec, Spec):
        entry.update(shape=list(spec.shape), dtype=spec.dtype)
    else:
        entry["unknown"] = {"shape": spec.why, "dtype": spec.why}
    if key is not None:
        entry["key"] = key
    return entry


def describe_layer(fact: LayerFacts) -> dict[str, Any]:
    layer = fact.layer
    shapes = [shape_json(value) for value in fact.outputs]
    return {
        "path": fact.path, "name": layer.name, "class_name": class_of(layer), "module": module_of(layer),
        "kind": layer.kind, "depth": fact.depth, "dtype": dtype_of(fact), "trainable": layer.trainable,
        "output_shape": shapes[-1] if shapes else fact.standing and list(fact.standing.shape),
        "calls": [
            {"connected_to": connections(fact, index), "output_shape": shape}
            for index, shape in enumerate(shapes)
        ],
        "params": fact.params, "trainable_params": fact.trainable_params, "macs": fact.macs, "bytes": fact.bytes,
        "unknown": fact.unknown if layer.class_name else {**fact.unknown, "class_name": "the file does not name it"},
    }  # fmt: skip


def class_of(layer: Layer) -> str | None:
    """The class's own name; a file may hold another name that Keras exports it by."""
    return EXPORTED_AS.get(layer.class_name, layer.class_name) or None


def connections(fact: LayerFacts, index: int) -> list[str]:
    """Where a call's tensors come from, spelled as Keras spells it: ``name[node][tensor]``."""
    return [f"{ref.layer}[{ref.call}][{ref.output}]" for ref in fact.layer.calls[index].refs()]


def shape_json(value: Any) -> Any:
    """A shape, a list of shapes or an object of shapes, as the layer returns them; ``None`` if not known."""
    if isinstance(value, Spec):
        return list(value.shape)
    if isinstance(value, Unknown):
        return None
    return map_structure(lambda spec: list(spec.shape), value)


def module_of(layer: Layer) -> str | None:
    """The module the file states; Keras's own where the format leaves it out and the class is Keras's."""
    if layer.module is not None or (layer.registered_name and ">" in layer.registered_name):
        return layer.module
    return DEFAULT_MODULES.get(layer.kind) if layer.inner is not None or find_knowledge(layer) else None


def dtype_of(fact: LayerFacts) -> str | None:
    """Keras's ``layer.dtype``: that of its variables; of its output for an operation."""
    layer = fact.layer
    if layer.kind != "operation":
        subject = Subject(layer, ENGINE)
        return (find_knowledge(layer) or Knowledge).dtype(subject)
    flat = [] if not fact.outputs or isinstance(fact.outputs[-1], Unknown) else flatten(fact.outputs[-1])
    return flat[0].dtype if flat else None
