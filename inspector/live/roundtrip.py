"""The two halves of a round trip, each in a process of its own: one saves, a fresh one loads; both tell what they have.

The one that loads may be started early: it waits until ``saved.json`` stands in their common folder.
"""

from __future__ import annotations

import importlib.util
import json
import os
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from .constructors import describe_classes
from .fingerprint import Document, fingerprint, weights_of
from .object_tree import own_variables, walk_layers
from .output_differences import OUTPUTS, compare_outputs, leaf_names
from .recovery.inputs import InputSpec
from .roundtrip_models import (
    assignments,
    import_code,
    limit_memory,
    open_file,
    prepare,
    raise_out_of_memory,
    unassigned,
)
from .roundtrip_runs import SEED, call_model, read_inputs, spell_inputs, train_once
from .roundtrip_targets import attempts, load_any, problem_of, texts, try_save
from .roundtrip_tf_keras import call_tf_keras, describe_saved, load_back_tf_keras, open_tf_keras, try_keras_3
from .target import load_target

Say = Callable[[str], None]
Request = Mapping[str, Any]
Modules = tuple[list[ModuleType], list[ModuleType]]  # that define the model, and those of --custom
SAVED, CANCELLED = "saved.json", "cancelled"


def save(request: Request, say: Say) -> Document:
    """Open the model, run it, save it in every form that is asked for; leave ``saved.json`` and ``outputs.npz``."""
    limit_memory(request.get("memory"))
    own, given = import_code(request, say)
    old = request.get("library") == "tf_keras"
    if request.get("file"):
        say(f"loading {request['file']}")
        old, lacking = old and has_tf_keras(), old and not has_tf_keras()
        model, opened = (open_tf_keras if old else open_file)(request["file"], given)
        opened["lacking"] = lacking
    else:
        say(f"building {request['target']}")
        model, opened = load_target(request["target"], request.get("arguments", {})), {}
    document = save_model(model, request, say)
    if request.get("same_process"):
        document["same"] = {
            kind: load_back(kind, saved["file"], document, request, say, (own, given))
            for kind, saved in document["saves"].items()
            if saved["file"]
        }
    spec = read_inputs(document["inputs"]) if document["inputs"] else None
    if document["library"] == "tf_keras":
        if opened:
            say(f"loading {request['file']} with Keras 3")
            opened["keras_3"] = try_keras_3(request["file"], spec, given, request)
        return {**document, "train": None, "opened": opened}
    document["train"] = train_once(model, spec) if spec is not None and document["outputs"].get("ran") else None
    return {**document, "opened": opened}


def has_tf_keras() -> bool:
    return importlib.util.find_spec("tf_keras") is not None


def save_model(model: Any, request: Request, say: Say) -> Document:
    """Fingerprint, outputs and files of a live model."""
    folder = request["folder"]
    if isinstance(model, keras.Model):
        document, spec = describe_model(model, request, say)
    else:
        document, spec = describe_saved(model, request, say)
    document["inputs"] = spell_inputs(spec) if spec is not None else None
    document["outputs"] = run_and_keep(model, spec, folder, document["problem"])
    document["saves"] = {}
    for kind in request["kinds"]:
        say(f"saving {model.name} as {kind}")
        document["saves"][kind] = try_save(kind, model, folder)
    write_whole(os.path.join(folder, SAVED), {key: document[key] for key in ("inputs", "saves", "library")})
    return document


def describe_model(model: Any, request: Request, say: Say) -> tuple[Document, InputSpec | None]:
    """What is told of a model of Keras 3 before any file is written, and what to call it with."""
    say(f"running {model.name}")
    spec, problem = prepare(model, request)
    say(f"taking the fingerprint of {model.name}")
    classes = describe_classes(walk_layers(model))
    document = {"library": "keras", "fingerprint": fingerprint(model), "classes": classes, "problem": problem}
    return document, spec


def run_and_keep(model: Any, spec: InputSpec | None, folder: str, problem: str | None) -> Document:
    """Outputs on random inputs, kept in the folder; those of a custom `call` twice, to see whether they vary."""
    import numpy as np

    if spec is None:
        return {"ran": False, "why": problem or "its inputs are not known"}
    try:
        call = call_model if isinstance(model, keras.Model) else call_tf_keras
        arrays, structure = call(model, spec)
        again = call(model, spec, SEED + 1)[0] if has_own_code(model) else arrays
    except Exception as error:
        raise_out_of_memory(error)
        return {"ran": False, "why": f"it cannot be called: {problem_of(error)['message'][:300]}"}
    if any(one.tobytes() != other.tobytes() for one, other in zip(arrays, again, strict=True)):
        return {"ran": False, "why": "its outputs vary from call to call", "structure": structure}
    texts_apart = {str(i): array for i, array in enumerate(arrays) if array.dtype != object}
    np.savez(os.path.join(folder, OUTPUTS), **texts_apart)
    return {"ran": True, "structure": structure, "names": leaf_names(structure)}


