"""The fingerprint of a model of tf_keras, with the keys that the one of Keras 3 has, as far as Keras 2 knows them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from .capture_tf_keras import kind_of
from .facts import Document, origin_of
from .fingerprint import calls_of, nest, vocabulary_of
from .fingerprint_values import as_json, hash_array

# Comparisons for which nothing is asked of a model of tf_keras
UNASKED = ("build-state", "weights-fresh", "seeds", "states", "attributes", "training-step")
NESTED = ("layers", "input_layers", "output_layers", "build_input_shape")


def fingerprint_tf_keras(model: Any) -> Document:
    """Class, structures, layers with configs and weights, tied variables, and how the model was compiled."""
    import tf_keras

    places = dict(walk_layers(model))
    return {
        "class_name": type(model).__name__, "name": model.name, "kind": kind_of(model),
        "keras_version": tf_keras.__version__, "unasked": list(UNASKED),
        "inputs": structure_of(model, "_nested_inputs"), "outputs": structure_of(model, "_nested_outputs"),
        "graph": graph_of(model), "layers": [describe_layer(path, layer) for path, layer in places.items()],
        "sharing": sharing_of(places), "training": training_of(model), "optimizer": describe_optimizer(model),
    }  # fmt: skip


def walk_layers(model: Any) -> Iterator[tuple[str, Any]]:
    """(path, layer), each once, owners first; a layer of a subclassed model goes by the attribute that holds it."""
    seen: set[int] = set()
    stack = [("", model)]
    while stack:
        path, layer = stack.pop()
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        yield path, layer
        below = [(f"{path}/{key}" if path else key, child) for key, child in children(layer)]
        stack.extend(reversed(below))


def children(layer: Any) -> Iterator[tuple[str, Any]]:
    named = kind_of(layer) in ("sequential", "functional")
    held = {id(value): name for name, value in vars(layer).items() if hasattr(value, "_flatten_layers")}
    for index, child in enumerate(layer._flatten_layers(recursive=False, include_self=False)):
        yield (child.name if named else held.get(id(child), f"#{index}")), child


def own_variables(layer: Any) -> list[Any]:
    """The variables that a layer itself keeps; the handlers of lookup tables among them are none."""
    held = (*getattr(layer, "_trainable_weights", ()), *getattr(layer, "_non_trainable_weights", ()))
    return [variable for variable in held if hasattr(variable, "numpy")]


def describe_layer(path: str, layer: Any) -> Document:
    module = type(layer).__module__
    user = not module.startswith(("tf_keras.", "keras."))
    policy = getattr(layer, "_dtype_policy", None)
    config, problem = config_of(layer)
    return {
        "path": path, "name": layer.name, "named": True, "tracked": True, "class_name": type(layer).__name__,
        "module": module, "registered_name": None, "kind": kind_of(layer), "user": user,
        "origin": origin_of(type(layer)) if user else None, "built": bool(layer.built),
        "trainable": bool(layer.trainable), "policy": getattr(policy, "name", None), "quantization": None, "lora": None,
        "config": config, "config_error": problem, "weights": weights_of(layer), "attributes": {},
        "vocabulary": vocabulary_of(layer), "seeds": [], "states": [],
    }  # fmt: skip


def config_of(layer: Any) -> tuple[Document | None, Document | None]:
    try:
        config = layer.get_config()
        return as_json({key: value for key, value in config.items() if key not in NESTED}), None
    except Exception as error:  # the user's get_config, or none at all
        return None, {"type": type(error).__name__, "message": " ".join(str(error).split())[:400]}


def weights_of(layer: Any) -> list[Document]:
    found: list[Document] = []
    names: dict[str, int] = {}
    for variable in own_variables(layer):
        name = variable.name.partition(":")[0].rpartition("/")[2]
        count = names[name] = names.get(name, -1) + 1
        found.append({
            "name": name, "key": f"{name}_{count}" if count else name, "shape": list(variable.shape),
            "dtype": variable.dtype.name, "trainable": bool(variable.trainable),
            "sha256": hash_array(variable.numpy()),
        })  # fmt: skip
    return found


def structure_of(model: Any, which: str) -> Any:
    struct = getattr(model, which, None)
    if struct is None or kind_of(model) == "subclassed":
        return None
    return nest(struct, lambda tensor: [list(tensor.shape), tensor.dtype.name, None])


def graph_of(model: Any) -> Any:
    """Which layer takes whose tensors, as the model's own config says it."""
    return calls_of(model) if kind_of(model) == "functional" else None


def sharing_of(places: Mapping[str, Any]) -> list[list[str]]:
    """Groups of paths at which one variable is kept."""
    holders: dict[int, list[str]] = {}
    for path, layer in places.items():
        for variable in own_variables(layer):
            holders.setdefault(id(variable), []).append(f"{path}:{variable.name}")
    return sorted(paths for paths in holders.values() if len(paths) > 1)


def training_of(model: Any) -> Document | None:
    if not getattr(model, "_is_compiled", False):
        return None
    try:
        config = as_json(model.get_compile_config())
    except Exception as error:  # the user's own losses
        return {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"}
    return {key: without_function(value) for key, value in (config or {}).items() if key != "optimizer"}


def without_function(value: Any) -> Any:
    """A loss without the function that it wraps, which tf_keras states before a save and not after a load."""
    if isinstance(value, Mapping):
        return {key: without_function(item) for key, item in value.items() if key != "fn"}
    return [without_function(item) for item in value] if isinstance(value, list) else value


def describe_optimizer(model: Any) -> Document | None:
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        return None
    variables = optimizer.variables() if inspect.ismethod(optimizer.variables) else optimizer.variables
    described = [{"name": v.name, "shape": list(v.shape), "sha256": hash_array(v.numpy())} for v in variables]
    try:
        config = as_json(optimizer.get_config())
    except Exception as error:  # the user's own schedule
        config = {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"}
    return {
        "class_name": type(optimizer).__name__, "config": config, "built": len(described) > 2,
        "variables": described, "iterations": int(optimizer.iterations.numpy()), "spared": [],
    }  # fmt: skip
