"""Round trips of models of tf_keras (Keras 2): saved and loaded by tf_keras itself, and tried with Keras 3 beside."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
from keras import tree

from ..errors import KinspectError, UnreadableModel
from .constructors import describe_classes
from .fingerprint import Document, fingerprint
from .fingerprint_tf_keras import fingerprint_tf_keras, walk_layers
from .given import given_inputs
from .object_tree import Place
from .output_differences import compare_outputs
from .recovery.inputs import InputSpec, TensorSpec, concrete, random_inputs, spec_from_shapes
from .roundtrip_runs import BATCH, SEED, as_tensor, call_model, flat_arrays
from .roundtrip_targets import attempts, load_any, problem_of, texts, try_save
from .target import load_target

Request = Mapping[str, Any]
Say = Callable[[str], None]
Modules = tuple[list[ModuleType], list[ModuleType]]


def open_tf_keras(path: str, given: list[ModuleType]) -> tuple[Any, Document]:
    """The user's file as a model of tf_keras, and how it was opened."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ways = attempts("keras", [], given, trusted=False)
        model, way, problems = load_any("keras", path, ways, load_with_tf_keras)
    if model is None:
        raise UnreadableModel(f"tf_keras: {problems[0]['error']}: {problems[0]['message']}"[:1500])
    return model, {"way": way, "problems": problems, "warnings": texts(caught), "fresh": []}


def load_with_tf_keras(kind: str, path: str, options: Mapping[str, Any]) -> Any:
    """The model. Where tf_keras does not know the class it returns the class's name, which is an error here."""
    import tf_keras

    if kind == "json":
        custom = options.get("custom_objects")
        model = tf_keras.models.model_from_json(Path(path).read_text(encoding="utf-8"), custom_objects=custom)
    else:
        model = tf_keras.models.load_model(path, **options)
    if not isinstance(model, tf_keras.Model):
        raise TypeError(f"Could not locate class '{model}'")
    return model


def find_inputs(model: Any, request: Request) -> tuple[InputSpec | None, str | None]:
    """What to call the model with, as declared, as given or as it was built; or why that is not known."""
    import tf_keras

    limits: dict[int, int] = {}
    for layer in model._flatten_layers():
        for node in layer._inbound_nodes if isinstance(layer, tf_keras.layers.Embedding) else ():
            for tensor in tree.flatten(node.input_tensors):
                limits[id(tensor)] = layer.input_dim
    declared = getattr(model, "_nested_inputs", None)
    if declared is not None:
        spec = InputSpec((tree.map_structure(lambda t: spec_of(t, limits), declared),))
    elif request.get("inputs"):
        spec = given_inputs(model, request["inputs"]) or InputSpec(())
    elif getattr(model, "_build_input_shape", None) is not None:
        spec = InputSpec((spec_from_shapes(as_lists(model._build_input_shape)),))
    else:
        return None, "its inputs are not known; give them with --input-shape"
    fixed = any(leaf.shape and leaf.shape[0] is not None for leaf in spec.flat())
    spec = concrete(InputSpec(spec.args, spec.kwargs, fixed_batch=fixed), None if fixed else BATCH)
    return spec.mapped(lambda _, leaf: leaf if leaf.dtype else TensorSpec(leaf.shape, "float32")), None


def spec_of(tensor: Any, limits: Mapping[int, int]) -> TensorSpec:
    """Keras 2 declares the input of an Embedding as float, and casts: numbers below its size are what it takes."""
    limit = limits.get(id(tensor))
    return TensorSpec(tuple(tensor.shape), tensor.dtype.name if limit is None else "int32", limit=limit)


def as_lists(shape: Any) -> Any:
    """A TensorShape, or a structure of such, as plain lists."""
    if isinstance(shape, dict):
        return {key: as_lists(item) for key, item in shape.items()}
    if hasattr(shape, "as_list"):
        return shape.as_list()
    return [as_lists(item) if item is not None and not isinstance(item, int) else item for item in shape]


