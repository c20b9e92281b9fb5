"""What the worker can do: capture a model with the graph inside it, or write the recovered graph as a model."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import keras

from ..errors import UsageError
from . import roundtrip
from .capture import Capture
from .compiling import compile_config
from .facts import Document, describe_variable, is_functional, kind_of, origin_of
from .given import build_sequential, given_inputs
from .loading import load_file
from .proving import prove
from .recovery import Recovery, recover
from .serialising import own_class
from .tapping import tap
from .target import describe_type, import_place, is_model, load_target

Say = Callable[[str], None]
Request = Mapping[str, Any]


def capture(request: Request, say: Say) -> Document:
    """The document of the model that the request names; see `describe_model`."""
    model, notes = open_model(request, say)
    document = describe_live(model, request, say)
    document["notes"] += notes
    return document


def describe_live(model: Any, request: Request, say: Say = lambda text: None) -> Document:
    """The document of a live model of Keras 3 or of tf_keras."""
    if isinstance(model, keras.Model):
        return describe_model(model, request, say)
    if not is_model(model):
        raise UsageError(f"{describe_type(model)} is not a Keras model")
    from .capture_tf_keras import describe_tf_keras

    return describe_tf_keras(model)


def open_model(request: Request, say: Say) -> tuple[Any, list[str]]:
    """Import what --custom names, then build the model from code or load it from its file; and notes on that."""
    modules = []
    for place in request.get("custom", ()):
        say(f"importing {place}")
        modules.append(import_place(place))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if request.get("file"):
            say(f"loading {request['file']}")
            return load_file(request["file"], modules)
        say(f"building {request['target']}")
        return load_target(request["target"], request.get("arguments", {})), []


def describe_model(model: Any, request: Request, say: Say) -> Document:
    """The model's config and facts; for a subclassed one with the recovered graph, where there is one."""
    inputs = prepare_inputs(model, request)
    document: Document = {
        "kind": kind_of(model), "keras_version": keras.__version__, "backend": keras.backend.backend(),
        "origin": origin_of(type(model)), "parts": {}, "notes": [], "training": compile_config(model),
        "optimizer": optimizer_variables(model), "recovery": None,
    }  # fmt: skip
    found = None
    if request.get("recover", True):
        say(f"recovering the graph of {model.name}")
        found = recover(model, inputs, expand=bool(request.get("expand")), check=bool(request.get("check", True)))
        document["parts"] = describe_parts(found)
        document["recovery"] = {"strategy": found.strategy, "proof": found.to_json()["proof"]}
    capture = Capture()
    document["model"] = describe_root(model, found, capture)
    document["built"] = bool(model.built)
    document["variables"] = capture.unlisted(model) if model.built else []
    document["facts"] = capture.facts
    return document


def prepare_inputs(model: Any, request: Request) -> Any:
    """What the user gave as inputs; a Sequential that waits for its shape is built with it."""
    inputs = given_inputs(model, request.get("inputs", ()))
    if inputs is None:
        return None
    if isinstance(model, keras.Sequential) and not model.built:
        build_sequential(model, inputs)
        return None
    if is_functional(model) or (isinstance(model, keras.Sequential) and model._functional is not None):
        raise UsageError(f"{model.name!r} has inputs of its own, and takes no --input-shape")
    return inputs


def describe_root(model: Any, found: Recovery | None, capture: Capture) -> Document:
    """The root as Keras serialises it: with its graph where there is one, else with the list of its layers."""
    if isinstance(model, keras.Sequential) and model._functional is not None:
        return {**own_class(model), "config": capture.sequential(model)}
    head = {"name": model.name, "trainable": model.trainable}
    if isinstance(model, keras.Sequential):
        return {**own_class(model), "config": {**head, "layers": list(capture.parts(model))}}
    if is_functional(model):
        return {**own_class(model), "config": {**capture.graph(model), **head}}
    if found is not None and found.functional is not None:
        config = capture.graph(found.functional, names=recovered_names(found))
        layers = [*config["layers"], *capture.uncalled(model, found.functional)]
        return {**own_class(model), "config": {**config, **head, "layers": layers}}
    return {**own_class(model), "config": head, "parts": list(capture.parts(model))}


def recovered_names(found: Recovery) -> list[str] | None:
    """What the recovery calls each operation of its graph, in their order; it tells those of one name apart."""
    if found.structure is None:
        return None
    calls = [(node.name, int(node.id.rpartition(":")[2])) for node in found.structure.nodes]
    names = [name for name, call in calls if call == 0]
    return names if len(names) == len(found.functional._operations) else None


def describe_parts(found: Recovery) -> Document:
    """Verdicts and reasons by path, the model itself under the empty one."""
    plain = found.to_json()
    kept = ("verdict", "class_name", "strategy", "reasons", "flags")
    return {path: {key: part[key] for key in kept} for path, part in {"": plain, **plain["parts"]}.items()}


def optimizer_variables(model: Any) -> list[Document]:
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not getattr(optimizer, "built", False):
        return []
    return [describe_variable(v) for v in optimizer.variables]


def freeze(request: Request, say: Say) -> Document:
    """Write the recovered functional model of a subclassed one, load it again, and compare the outputs."""
    from .freezing import freeze_model

    model, notes = open_model(request, say)
    if not isinstance(model, keras.Model):
        raise UsageError(f"{model.name!r} is a model of tf_keras: its graph is recovered with Keras 3 alone")
    document = freeze_model(model, prepare_inputs(model, request), request, say)
    return {**document, "notes": notes}


TASKS: dict[str, Callable[[Request, Say], Document]] = {
    "capture": capture, "freeze": freeze, "roundtrip-save": roundtrip.save, "roundtrip-load": roundtrip.load,
    "prove": prove, "tap": tap,
}  # fmt: skip
