"""The record of `kinspect topology`: what is a DAG, what is subclassed, dynamic or opaque, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..graph import Graph, Layer, Model, Reason, Unknown
from .connections import MOST_ANCESTRY, Connections, find_connections
from .facts import Facts, find_facts
from .parts import Place, find_parts, walk_held
from .summary import SCHEMA_VERSION, describe_model, describe_tensor, named_ends

GROWING = ("shared_layers", "layer_cycles", "branches", "merges", "skip_connections")  # more edges only add to these
SHRINKING = ("dead_ends", "unused_inputs", "unused_layers")  # more edges only take from these
NOT_STATED = ("the file does not state them", "the model's own call is not known")
OF_ROOT = ("calls", "depth", "longest_path")
Record = dict[str, Any]
Graphs = list[tuple[str, Graph, Connections | Unknown]]


def find_topology(model: Model) -> Record:
    """The topology record, ready for JSON: see ``docs/schemas/topology.schema.json``.

    What is not known is null, or a list with an entry under ``unknown``: then there may be more than it names.
    """
    facts = find_facts(model)
    places = find_parts(model)
    legacy = model.format != "code" and not (model.keras_version or "").startswith("3")
    graphs: Graphs = [
        (f"{place.path}/" if place.path else "", place.graph, find_connections(place.graph, legacy=legacy))
        for place in places
        if place.graph is not None
    ]
    unknown: dict[str, str] = {}
    layers = list(walk_held(model))
    return {
        "schema_version": SCHEMA_VERSION,
        "model": describe_model(model),
        "is_dag": judge(places),
        "parts": [describe_part(place) for place in places],
        **find_nested(places),
        **root_facts(graphs[0][2], unknown),
        **graph_facts(graphs, places, unknown),
        "same_objects": find_same_objects(layers),
        "non_trainable": find_frozen(facts, unknown),
        "inputs": describe_inputs(facts, model, unknown),
        "outputs": describe_ends(facts, model.graph.outputs, "outputs", graphs[0][2], unknown),
        "unknown": unknown,
    }


def judge(places: Sequence[Place]) -> bool | None:
    """Whether all calls form one DAG, an opaque part being one call; ``None`` where the model's calls are not known."""
    if any(place.part.verdict == "dynamic" for place in places):
        return False
    return True if places[0].part.verdict in ("declared", "recovered") else None


def describe_part(place: Place) -> Record:
    part = place.part
    return {
        "path": place.path, "class_name": place.class_name, "kind": place.kind, "verdict": part.verdict,
        "strategy": part.strategy, "layers": place.layers,
        "reasons": [describe_reason(reason) for reason in part.reasons],
        "flags": [describe_reason(reason) for reason in part.flags],
        "hint": place.hint,
    }  # fmt: skip


def describe_reason(reason: Reason) -> Record:
    fields = ("code", "message", "file", "line", "source")
    return {field: getattr(reason, field) for field in fields}


def find_nested(places: Sequence[Place]) -> Record:
    """The models inside the model, whatever holds them, and how many of them lie in one another at most."""
    paths = [place.path for place in places if place.path and place.kind in ("functional", "sequential", "subclassed")]
    deepest, above = 0, list[str]()
    for path in paths:  # outer models come before inner ones
        while above and not path.startswith(f"{above[-1]}/"):
            above.pop()
        above.append(path)
        deepest = max(deepest, len(above))
    return {"nested_depth": deepest, "nested_models": paths}


def root_facts(root: Connections | Unknown, unknown: dict[str, str]) -> Record:
    """The size of the model's own graph, a nested model being one call; depth is the number of edges."""
    if isinstance(root, Unknown):
        unknown.update(dict.fromkeys(OF_ROOT, root.why))
        return dict.fromkeys(OF_ROOT)
    if root.gaps:
        unknown.update(dict.fromkeys(OF_ROOT[1:], gap_text(root.gaps)))
    return {"calls": root.calls, "depth": max(len(root.longest_path) - 1, 0), "longest_path": root.longest_path}


def graph_facts(graphs: Graphs, places: Sequence[Place], unknown: dict[str, str]) -> Record:
    """What the graph of the model and those of its parts hold, each layer by its path."""
    found: dict[str, list[Any]] = {field: [] for field in (*GROWING, *SHRINKING, "layer_loops")}
    for prefix, graph, known in graphs:
        if isinstance(known, Unknown):
            unknown.update({field: unknown.get(field, known.why) for field in found})
            continue
        for field, values in facts_of(prefix, graph, known).items():
            found[field] += values
        put_gaps(prefix, known, unknown)
    record: Record = {
        field: None if field in unknown and (field in SHRINKING or not values) else values
        for field, values in found.items()
    }
    return record | {"unused_layers": add_unreached(record["unused_layers"], places)}


