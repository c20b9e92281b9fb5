"""Models in code: a worker process runs Keras and answers with a config and facts, which fill the same graph.

Nothing is imported here: not Keras, not the user's module. The worker is `inspector.live.worker`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..graph import (
    Graph,
    Layer,
    Model,
    Note,
    Part,
    Reason,
    Spec,
    TensorRef,
    Weight,
    WeightIndex,
    flatten,
    replace,
    walk,
)
from ..keras_config import decode_layer, decode_model
from ..knowledge import DTYPE_BYTES

FORMAT = "code"
TIME_LIMIT = 600.0  # seconds, unless the user says otherwise
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """What the user said beside the MODEL: arguments of the factory, inputs, custom objects, how deep to look."""

    arguments: Mapping[str, Any] = field(default_factory=dict)
    inputs: Sequence[Mapping[str, Any]] = ()
    custom: Sequence[str] = ()
    expand: bool = False
    recover: bool = True
    time_limit: float = TIME_LIMIT
    file: str | None = None  # a saved model, to be opened live


def is_code(target: str) -> bool:
    """Whether a MODEL is written ``path/to/file.py:name`` or ``package.module:name``."""
    place, colon, name = target.rpartition(":")
    if not colon or not all(part.isidentifier() for part in name.split(".")):
        return False
    return place.endswith(".py") or all(part.isidentifier() for part in place.split("."))


def read_code(target: str, request: CodeRequest | None = None, say: Say | None = None) -> Model:
    """The model that code defines. Raises `KinspectError` with the user's own error where their code fails."""
    request = request or CodeRequest()
    asked = {**describe_request(target, request), "task": "capture"}
    return model_from(ask(asked, request, say), request.file or target)


def freeze_code(target: str, draft: str, request: CodeRequest, say: Say | None = None) -> dict[str, Any]:
    """Let the worker write the recovered functional model to ``draft``: what it wrote, and the proof."""
    return ask({**describe_request(target, request), "task": "freeze", "draft": draft}, request, say)


def ask(asked: Mapping[str, Any], request: CodeRequest, say: Say | None) -> dict[str, Any]:
    from .worker_process import ask_worker

    return ask_worker(asked, request.time_limit, say)


def describe_request(target: str, request: CodeRequest) -> dict[str, Any]:
    return {
        "target": None if request.file else target, "file": request.file, "arguments": dict(request.arguments),
        "inputs": list(request.inputs), "custom": list(request.custom), "expand": request.expand,
        "recover": request.recover,
    }  # fmt: skip


def model_from(document: Mapping[str, Any], source: str) -> Model:
    """Fill the graph from a worker's answer."""
    data = document["model"]
    graph = decode_model(data)
    if data.get("parts") is not None:
        graph = replace(graph, layers=tuple(decode_layer(item) for item in data["parts"]))
    facts = document["facts"]
    graph = add_variables(put_facts(graph, facts, ""), document["variables"], facts, "")
    graph = replace(graph, kind=document["kind"], built=bool(document["built"]))
    parts = {path: read_part(part) for path, part in document["parts"].items()}
    notes = (*(Note("live", text) for text in document.get("notes", ())), *find_notes(parts))
    return Model(
        graph, FORMAT, source, document["keras_version"], document.get("training"), notes, None, parts,
        lambda: read_index(graph, document),
    )  # fmt: skip


def find_notes(parts: Mapping[str, Part]) -> Iterator[Note]:
    """Why a part is not a plain graph, and what holds besides of the model itself."""
    for path, part in parts.items():
        plain = (
            part.verdict in ("declared", "recovered") and part.strategy != "traced"
        )  # a trace shows no layers' calls
        reasons = () if plain else part.reasons[:1]
        for reason in (*reasons, *(() if path else part.flags)):
            place = f" ({shown(reason.file)}:{reason.line})" if reason.file else ""
            yield Note("recovery", reason.message + place, path or None)


def shown(file: str) -> str:
    """A file's path from the current folder where it lies below it."""
    below = os.path.relpath(file)
    return file if below.startswith(os.pardir) else below


def put_facts(graph: Graph, facts: dict[str, Any], prefix: str) -> Graph:
    """Kinds, source lines and every call's outputs, as the live layers have them; nested models too."""
    stated = dict(graph.stated)
    layers = []
    for layer in graph.layers:
        path = prefix + layer.name
        fact = facts.get(path, {})
        for index, outputs in enumerate(fact.get("outputs") or ()):
            for output, spec in enumerate(read_outputs(outputs)):
                stated[TensorRef(layer.name, index, output)] = spec
        if not layer.calls and fact.get("built_shape") is not None:
            stated[TensorRef(layer.name, 0, 0)] = Spec(tuple(fact["built_shape"]))
        inner = layer.inner
        if inner is not None:
            inner = add_variables(put_facts(inner, facts, f"{path}/"), fact.get("variables") or (), facts, f"{path}/")
        origin = tuple(fact["origin"]) if fact.get("origin") else None
        layers.append(replace(layer, kind=fact.get("kind", layer.kind), inner=inner, origin=origin))
    return replace(graph, layers=tuple(layers), stated=stated)


def read_outputs(outputs: Mapping[str, Any]) -> list[Spec]:
    if "one" in outputs:
        return [read_spec(outputs["one"])]
    if "keys" in outputs:
        return [read_spec(outputs["keys"][key]) for key in sorted(outputs["keys"])]
    return [read_spec(item) for item in outputs["list"]]


def read_spec(pair: Sequence[Any]) -> Spec:
    return Spec(tuple(pair[0]), pair[1])


def add_variables(graph: Graph, variables: Sequence[Mapping[str, Any]], facts: dict[str, Any], prefix: str) -> Graph:
    """A row for each variable that stands on the model itself and is used by operations directly."""
    rows = []
    taken = set(graph.by_name)
    for variable in variables:
        name, count = variable["name"] if variable["name"] not in taken else variable["path"], 1
        while name in taken:
            name, count = f"{variable['path']}_{count}", count + 1
        taken.add(name)
        config = {"name": name, "trainable": variable["trainable"], "dtype": variable["dtype"],
                  "shape": variable["shape"]}  # fmt: skip
        rows.append(Layer(name, "Variable", "layer", config, "keras"))
        facts[prefix + name] = {"weights": [variable], "kind": "layer"}
    return replace(graph, layers=(*graph.layers, *rows)) if rows else graph


def read_index(graph: Graph, document: Mapping[str, Any]) -> WeightIndex:
    facts = document["facts"]
    by_layer = {
        path: tuple(read_weight(item) for item in facts[path]["weights"])
        for path, _, layer in walk(graph)
        if layer.inner is None and facts.get(path, {}).get("weights") is not None
    }
    tensors = tuple(flatten([list(weights) for weights in by_layer.values()]))
    return WeightIndex(tensors, by_layer, tuple(read_weight(item) for item in document["optimizer"]), live=True)


def read_weight(item: Mapping[str, Any]) -> Weight:
    weight = Weight(item["path"], tuple(item["shape"]), item["dtype"], 0, item["trainable"])
    return replace(weight, nbytes=int(weight.size * DTYPE_BYTES.get(weight.dtype, 0)))


def read_part(part: Mapping[str, Any]) -> Part:
    reasons, flags = (tuple(read_reason(item) for item in part.get(key, ())) for key in ("reasons", "flags"))
    return Part(part["verdict"], reasons, flags, part.get("class_name"), part.get("strategy"))


def read_reason(item: Mapping[str, Any]) -> Reason:
    place = (item.get(key) for key in ("file", "line", "source", "path"))
    return Reason(item["code"], item["message"], *place)
