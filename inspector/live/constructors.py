"""What a custom class's constructor takes beside what its config holds, and the code that would close the gap."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable
from typing import Any

import keras

from .facts import Document, origin_of
from .fingerprint_values import PLAIN, describe_value
from .object_tree import Place

# Keras's base classes take these through **kwargs, and their get_config writes them
BASE = frozenset({"self", "name", "trainable", "dtype", "activity_regularizer", "autocast", "inputs", "outputs"})


OWN = ("keras.", "tf_keras.", "keras_hub.")  # where classes are not the user's


def describe_classes(places: Iterable[Place]) -> list[Document]:
    """One entry for each class in the model that is not Keras's: where it is, what its constructor and config say.

    Where a class has several objects, the entry is of the one that would lose most.
    """
    found: dict[type, Document] = {}
    for place in places:
        cls = type(place.layer)
        if cls.__module__.startswith(OWN):
            continue
        entry = describe_class(place)
        if cls not in found or weigh(entry) > weigh(found[cls]):
            found[cls] = entry
    return list(found.values())


def weigh(entry: Document) -> int:
    return len(entry["missing"]) + len(entry["changed"])


def describe_class(place: Place) -> Document:
    layer, cls = place.layer, type(place.layer)
    parameters = constructor_of(cls)
    problem = None
    try:
        config: Document | None = dict(layer.get_config())
    except Exception as error:  # the user's own, or Keras's refusal
        config, problem = None, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    named = [p for p in parameters or () if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL) and p.name not in BASE]
    kwargs = parameters is None or any(p.kind is p.VAR_KEYWORD for p in parameters)
    missing = [p for p in named if config is not None and p.name not in config and is_lost(layer, p)]
    own_config, own_loading = is_own(cls, "get_config"), is_own(cls, "from_config")
    return {
        "class_name": cls.__name__, "module": cls.__module__, "path": place.path, "origin": origin_of(cls),
        "registered": is_registered(cls), "local": "<locals>" in cls.__qualname__,
        "own_config": own_config, "own_loading": own_loading,
        "takes_kwargs": kwargs, "model": hasattr(layer, "fit"),
        "functional": hasattr(layer, "_nodes_by_depth"),
        "missing": [] if own_loading else [p.name for p in missing],
        "assumed": [] if own_config else assumed_values(layer, config, named),
        "changed": {} if own_config or config is None else changed_since(layer, config, named),
        "refused": [] if kwargs or own_loading else refused_keys(parameters, config),
        "code": suggest_config(layer, named, kwargs), "constructor": line_of(cls), "has_config": config is not None,
        "problem": problem, "span": span_of(cls),
    }  # fmt: skip


def is_own(cls: type, method: str) -> bool:
    """Whether a method is the user's, and not Keras's."""
    owner = next(c for c in cls.__mro__ if method in vars(c))
    return not str(owner.__module__).startswith(OWN)


def is_lost(layer: Any, parameter: inspect.Parameter) -> bool:
    """Whether an argument that no config holds has another value than it will be made with again."""
    attribute = attribute_for(layer, parameter.name)
    if parameter.default is parameter.empty or attribute is None:
        return True
    return bool(describe_value(vars(layer)[attribute]) != describe_value(parameter.default))


def constructor_of(cls: type) -> list[inspect.Parameter] | None:
    """The parameters of ``__init__``; ``None`` where it is Keras's own."""
    owner = next(c for c in cls.__mro__ if "__init__" in vars(c))
    if owner.__module__.startswith(OWN):
        return None
    try:
        return list(inspect.signature(owner.__init__).parameters.values())  # type: ignore[misc]
    except (TypeError, ValueError):
        return None


def is_registered(cls: type) -> bool:
    """Whether Keras finds the class by its name once its module is imported."""
    saving = keras.saving if issubclass(cls, keras.Layer) else importlib.import_module("tf_keras").saving
    return bool(saving.get_registered_object(saving.get_registered_name(cls)) is cls)


def refused_keys(parameters: list[inspect.Parameter] | None, config: Document | None) -> list[str]:
    """Keys of the config that the constructor would refuse."""
    names = {p.name for p in parameters or ()}
    return [key for key in config or () if key not in names]


def changed_since(layer: Any, config: Document, named: list[inspect.Parameter]) -> dict[str, list[str]]:
    """Arguments that Keras noted when the object was made, and whose attribute has another value by now."""
    changed = {}
    for parameter in named:
        held = vars(layer).get(parameter.name, parameter)
        if held is parameter or not isinstance(held, PLAIN):
            continue
        noted = config.get(parameter.name, parameter)
        if noted is not parameter and isinstance(noted, PLAIN) and noted != held:
            changed[parameter.name] = [repr(noted), repr(held)]
    return changed