def facts_of(prefix: str, graph: Graph, known: Connections) -> dict[str, list[Any]]:
    skips = [{"from": prefix + a, "to": prefix + b} for a, b in known.skips or ()]
    return {
        "shared_layers": list(find_shared(prefix, graph)),
        "layer_cycles": [[prefix + name for name in group] for group in known.cycles],
        "layer_loops": [[prefix + name for name in loop] for loop in known.loops],
        "skip_connections": skips,
        **{
            field: [prefix + name for name in getattr(known, field)]
            for field in ("branches", "merges", "dead_ends", "unused_inputs", "unused_layers")
        },
    }


def put_gaps(prefix: str, known: Connections, unknown: dict[str, str]) -> None:
    """Say which facts a call whose operands the file does not write makes uncertain."""
    if known.skips is None:
        unknown["skip_connections"] = f"not looked for in graphs of more than {MOST_ANCESTRY:,} calls"
    if not known.gaps:
        return
    why = gap_text([prefix + name for name in known.gaps])
    for field in ("branches", "merges", "skip_connections", "layer_cycles"):
        unknown.setdefault(field, why)
    for field in SHRINKING[:2]:
        if getattr(known, field):
            unknown.setdefault(field, why)


def gap_text(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return f"Keras 2 does not write all operands of {', '.join(names[:3])}{more}: edges may not be in the file"


def find_shared(prefix: str, graph: Graph) -> Iterable[Record]:
    """Layers called more than once, and what each call takes."""
    for layer in graph.layers:
        if len(layer.calls) > 1:
            taken = [[f"{r.layer}[{r.call}][{r.output}]" for r in call.refs()] for call in layer.calls]
            yield {"path": prefix + layer.name, "calls": len(layer.calls), "connected_to": taken}


def find_same_objects(layers: Sequence[tuple[str, int, Layer]]) -> list[list[str]]:
    """Paths under which one and the same layer stands in several graphs, with one set of weights."""
    together: dict[int, dict[str, None]] = {}
    for path, _, layer in layers:
        if layer.shared_id is not None and layer.kind != "operation":
            together.setdefault(layer.shared_id, {})[path] = None
    return [list(paths) for paths in together.values() if len(paths) > 1]


def add_unreached(unused: list[str] | None, places: Sequence[Place]) -> list[str] | None:
    """The layers never called, with the parts that running the code did not reach."""
    missed = [p.path for p in places if any(reason.code == "weights-unreached" for reason in p.part.reasons) and p.path]
    missed += [flag.path for flag in places[0].part.flags if flag.code == "never-called" and flag.path]
    return unused if unused is None and not missed else list(dict.fromkeys([*(unused or ()), *missed]))


def find_frozen(facts: Facts, unknown: dict[str, str]) -> list[str]:
    """Layers and nested models with weights of which none is trained."""
    unsure = [fact for fact in facts.layers if fact.trainable_params is None and fact.params]
    if unsure:
        unknown["non_trainable"] = unsure[0].unknown.get("trainable_params", "the file does not say what is trained")
    return [fact.path for fact in facts.layers if fact.params and fact.trainable_params == 0]


def describe_inputs(facts: Facts, model: Model, unknown: dict[str, str]) -> list[Record] | None:
    """The graph's inputs; of a subclassed model those of the first call, as far as its build_config tells."""
    graph = model.graph
    refs = named_ends(graph.inputs)
    shape = (graph.build_config or {}).get("input_shape")
    if refs or graph.kind != "subclassed" or shape is None:
        return describe_ends(
            facts, graph.inputs, "inputs", refs or Unknown(NOT_STATED[model.format == "code"]), unknown
        )
    why = "build_config holds the shapes of the first positional argument alone"
    unknown["inputs"] = why
    return [
        {"name": name, "shape": shape, "dtype": None, "unknown": {"dtype": why}} for name, shape in named_shapes(shape)
    ]


def named_shapes(shape: Any) -> list[tuple[str | None, list[int | None]]]:
    """The shapes in build_config's structure, each with its key where it stands in an object."""
    found: list[tuple[str | None, list[int | None]]] = []
    stack: list[tuple[str | None, Any]] = [(None, shape)]
    while stack:
        key, node = stack.pop()
        if isinstance(node, dict):
            stack.extend((str(name), node[name]) for name in reversed(node))
        elif isinstance(node, list) and any(isinstance(item, (list, dict)) for item in node):
            stack.extend((key, item) for item in reversed(node))
        elif isinstance(node, list) and all(item is None or isinstance(item, int) for item in node):
            found.append((key, node))
    return found


def describe_ends(
    facts: Facts, structure: Any, field: str, known: object, unknown: dict[str, str]
) -> list[Record] | None:
    refs = named_ends(structure)
    if not refs and isinstance(known, Unknown):
        unknown[field] = known.why
        return None
    return [describe_tensor(facts, ref, key) for ref, key in refs]
