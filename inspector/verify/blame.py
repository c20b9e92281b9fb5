"""Which layer, and which class of the user's, an error of Keras is about."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from .records import place_of

CLASS = re.compile(
    r"Could not locate class '(?:[^'>]*>)?(\w+)'|Unknown layer: '(?:[^'>]*>)?(\w+)'|(\w+)\.__init__\(\)"
    r"|constructor to <class '(?:[^']*\.)?(\w+)'>|Object (\w+) was created"
)
FUNCTION = re.compile(r"Could not locate function '(?:[^'>]*>)?(\w+)'")
LAMBDA = "__lambda__"  # how Keras writes a lambda into a config
Where = tuple[str | None, tuple[str, int] | None]


def blame(problem: Mapping[str, Any], before: Mapping[str, Any]) -> Where:
    """The path of the layer and a line of its code, as far as the error and the configs tell them."""
    place = place_of(problem["place"])
    found = CLASS.search(problem["message"])
    name = next((name for name in found.groups() if name), None) if found else None
    entry = next((entry for entry in before["classes"] if entry["class_name"] == name), None) or around(place, before)
    if entry is not None:
        return entry["path"] or None, place or place_of(entry["origin"])
    return layer_of(problem, before["fingerprint"]["layers"]), place


def around(place: tuple[str, int] | None, before: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The class of the model in whose code a line lies."""
    near = [entry for entry in before["classes"] if place and entry.get("span") and entry["span"][0] == place[0]
            and entry["span"][1] <= place[1] < entry["span"][2]]  # fmt: skip
    return near[0] if near else None


def layer_of(problem: Mapping[str, Any], layers: list[Mapping[str, Any]]) -> str | None:
    """The layer whose config cannot be made, or holds the function or the lambda that cannot be found again."""
    message = problem["message"]
    function = FUNCTION.search(message)
    wanted = f'"{function[1]}"' if function else f'"{LAMBDA}"' if "ambda" in message or "'value'" in message else None
    for layer in layers[1:]:
        error = layer["config_error"]
        if error is not None and error["message"][:80] in message:
            return str(layer["path"])
        if wanted is not None and layer["config"] is not None and wanted in json.dumps(layer["config"]):
            return str(layer["path"])
    return None