def has_own_code(model: Any) -> bool:
    return any(not type(layer).__module__.startswith("keras.") for layer in (model, *model._flatten_layers()))


def load(request: Request, say: Say) -> Document:
    """Wait for the saved model, load it, and tell what came back."""
    limit_memory(request.get("memory"))
    folder = request["folder"]
    while not os.path.exists(os.path.join(folder, SAVED)):
        if os.path.exists(os.path.join(folder, CANCELLED)):
            return {"cancelled": True}
        time.sleep(0.02)
    saved = json.loads(Path(folder, SAVED).read_text(encoding="utf-8"))
    modules = import_code(request, say)
    file = saved["saves"][request["kind"]]["file"]
    if file is None:
        return {"cancelled": True}
    return load_back(request["kind"], file, saved, request, say, modules)


def load_back(
    kind: str,
    path: str,
    saved: Document,
    request: Request,
    say: Say,
    modules: tuple[list[ModuleType], list[ModuleType]],
) -> Document:
    """Load one file, and compare what can only be compared here: outputs."""
    say(f"loading {os.path.basename(path)}")
    spec = read_inputs(saved["inputs"]) if saved["inputs"] else None
    if kind == "savedmodel":
        from .roundtrip_exports import load_export

        return load_export(path, spec, request)
    if saved["library"] == "tf_keras":
        return load_back_tf_keras(kind, path, spec, request, say, modules)
    own, given = modules
    # Weights that are not loaded must differ from the saved ones, whatever seed the user's code sets
    keras.utils.set_random_seed(int.from_bytes(os.urandom(4)))
    with assignments() as assigned, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if kind == "weights":
            model, way, problems = load_weights(path, spec, request, given)
        else:
            model, way, problems = load_any(kind, path, attempts(kind, own, given, trusted=not request.get("file")))
    document: Document = {"way": way, "problems": problems, "warnings": texts(caught)}
    if model is None:
        return {**document, "loaded": False}
    return {**document, "loaded": True, **describe_loaded(model, kind, spec, request, assigned, say)}


def load_weights(path: str, spec: Any, request: Request, given: list[ModuleType]) -> tuple[Any, str, list[Any]]:
    """The weights alone, into a model made anew: by the user's code, or from the config of their file."""
    try:
        if request.get("file"):
            former = open_file(request["file"], given)[0]
            model = former.__class__.from_config(former.get_config())
        else:
            into = request.get("into")
            model = load_target(into or request["target"], {} if into else request.get("arguments", {}))
            prepare(model, request)
        if not model.built and spec is not None:
            call_model(model, spec)
        model.load_weights(path)
        return model, "", []
    except Exception as error:
        return None, "", [{"way": "", **problem_of(error)}]


def describe_loaded(
    model: Any, kind: str, spec: InputSpec | None, request: Request, assigned: set[int], say: Say
) -> Document:
    """The fingerprint, the variables that nothing was loaded into, a second save, outputs, one training step."""
    say(f"taking the fingerprint of {model.name}")
    before = {id(v) for place in walk_layers(model) for v in own_variables(place.layer)}
    fresh = [] if kind == "json" else unassigned(model, assigned)
    document: Document = {"fingerprint": fingerprint(model), "fresh": fresh, "late": [], "second": None}
    if kind in ("keras", "h5"):
        ending = "keras" if kind == "keras" else "h5"
        document["second"] = try_save(kind, model, request["folder"], f"second.{os.getpid()}.{ending}")
    document["outputs"] = {"ran": False, "why": "there is nothing to compare it with"}
    if spec is not None and kind != "json":
        say(f"running {model.name}")
        document["outputs"] = compare_outputs(lambda: call_model(model, spec, SEED + 2), request)
        document["late"] = [
            {"path": place.path, **weight}
            for place in walk_layers(model)
            for variable, weight in zip(own_variables(place.layer), weights_of(place.layer), strict=True)
            if id(variable) not in before
        ]
        ran = kind in ("keras", "h5") and document["outputs"]["ran"]
        document["train"] = train_once(model, spec) if ran and request.get("train", True) else None
    return document


def write_whole(path: str, document: Document) -> None:
    """A file that is there whole or not at all: another process waits for it."""
    draft = f"{path}.tmp"
    Path(draft).write_text(json.dumps(document, default=repr), encoding="utf-8")
    os.replace(draft, path)
