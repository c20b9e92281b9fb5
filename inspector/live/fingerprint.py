"""Everything of a live model that a save and a load should keep, as JSON that another process can compare.

Weights are told by the hash of their bytes, so that a difference in one bit is seen and nothing large travels.
"""

from __future__ import annotations

import inspect
import re
import warnings
from functools import cache
from typing import Any

import keras
from keras import tree

from .facts import kind_of, origin_of
from .fingerprint_values import PLAIN, as_json, describe_array, describe_value, describe_variable, hash_array, is_array
from .object_tree import Place, keras_attributes, own_variables, walk_layers
from .serialising import registered_name

Document = dict[str, Any]
COUNTED = re.compile(r"(keras_tensor|input_layer)(_\d+)?")  # names of inputs that nobody gave
NESTED = ("layers", "input_layers", "output_layers", "build_input_shape")  # of a model's config: they stand apart


def fingerprint(model: Any) -> Document:
    """Class, structures, layers with their configs and weights, sharing, and how the model was compiled."""
    places = walk_layers(model)
    layers = [describe_layer(place) for place in places]
    shared = sharing_of(places)
    return {
        "class_name": type(model).__name__, "name": model.name, "kind": kind_of(model),
        "keras_version": keras.__version__,
        "inputs": structure_of(model, "inputs"), "outputs": structure_of(model, "outputs"),
        "graph": graph_of(model), "layers": layers, "sharing": [paths for paths, _ in shared],
        "sharing_stable": [paths for _, paths in shared],
        "beside": variables_beside(places), "training": training_of(model), "optimizer": describe_optimizer(model),
    }  # fmt: skip


def describe_layer(place: Place) -> Document:
    layer = place.layer
    config, problem = config_of(layer)
    quantized = getattr(layer, "quantization_mode", None)
    return {
        "path": place.path, "place": list(place.within), "name": layer.name,
        "named": place.named, "tracked": place.tracked,
        "class_name": type(layer).__name__, "module": type(layer).__module__,
        "registered_name": registered_name(type(layer)), "kind": kind_of(layer), "user": is_user(type(layer)),
        "origin": origin_of(type(layer)), "built": bool(layer.built), "trainable": bool(layer.trainable),
        "policy": layer.dtype_policy.name, "quantization": quantized,
        "lora": getattr(layer, "lora_rank", None) if getattr(layer, "lora_enabled", False) else None,
        "config": config, "config_error": problem, "weights": weights_of(layer),
        "attributes": attributes_of(layer), "class_attributes": class_attributes_of(layer),
        "own_config": is_own_config(type(layer)), "vocabulary": vocabulary_of(layer),
        "seeds": [describe_array(seed.state) for seed in getattr(layer, "_seed_generators", ())],
        "states": states_of(layer),
    }  # fmt: skip


def is_own_config(cls: type) -> bool:
    """Whether the user wrote the class's `get_config`, and Keras does not note its arguments."""
    return is_user(next(base for base in cls.__mro__ if "get_config" in vars(base)))


def is_user(cls: type) -> bool:
    """Whether a class is not Keras's own."""
    return cls.__module__.partition(".")[0] not in ("keras", "keras_hub", "keras_cv", "keras_nlp")


def config_of(layer: Any) -> tuple[Document | None, Document | None]:
    """The layer's own config, the layers in it left out; or how asking for it failed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            config = layer.get_config()
        if hasattr(layer, "_nodes_by_depth") or isinstance(layer, keras.Sequential):
            config = {key: value for key, value in config.items() if key not in NESTED}
        plain = as_json(config)
        return (plain, None) if isinstance(plain, dict) else (None, {"type": "TypeError", "message": "no dict"})
    except Exception as error:  # the user's get_config
        return None, {"type": type(error).__name__, "message": " ".join(str(error).split())[:400]}


def weights_of(layer: Any) -> list[Document]:
    """The variables the layer keeps itself; a name that comes twice gets a number."""
    found: list[Document] = []
    names: dict[str, int] = {}
    for variable in own_variables(layer):
        weight = describe_variable(variable, variable._value is not None)
        count = names[weight["name"]] = names.get(weight["name"], -1) + 1
        found.append({**weight, "key": f"{weight['name']}_{count}" if count else weight["name"]})
    return found


@cache
def names_in_code(cls: type) -> frozenset[str]:
    """The names that methods of Keras's classes use: attributes among them are its own, and not the user's."""
    bases = [base for base in cls.__mro__ if not is_user(base)]
    functions = (getattr(value, "__func__", value) for base in bases for value in vars(base).values())
    codes = (getattr(inspect.unwrap(f), "__code__", None) for f in functions if callable(f))
    return frozenset(name for code in codes if code is not None for name in code.co_names)


def attributes_of(layer: Any) -> dict[str, Any]:
    """Values that Keras does not keep: numbers, texts, arrays and variables that stand on the object itself."""
    known = names_in_code(layer.__class__)
    own = {id(variable) for variable in own_variables(layer)}
    found = {}
    for name, value in list(vars(layer).items()):
        hidden = name.startswith("_") and (not is_user(type(layer)) or name.startswith(("_self_", "_tf_", "__")))
        theirs = name in known and (name.startswith("_") or not is_user(type(layer)))
        if name in keras_attributes() or theirs or hidden or id(value) in own:
            continue
        if isinstance(value, keras.Variable) and value._value is None:
            continue
        described = describe_value(value)
        if described:
            found[name] = described[0]
    return found


def class_attributes_of(layer: Any) -> dict[str, Any]:
    """Plain values and arrays that the user's classes hold for all their objects, and that the object does not hide."""
    found: dict[str, Any] = {}
    for cls in type(layer).__mro__:
        for name, value in list(vars(cls).items()) if is_user(cls) else ():
            plain = isinstance(value, (*PLAIN, list, tuple, dict)) or is_array(value)
            if plain and not name.startswith("_") and name not in vars(layer) and (described := describe_value(value)):
                found.setdefault(name, described[0])
    return found


