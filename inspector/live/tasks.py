"""What the worker can do: capture a model with the graph inside it, or write the recovered graph as a model."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import keras

from ..errors import KinspectError
from .capture import (
    Document,
    capture_graph,
    capture_parts,
    capture_sequential,
    describe_variable,
    is_functional,
    kind_of,
    origin_of,
    own_class,
)
from .given import build_sequential, given_inputs
from .recovery import Recovery, recover
from .target import import_place, load_target

Say = Callable[[str], None]
Request = Mapping[str, Any]


def capture(request: Request, say: Say) -> Document:
    """The document of the model that the request names; see `describe_model`."""
    model = open_model(request, say)
    if not isinstance(model, keras.Model):
        from .capture_tf_keras import describe_tf_keras

        return describe_tf_keras(model)
    return describe_model(model, request, say)


def open_model(request: Request, say: Say) -> Any:
    """Import what --custom names, then build the model from code or load it from its file."""
    for place in request.get("custom", ()):
        say(f"importing {place}")
        import_place(place)
    if request.get("file"):
        say(f"loading {request['file']}")
        return load_file(request["file"])
    say(f"building {request['target']}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_target(request["target"], request.get("arguments", {}))


def load_file(path: str) -> Any:
    """A saved model, with the classes that --custom registered; Lambdas stay closed, as Keras's safe mode has it."""
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        text = " ".join(str(error).split())
        hint = None
        if "Could not locate" in text or "Unknown layer" in text:
            hint = "give the file that defines and registers it: --custom FILE.py"
        raise KinspectError(f"{path}: Keras cannot load it: {text}"[:1500], hint=hint) from None


def describe_model(model: Any, request: Request, say: Say) -> Document:
    """The model's config and facts; for a subclassed one with the recovered graph, where there is one."""
    inputs = given_inputs(model, request.get("inputs", ()))
    if isinstance(model, keras.Sequential) and not model.built and inputs is not None:
        build_sequential(model, inputs)
        inputs = None
    facts: Document = {}
    document: Document = {
        "facts": facts, "kind": kind_of(model), "built": bool(model.built), "keras_version": keras.__version__,
        "backend": keras.backend.backend(), "origin": origin_of(type(model)), "parts": {}, "variables": [],
        "training": compile_config(model), "optimizer": optimizer_variables(model),
    }  # fmt: skip
    found = None
    if request.get("recover", True):
        say(f"recovering the graph of {model.name}")
        found = recover(model, inputs, expand=bool(request.get("expand")), check=bool(request.get("check", True)))
        document["parts"] = describe_parts(found)
        document["recovery"] = {"strategy": found.strategy, "proof": found.to_json()["proof"]}
    document["built"] = bool(model.built)
    document["model"] = describe_root(model, found, facts)
    document["variables"] = own_variables(model, facts)
    return document


def describe_root(model: Any, found: Recovery | None, facts: Document) -> Document:
    if isinstance(model, keras.Sequential) and model._functional is not None:
        return {**own_class(model), "config": capture_sequential(model, "", facts)}
    graph = (
        model
        if is_functional(model)
        else found.functional
        if found is not None and found.verdict == "recovered"
        else None
    )
    if graph is not None:
        config = {**capture_graph(graph, "", facts)["config"], "name": model.name, "trainable": model.trainable}
        return {**own_class(model), "config": config}
    layers = list(capture_parts(model, facts))
    return {**own_class(model), "config": {"name": model.name, "trainable": model.trainable}, "parts": layers}


def describe_parts(found: Recovery) -> Document:
    """Verdicts and reasons by path, the model itself under the empty one."""
    plain = found.to_json()
    parts = {"": plain, **plain["parts"]}
    return {
        path: {
            "verdict": part["verdict"],
            "class_name": part["class_name"],
            "strategy": part["strategy"],
            "reasons": part["reasons"],
            "flags": part["flags"],
        }
        for path, part in parts.items()
    }


def own_variables(model: Any, facts: Document) -> list[Document]:
    """Variables that stand on a model itself and in none of its rows: ops use them directly."""
    listed = {v["path"] for fact in facts.values() for v in fact.get("weights") or ()}
    return [describe_variable(v) for v in model.weights if v.path not in listed] if model.built else []


def compile_config(model: Any) -> Document | None:
    if not getattr(model, "compiled", False):
        return None
    try:
        config = model.get_compile_config()
    except Exception:  # the user's own compile: it is compiled, and that is all there is to say
        return {}
    return config if isinstance(config, dict) else {}


def optimizer_variables(model: Any) -> list[Document]:
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not hasattr(optimizer, "variables"):
        return []
    return [describe_variable(v) for v in optimizer.variables]


def freeze(request: Request, say: Say) -> Document:
    """Write the recovered functional model of a subclassed one, load it again, and compare the outputs."""
    from .freezing import freeze_model

    model = open_model(request, say)
    return freeze_model(model, given_inputs(model, request.get("inputs", ())), request, say)


TASKS: dict[str, Callable[[Request, Say], Document]] = {"capture": capture, "freeze": freeze}
