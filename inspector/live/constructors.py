"""What a custom class's constructor takes beside what its config holds, and the code that would close the gap."""

from __future__ import annotations

import inspect
from typing import Any

import keras

from .facts import Document, origin_of
from .fingerprint_values import PLAIN, describe_value
from .object_tree import Place, walk_layers

# Keras's base classes take these through **kwargs, and their get_config writes them
BASE = frozenset({"self", "name", "trainable", "dtype", "activity_regularizer", "autocast", "inputs", "outputs"})


def describe_classes(model: Any) -> list[Document]:
    """One entry for each class in the model that is not Keras's: where it is, what its constructor and config say."""
    found: dict[type, Document] = {}
    for place in walk_layers(model):
        cls = type(place.layer)
        if cls.__module__.startswith(("keras.", "keras_hub.")) or cls in found:
            continue
        found[cls] = describe_class(place)
    return list(found.values())


def describe_class(place: Place) -> Document:
    layer, cls = place.layer, type(place.layer)
    parameters = constructor_of(cls)
    own = defines_config(cls)
    kwargs = parameters is None or any(p.kind is p.VAR_KEYWORD for p in parameters)
    try:
        config: Document | None = dict(layer.get_config())
    except Exception:  # the user's own, or Keras's refusal: reported where the layer is saved
        config = None
    named = [p for p in parameters or () if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL) and p.name not in BASE]
    missing = [p.name for p in named if config is None or p.name not in config]
    generated = is_generated_functional(layer)
    return {
        "class_name": cls.__name__, "module": cls.__module__, "path": place.path, "origin": origin_of(cls),
        "registered": is_registered(cls), "defines_config": own, "takes_kwargs": kwargs,
        "model": isinstance(layer, keras.Model), "functional": generated, "parameters": [p.name for p in named],
        "missing": missing if own or config is None or generated else [],
        "optional": [p.name for p in named if p.default is not p.empty],
        "changed": changed_since(layer, config, named) if not own and config else {},
        "code": suggest_config(layer, named, kwargs), "constructor": line_of(cls),
        "extra": extra_keys(parameters, config) if not kwargs else [],
    }  # fmt: skip


def constructor_of(cls: type) -> list[inspect.Parameter] | None:
    """The parameters of ``__init__``; ``None`` where it is Keras's own."""
    owner = next(c for c in cls.__mro__ if "__init__" in vars(c))
    if owner.__module__.startswith("keras."):
        return None
    try:
        return list(inspect.signature(owner.__init__).parameters.values())  # type: ignore[misc]
    except (TypeError, ValueError):
        return None


def defines_config(cls: type) -> bool:
    owner = next(c for c in cls.__mro__ if "get_config" in vars(c))
    return not owner.__module__.startswith("keras.")


def is_generated_functional(layer: Any) -> bool:
    """A subclass of Functional: Keras writes its graph, and not what its constructor was given."""
    return hasattr(layer, "_nodes_by_depth")


def is_registered(cls: type) -> bool:
    return keras.saving.get_registered_object(keras.saving.get_registered_name(cls)) is cls


def extra_keys(parameters: list[inspect.Parameter] | None, config: Document | None) -> list[str]:
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
        lines += [f'    config["{name}"] = keras.saving.deserialize_keras_object(config["{name}"])' for name in nested]
        lines += ["    return cls(**config)"]
    return "\n".join(lines).strip()


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


def line_of(cls: type) -> list[Any] | None:
    """File and line of the class's own constructor."""
    function = vars(cls).get("__init__")
    code = getattr(inspect.unwrap(function), "__code__", None) if function else None
    return [code.co_filename, code.co_firstlineno] if code is not None else origin_of(cls)
