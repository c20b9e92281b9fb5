"""Models in code: a worker process runs Keras and answers with a config and facts, which fill the same graph.

Nothing is imported here: not Keras, not the user's module. The worker is ``python -m inspector.live.worker``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Timer
from typing import IO, Any

from .. import errors
from ..graph import Graph, Layer, Model, Note, Part, Reason, Spec, TensorRef, Weight, WeightIndex, flatten, walk
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
    asked = {
        "task": "capture", "target": target, "arguments": dict(request.arguments), "inputs": list(request.inputs),
        "custom": list(request.custom), "expand": request.expand, "recover": request.recover, "file": request.file,
    }  # fmt: skip
    return model_from(ask_worker(asked, request.time_limit, say), request.file or target)


def ask_worker(request: Mapping[str, Any], time_limit: float = TIME_LIMIT, say: Say | None = None) -> dict[str, Any]:
    """Run one request in a worker process; its prints are kept apart, its progress goes to ``say``."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "inspector.live.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=worker_environment(),
        )  # fmt: skip
        late = Timer(time_limit, process.kill)
        late.start()
        try:
            return converse(process, json.dumps(request).encode(), log, say)
        except errors.KinspectError:
            if late.finished.is_set() and not process.poll() == 0:
                raise errors.KinspectError(
                    f"the model's code ran longer than {time_limit:g} s and was stopped"
                ) from None
            raise
        finally:
            late.cancel()
            process.kill()
            process.wait()


def worker_environment() -> dict[str, str]:
    import os

    return {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONUNBUFFERED": "1", **os.environ}


def converse(process: subprocess.Popen[bytes], request: bytes, log: IO[bytes], say: Say | None) -> dict[str, Any]:
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(request)
        process.stdin.close()
    except BrokenPipeError:
        pass  # it died at once; the log says why
    for line in process.stdout:
        message = json.loads(line)
        if "result" in message:
            return dict(message["result"])
        if "error" in message:
            kind = getattr(errors, str(message.get("kind")), errors.KinspectError)
            raise kind(message["error"], hint=message.get("hint"))
        if say:
            say(message.get("progress", ""))
    raise errors.KinspectError(f"the worker process ended without an answer ({ending(process)}){last_words(log)}")


def ending(process: subprocess.Popen[bytes]) -> str:
    code = process.wait()
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def last_words(log: IO[bytes]) -> str:
    log.seek(0, 2)
    log.seek(max(0, log.tell() - 2000))
    lines = [line.strip() for line in log.read().decode(errors="replace").splitlines() if line.strip()]
    return f": {lines[-1][:300]}" if lines else ""


def model_from(document: Mapping[str, Any], source: str) -> Model:
    """Fill the graph from a worker's answer."""
    data = document["model"]
    graph = decode_model(data)
    if data.get("parts") is not None:
        graph = replace(graph, layers=tuple(decode_layer(item) for item in data["parts"]))
    facts = document["facts"]
    graph = put_facts(graph, facts, "")
    graph = add_variables(graph, document["variables"], facts)
    graph = replace(graph, kind=document["kind"], built=bool(document["built"]))
    parts = {path: read_part(part) for path, part in document["parts"].items()}
    notes = tuple(
        Note("recovery", reason.message, path or None) for path, part in parts.items() for reason in part.reasons
    )
    return Model(
        graph, FORMAT, source, document["keras_version"], document.get("training"), notes, None, parts,
        lambda: read_index(graph, document),
    )  # fmt: skip


def put_facts(graph: Graph, facts: Mapping[str, Any], prefix: str) -> Graph:
    """Kinds, source lines and every call's outputs, as the live layers have them; nested models too."""
    stated = dict(graph.stated)
    layers = []
    for layer in graph.layers:
        path = prefix + layer.name
        fact = facts.get(path, {})
        for index, outputs in enumerate(fact.get("outputs") or ()):
            for output, spec in enumerate(read_outputs(outputs)):
                stated[TensorRef(layer.name, index, output)] = spec
        inner = put_facts(layer.inner, facts, f"{path}/") if layer.inner is not None else None
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


def add_variables(graph: Graph, variables: Sequence[Mapping[str, Any]], facts: dict[str, Any]) -> Graph:
    """A row for each variable that stands on the model itself and is used by operations directly."""
    rows = []
    taken = set(graph.by_name)
    for variable in variables:
        name = variable["name"] if variable["name"] not in taken else variable["path"]
        taken.add(name)
        config = {"name": name, "trainable": variable["trainable"], "dtype": variable["dtype"]}
        rows.append(Layer(name, "Variable", "layer", config, "keras"))
        facts[name] = {"weights": [variable], "kind": "layer"}
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
    return Reason(item["code"], item["message"], item.get("file"), item.get("line"), item.get("source"))
