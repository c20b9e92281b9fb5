"""The record of `kinspect topology`: what is a DAG, what is subclassed, dynamic or opaque, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..graph import Graph, Layer, Model, Part, Reason, walk
from ..layers import find_knowledge
from .connections import find_connections, find_cycles
from .facts import Facts, find_facts
from .summary import SCHEMA_VERSION, describe_model, describe_tensor, named_ends

FOREIGN = {
    "Lambda": "its function is Python code, which is not read from a file",
    "TFSMLayer": "it runs a SavedModel, which stands in another file",
    "TorchModuleWrapper": "it runs a PyTorch module",
    "JaxLayer": "it runs a JAX function",
    "FlaxLayer": "it runs a Flax module",
}


def find_topology(model: Model) -> dict[str, Any]:
    """The topology record, ready for JSON."""
    facts = find_facts(model)
    parts = list(find_parts(model))
    graphs = list(all_graphs(model))
    root = find_connections(model.graph)
    return {
        "schema_version": SCHEMA_VERSION,
        "model": describe_model(model),
        "is_dag": judge(parts),
        "parts": [describe_part(*part) for part in parts],
        "shared_layers": [entry for prefix, graph in graphs for entry in find_shared(prefix, graph)],
        "layer_cycles": [[prefix + name for name in group] for prefix, graph in graphs for group in find_cycles(graph)],
        "unused_layers": [prefix + name for prefix, graph in graphs for name in find_connections(graph).unused_layers],
        "unused_inputs": [prefix + name for prefix, graph in graphs for name in find_connections(graph).unused_inputs],
        "dead_ends": [prefix + name for prefix, graph in graphs for name in find_connections(graph).dead_ends],
        "nested_depth": max((depth for _, depth, _ in walk(model.graph)), default=0),
        "nested_models": [path for path, _, layer in walk(model.graph) if layer.inner is not None],
        "calls": root.calls,
        "depth": max(len(root.longest_path) - 1, 0),
        "longest_path": root.longest_path,
        "branches": root.branches,
        "merges": root.merges,
        "skip_connections": None if root.skips is None else [{"from": a, "to": b} for a, b in root.skips],
        "non_trainable": [fact.path for fact in facts.layers if is_frozen(fact)],
        "inputs": describe_ends(facts, model.graph.inputs),
        "outputs": describe_ends(facts, model.graph.outputs),
    }  # fmt: skip


def all_graphs(model: Model) -> Iterator[tuple[str, Graph]]:
    yield "", model.graph
    for path, _, layer in walk(model.graph):
        if layer.inner is not None:
            yield f"{path}/", layer.inner


def describe_ends(facts: Facts, structure: Any) -> list[dict[str, Any]]:
    return [describe_tensor(facts, ref, key) for ref, key in named_ends(structure)]


def is_frozen(fact: Any) -> bool:
    return bool(fact.params) and fact.trainable_params == 0


def find_parts(model: Model) -> Iterator[tuple[str, str, str, Part]]:
    """The model itself and every part with an inside: nested models, classes not Keras's own, foreign code."""
    graph = model.graph
    yield "", graph.class_name, graph.kind, model.parts.get("") or judge_root(model)
    listed = {""}
    for path, _, layer in walk(graph):
        part = model.parts.get(path) or judge_layer(model, layer)
        if part is not None:
            listed.add(path)
            yield path, layer.class_name, layer.kind, part
    for path, part in model.parts.items():  # parts inside a box that the graph does not open
        if path not in listed:
            yield path, part.class_name or "", "layer", part


def judge_root(model: Model) -> Part:
    """A file declares the graph of Functional and Sequential models; of others it holds none."""
    graph = model.graph
    if graph.kind in ("functional", "sequential") and graph.built:
        return Part("declared")
    if graph.kind == "sequential":
        why = "it was saved without an input shape, so its layers are known and its tensors are not"
        return Part("declared", (Reason("needs-inputs", why),))
    if graph.kind == "weights":
        return Part(
            "opaque", (Reason("weights-only", "a weights file holds tensors, and nothing of how they are used"),)
        )
    why = f"the calls of {graph.class_name} are in its code, and the file holds none of it"
    if model.format != "code" and not graph.build_config:
        why += "; it has no build_config, so Keras could not trace its call when it was saved"
    return Part("opaque", (Reason("no-graph-in-file", f"{why}. {advise(graph.class_name)}"),))


def judge_layer(model: Model, layer: Layer) -> Part | None:
    """The part a nested model, a foreign class or foreign code makes; `None` for a plain layer of Keras."""
    if layer.inner is not None:
        return Part("declared")
    if layer.class_name in FOREIGN:
        return Part("opaque", (Reason("foreign-code", f"{layer.class_name}: {FOREIGN[layer.class_name]}"),))
    held = next((sub for sub in held_layers(layer) if find_knowledge(sub) is None and sub.inner is None), None)
    stranger = layer if find_knowledge(layer) is None and layer.kind in ("layer", "subclassed") else held
    if (
        stranger is None
        or stranger.class_name == "Variable"
        or model.graph.kind == "weights"
        or not stranger.class_name
    ):
        return None
    where = f"in {stranger.module}" if stranger.module and stranger.module != "__main__" else "in code"
    why = f"{stranger.class_name} is defined {where}; the file holds its config and weights."
    return Part("opaque", (Reason("custom-class", f"{why} {advise(stranger.class_name)}"),))


def held_layers(layer: Layer) -> Iterator[Layer]:
    """The layers a wrapper holds, at any depth."""
    stack: list[Any] = list(layer.wraps.values())
    while stack:
        item = stack.pop()
        if isinstance(item, Layer):
            yield item
            stack.extend(item.wraps.values())
        elif isinstance(item, (list, tuple)):
            stack.extend(item)


def advise(class_name: str) -> str:
    return f"To look inside, open it live with the code that defines it: --live --custom FILE_WITH_{class_name}.py"


def judge(parts: list[tuple[str, str, str, Part]]) -> bool | None:
    """Whether all calls form one DAG; ``None`` where the model's own calls are not known."""
    if any(part.verdict == "dynamic" for _, _, _, part in parts):
        return False
    return True if parts[0][3].verdict in ("declared", "recovered") else None


def describe_part(path: str, class_name: str, kind: str, part: Part) -> dict[str, Any]:
    return {
        "path": path, "class_name": class_name, "kind": kind, "verdict": part.verdict,
        "reasons": [describe_reason(reason) for reason in part.reasons],
        "flags": [describe_reason(reason) for reason in part.flags],
    }  # fmt: skip


def describe_reason(reason: Reason) -> dict[str, Any]:
    return {
        "code": reason.code,
        "message": reason.message,
        "file": reason.file,
        "line": reason.line,
        "source": reason.source,
    }


def find_shared(prefix: str, graph: Graph) -> Iterator[dict[str, Any]]:
    """Layers called more than once, and what each call takes."""
    for layer in graph.layers:
        if len(layer.calls) > 1:
            taken = [[f"{r.layer}[{r.call}][{r.output}]" for r in call.refs()] for call in layer.calls]
            yield {"path": prefix + layer.name, "calls": len(layer.calls), "connected_to": taken}