def call_tf_keras(model: Any, spec: InputSpec, seed: int = SEED) -> tuple[list[Any], Any]:
    """Flat outputs as arrays, and their structure; weights are put back."""
    args, kwargs = tree.map_structure(as_tensor, random_inputs(spec, SEED))
    keras.utils.set_random_seed(seed)
    variables = [variable for variable in model.weights if hasattr(variable, "numpy")]
    before = [variable.numpy() for variable in variables]
    training = {"training": False} if model._expects_training_arg else {}
    outputs = flat_arrays(model(*args, **kwargs, **training))
    for variable, value in zip(variables, before, strict=True):
        variable.assign(value)
    return outputs


def describe_saved(model: Any, request: Request, say: Say) -> tuple[Document, InputSpec | None]:
    """What the process that saves tells of the model before it writes any file."""
    say(f"running {model.name} with tf_keras")
    try:
        spec, problem = find_inputs(model, request)
        if spec is not None and not model.built:
            call_tf_keras(model, spec)
    except KinspectError:
        raise
    except Exception as error:  # the user's call
        spec, problem = None, f"it cannot be run on random inputs: {type(error).__name__}: {str(error)[:300]}"
    classes = describe_classes(Place(path, layer) for path, layer in walk_layers(model))
    prints = fingerprint_tf_keras(model)
    return {"library": "tf_keras", "fingerprint": prints, "classes": classes, "problem": problem}, spec


def load_back_tf_keras(
    kind: str, path: str, spec: InputSpec | None, request: Request, say: Say, modules: Modules
) -> Document:
    """One file loaded by tf_keras in this process, and what came back."""
    keras.utils.set_random_seed(int.from_bytes(os.urandom(4)))
    own, given = modules
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if kind == "weights":
            model, way, problems = load_weights(path, spec, request, given)
        else:
            ways = attempts(kind, own, given, trusted=not request.get("file"))
            model, way, problems = load_any(kind, path, ways, load_with_tf_keras)
    document: Document = {"way": way, "problems": problems, "warnings": texts(caught)}
    if model is None:
        return {**document, "loaded": False}
    say(f"taking the fingerprint of {model.name}")
    document |= {"loaded": True, "fingerprint": fingerprint_tf_keras(model), "fresh": [], "late": [], "second": None,
                 "outputs": {"ran": False, "why": "there is nothing to compare it with"}, "train": None}  # fmt: skip
    if kind in ("keras", "h5"):
        document["second"] = try_save(kind, model, request["folder"], f"second.{os.getpid()}.{kind}")
    if spec is not None and kind != "json":
        document["outputs"] = compare_outputs(lambda: call_tf_keras(model, spec), request)
    return document


def load_weights(path: str, spec: Any, request: Request, given: list[ModuleType]) -> tuple[Any, str, list[Any]]:
    """The weights alone, into a model made anew."""
    try:
        if request.get("file"):
            former = open_tf_keras(request["file"], given)[0]
            model = former.__class__.from_config(former.get_config())
        else:
            into = request.get("into")
            model = load_target(into or request["target"], {} if into else request.get("arguments", {}))
        if not model.built and spec is not None:
            call_tf_keras(model, spec)
        model.load_weights(path)
        return model, "", []
    except Exception as error:
        return None, "", [{"way": "", **problem_of(error)}]


def try_keras_3(path: str, spec: InputSpec | None, given: list[ModuleType], request: Request) -> Document:
    """The same file opened by Keras 3: whether it loads, and whether it then returns what tf_keras returns."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model, way, problems = load_any("keras", path, attempts("keras", [], given, trusted=False))
    document: Document = {"way": way, "problems": problems, "warnings": texts(caught), "loaded": model is not None}
    if model is None:
        return document
    document |= {"fingerprint": fingerprint(model), "fresh": []}
    if spec is not None:
        document["outputs"] = compare_outputs(lambda: call_model(model, spec), request)
    return document