def assumed_values(layer: Any, config: Document | None, named: list[inspect.Parameter]) -> list[str]:
    """Arguments of a Model for which Keras writes the default, whatever was passed: it notes those of layers alone.

    Those that stand on the object are left out; `changed_since` compares them.
    """
    if not isinstance(layer, keras.Model) or hasattr(layer, "_nodes_by_depth"):
        return []
    return [p.name for p in named if p.name in (config or {}) and attribute_for(layer, p.name) is None]


def suggest_config(layer: Any, named: list[inspect.Parameter], kwargs: bool) -> str:
    """Python code of a constructor, where it needs one, and of a `get_config` that would work; it may be pasted."""
    lines, kept, nested = [], [], []
    assigned = []
    for parameter in named:
        attribute = attribute_for(layer, parameter.name)
        if attribute is None:
            assigned.append(parameter.name)
            attribute = parameter.name
        value = vars(layer).get(attribute)
        if isinstance(value, keras.Layer):
            nested.append(parameter.name)
        kept.append(f'"{parameter.name}": {spell_attribute(attribute, value)}')
    if not kwargs or assigned:
        lines += ["", *suggest_constructor(named, assigned, kwargs)]
    if kept:
        lines += ["def get_config(self):", f"    return {{**super().get_config(), {', '.join(kept)}}}"]
    if nested:
        lines += ["", "@classmethod", "def from_config(cls, config):"]
        lines += [f'    config["{name}"] = {spell_revival(layer, name)}' for name in nested]
        lines += ["    return cls(**config)"]
    return "\n".join(lines).strip()


def spell_revival(layer: Any, name: str) -> str:
    """How an inner layer is made again: unbuilt where the class builds it itself, which works once for each layer."""
    build = inspect.unwrap(type(layer).build)
    builds = is_own(type(layer), "build") and "build" in getattr(getattr(build, "__code__", None), "co_names", ())
    config = f'{{**config["{name}"], "build_config": None}}' if builds else f'config["{name}"]'
    return f"keras.saving.deserialize_keras_object({config})"


def suggest_constructor(named: list[inspect.Parameter], assigned: list[str], kwargs: bool) -> list[str]:
    """A constructor that passes Keras's own arguments on, or the lines that one lacks."""
    if kwargs:
        return ["# in __init__:", *(f"self.{name} = {name}" for name in assigned), ""]
    head = ", ".join(spell_parameter(parameter) for parameter in named)
    lines = [f"def __init__(self, {head}{', ' if head else ''}**kwargs):", "    super().__init__(**kwargs)"]
    return [*lines, *(f"    self.{name} = {name}" for name in assigned), "    ...  # the rest as it is", ""]


def spell_parameter(parameter: inspect.Parameter) -> str:
    if parameter.default is parameter.empty:
        return parameter.name
    default = repr(parameter.default)
    return f"{parameter.name}={default if len(default) < 60 and '<' not in default else '...'}"


def attribute_for(layer: Any, name: str) -> str | None:
    """The attribute that keeps a constructor's argument, by its name."""
    return next((candidate for candidate in (name, f"_{name}") if candidate in vars(layer)), None)


def spell_attribute(attribute: str, value: Any) -> str:
    """How a config states the value: plain ones as they are, arrays as lists, Keras's objects in its own form."""
    if isinstance(value, keras.Layer):
        return f"keras.saving.serialize_keras_object(self.{attribute})"
    if value is not None and not isinstance(value, PLAIN) and not isinstance(value, list | tuple | dict):
        described = describe_value(value)
        if described and hasattr(value, "tolist"):
            return f"self.{attribute}.tolist()"
        return f"keras.saving.serialize_keras_object(self.{attribute})"
    return f"self.{attribute}"


def span_of(cls: type) -> list[Any] | None:
    """The file of a class, its first line and the one after its last."""
    try:
        lines, first = inspect.getsourcelines(cls)
        return [inspect.getsourcefile(cls), first, first + len(lines)]
    except (OSError, TypeError):  # made without a file
        return None


def line_of(cls: type) -> list[Any] | None:
    """File and line of the class's own constructor."""
    function = vars(cls).get("__init__")
    code = getattr(inspect.unwrap(function), "__code__", None) if function else None
    return [code.co_filename, code.co_firstlineno] if code is not None else origin_of(cls)