def vocabulary_of(layer: Any) -> Document | None:
    """The size of a lookup layer's vocabulary, and whether its table answers."""
    if not hasattr(layer, "get_vocabulary"):
        return None
    try:
        words = layer.get_vocabulary()
    except Exception as error:  # an empty table
        return {"size": None, "error": f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"}
    return {"size": len(words), "words": describe_value([str(word) for word in words[:5]]),
            "hash": describe_value(hash_words(words))}  # fmt: skip


def hash_words(words: Any) -> str:
    from hashlib import sha256

    return sha256("\0".join(str(word) for word in words).encode()).hexdigest()


def states_of(layer: Any) -> list[str]:
    """The states that a stateful recurrent layer carries from batch to batch."""
    if not getattr(layer, "stateful", False):
        return []
    return [describe_array(state) for state in tree.flatten(getattr(layer, "states", None) or []) if is_array(state)]


def structure_of(model: Any, which: str) -> Any:
    """Nested names, shapes and dtypes of a declared model's ends; ``None`` where the model declares none."""
    graph = getattr(model, "_functional", None) or model
    struct = getattr(graph, f"_{which}_struct", None)
    if struct is None:
        return None
    named = which == "inputs"

    def leaf(tensor: Any) -> list[Any]:
        given = named and not COUNTED.fullmatch(tensor.name)
        return [list(tensor.shape), keras.backend.standardize_dtype(tensor.dtype), tensor.name if given else None]

    return nest(struct, leaf)


def nest(value: Any, leaf: Any) -> Any:
    """A structure in JSON that tells lists, tuples and dicts apart, and keeps the order of keys."""
    if isinstance(value, dict):
        return {"dict": [[str(key), nest(item, leaf)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return {"tuple" if isinstance(value, tuple) else "list": [nest(item, leaf) for item in value]}
    return {"leaf": leaf(value)} if value is not None else {"leaf": None}


def graph_of(model: Any) -> Any:
    """Which layer takes whose tensors, as the model's own config says it."""
    return calls_of(model) if hasattr(model, "_nodes_by_depth") else None


def calls_of(model: Any) -> Document | None:
    """The calls and the ends in a config of any Keras; ``None`` where it has none."""
    try:
        config = as_json(model.get_config())
    except Exception:  # the user's own get_config: the graph is compared by outputs alone
        return None
    if not isinstance(config.get("layers"), list):
        return None
    calls = [[item.get("name"), item.get("inbound_nodes")] for item in config["layers"]]
    return {"calls": calls, "input_layers": config.get("input_layers"), "output_layers": config.get("output_layers")}


def sharing_of(places: list[Place]) -> list[tuple[list[str], list[str]]]:
    """Groups of paths that are one layer or one variable, each again without the counts of names."""
    groups = [
        ([place.path, *place.aliases], [place.stable, *place.stable_aliases]) for place in places if place.aliases
    ]
    holders: dict[int, tuple[list[str], list[str]]] = {}
    for place in places:
        for variable in own_variables(place.layer):
            paths, stable = holders.setdefault(id(variable), ([], []))
            paths.append(f"{place.path}:{variable.name}")
            stable.append(f"{place.stable}:{variable.name}")
    return sorted([*groups, *(group for group in holders.values() if len(group[0]) > 1)])


def variables_beside(places: list[Place]) -> list[str]:
    """The hashes of what other objects of the user's keep, such as a second optimizer: files hold them too."""
    kinds = (keras.optimizers.Optimizer, keras.Metric)
    held = {id(value): value for place in places for name, value in vars(place.layer).items()
            if isinstance(value, kinds) and name not in keras_attributes()}  # fmt: skip
    return [hash_array(variable.value) for value in held.values() for variable in value.variables]


def training_of(model: Any) -> Document | None:
    """How the model was compiled, as Keras would write it."""
    if not getattr(model, "compiled", False):
        return None
    try:
        config = as_json(model.get_compile_config())
    except Exception as error:  # the user's own losses
        return {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"}
    return {key: value for key, value in (config or {}).items() if key != "optimizer"}


def describe_optimizer(model: Any) -> Document | None:
    """Class, settings and slot variables, and the variables it spares from weight decay, which no config holds."""
    optimizer = getattr(model, "optimizer", None)
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        return None
    try:
        config = as_json(keras.saving.serialize_keras_object(optimizer)["config"])
    except Exception as error:
        config = {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"}
    spared: list[str] = []
    if getattr(optimizer, "weight_decay", None):
        spared = [v.path for v in model.trainable_variables if not optimizer._use_weight_decay(v)]
    return {
        "class_name": type(optimizer).__name__, "config": config, "built": bool(optimizer.built),
        "variables": [describe_variable(variable) for variable in optimizer.variables],
        "iterations": int(keras.ops.convert_to_numpy(optimizer.iterations)), "spared": spared,
    }  # fmt: skip
