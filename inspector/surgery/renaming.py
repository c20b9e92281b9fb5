"""Names of layers as Keras 3 takes them: those of Keras 2 may have slashes, as DenseNet's ``conv1/relu``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def without_slashes(names: Iterable[str]) -> dict[str, str]:
    """The new name of each that has slashes, unlike all others."""
    listed = list(names)
    taken, found = set(listed), {}
    for name in listed:
        if "/" in name:
            base = new = name.replace("/", "_")
            number = 1
            while new in taken:
                new, number = f"{base}_{number}", number + 1
            taken.add(new)
            found[name] = new
    return found


def rename_layer(data: Mapping[str, Any], name: str, names: Mapping[str, str]) -> dict[str, Any]:
    """A serialised layer by another name, its calls on layers that have other names."""
    return {**rename_references(dict(data), names), "config": {**data["config"], "name": name}}


def rename_references(data: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The calls of a serialised layer, with the tensors in them named anew."""
    stack: list[Any] = [data.get("inbound_nodes")] if names else []
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            if value.get("class_name") == "__keras_tensor__":
                config = value["config"]
                layer, *place = config["keras_history"]
                value["config"] = {**config, "keras_history": [names.get(layer, layer), *place]}
            else:
                stack.extend(value.values())
        elif isinstance(value, (list, tuple)):
            stack.extend(value)
    return data


__all__ = ["rename_layer", "without_slashes"]
