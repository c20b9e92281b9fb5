"""Class, inputs and outputs, layers and their order, sharing: whether the loaded model is put together alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .records import DESIGN, Finding, Sides, place_of
from .trees import ABSENT, brief, differences

REGISTER = '@keras.saving.register_keras_serializable(package="my_package")'


def compare_class(sides: Sides) -> Iterator[Finding]:
    """The model and each layer are of the class they were of."""
    for one, other in sides.layers():
        names = [f"{layer['module'] if layer['user'] else 'keras'}.{layer['class_name']}" for layer in (one, other)]
        if names[0] != names[1]:
            yield Finding(
                f"it was a {names[0]} and came back as a {names[1]}", one["path"] or None,
                "define get_config and from_config on the class, so that Keras writes the class and not its base",
                place=place_of(one["origin"]),
            )  # fmt: skip


def compare_structure(sides: Sides) -> Iterator[Finding]:
    """Inputs and outputs: single, list or dict, order, names, shapes and dtypes; declared and as calls return them."""
    for which in ("inputs", "outputs"):
        one, other = sides.saved[which], sides.loaded[which]
        if one is not None and other is not None and one != other:
            where, was, now = next(differences(one, other))
            yield Finding(f"the {which} differ at {where}: {brief(was)} became {brief(now)}", hint=STRUCTURE_HINT)
    one = sides.before["outputs"].get("structure")
    other = sides.after["outputs"].get("structure")
    if one is not None and other is not None and one != other:
        where, was, now = next(differences(one, other))
        yield Finding(f"what a call returns differs at {where}: {brief(was)} became {brief(now)}", hint=STRUCTURE_HINT)


STRUCTURE_HINT = "name the inputs and outputs in a dict, which every version of Keras keeps, and feed them by name"


def compare_layers(sides: Sides) -> Iterator[Finding]:
    """The same layers by path, in the same order, under the same names."""
    saved = {layer["path"]: layer for layer in sides.saved["layers"]}
    loaded = {layer["path"]: layer for layer in sides.loaded["layers"]}
    for path in [path for path in saved if path not in loaded]:
        if any(parent not in loaded for parent in parents(path)) or is_unbuilt(path, saved, loaded):
            continue
        layer = saved[path]
        yield Finding(f"{layer['class_name']} {path!r} is not in the loaded model", path, MISSING_HINT)
    for path in [path for path in loaded if path not in saved]:
        if all(parent in saved for parent in parents(path)):
            yield Finding(f"{path!r} is in the loaded model alone", path, MISSING_HINT)
    if saved.keys() == loaded.keys() and list(saved) != list(loaded):
        yield Finding("its layers came back in another order", hint="make layers in the same order wherever it is made")
    renamed = [(one, other) for one, other in sides.layers() if one["name"] != other["name"]]
    counted = [(one, other) for one, other in renamed if is_counted(one) and is_counted(other)]
    for one, other in renamed:
        if (one, other) not in counted:
            yield Finding(f"its name {one['name']!r} became {other['name']!r}", one["path"] or None, NAME_HINT)
    if counted:
        one, other = counted[0]
        more = f", and {len(counted) - 1} more" if len(counted) > 1 else ""
        yield Finding(f"its name {one['name']!r} became {other['name']!r}, which Keras counts up in each process{more}",
                      one["path"] or None, NAME_HINT, DESIGN)  # fmt: skip


MISSING_HINT = "make every layer in __init__, and return in get_config all that __init__ needs to make them"
NAME_HINT = "give the layer a name: name=…, and pass it on with **kwargs"


def is_unbuilt(path: str, saved: Mapping[str, Any], loaded: Mapping[str, Any]) -> bool:
    """Whether a layer around came back unbuilt, so that it has not made its layers yet: another check tells of it."""
    owners = [owner for owner in ("", *parents(path)) if owner in saved and owner in loaded]
    return any(saved[owner]["built"] and not loaded[owner]["built"] for owner in owners)


def parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))] if path else []


def is_counted(layer: Mapping[str, Any]) -> bool:
    """Whether a name is the one that Keras makes of the class and a count."""
    stem = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", layer["class_name"]))
    stem = re.sub(r"([a-z])([A-Z])", r"\1_\2", stem).lower()
    return bool(re.fullmatch(rf"{re.escape(stem)}(_\d+)?", layer["name"])) or layer["kind"] == "input"


def compare_connections(sides: Sides) -> Iterator[Finding]:
    """Which layer takes whose tensors."""
    one, other = sides.saved["graph"], sides.loaded["graph"]
    if one is None or other is None:
        return
    for where, was, now in differences(one, other):
        yield Finding(f"the connections differ at {where}: {brief(was)} became {brief(now)}", hint=CONNECTION_HINT)
        return


CONNECTION_HINT = "save as .keras, which keeps every argument of every call"


def compare_sharing(sides: Sides) -> Iterator[Finding]:
    """Layers and variables that stand in several places are one object in all of them."""
    key = "sharing_stable" if "sharing_stable" in sides.loaded else "sharing"
    kept = {tuple(group) for group in sides.loaded[key]}
    for group, same in zip(sides.saved["sharing"], sides.saved[key], strict=True):
        if tuple(same) not in kept:
            yield Finding(
                f"{' and '.join(group)} were one, and are {ABSENT_OR_APART}",
                group[0].partition(":")[0] or None,
                "tie them in __init__ or build, which run again when the model is loaded",
            )


ABSENT_OR_APART = "separate in the loaded model"


def compare_config(sides: Sides) -> Iterator[Finding]:
    """Each layer's config, attribute by attribute."""
    for one, other in sides.layers():
        if one["config"] is None or other["config"] is None:
            continue
        for where, was, now in differences(one["config"], other["config"]):
            if where == "name" or where.startswith(("build_config", "registered_name")) or where in FLAGS:
                continue
            yield config_finding(sides, one, where, was, now)


FLAGS = ("trainable", "dtype.config.name")  # they have checks of their own


def config_finding(sides: Sides, layer: Mapping[str, Any], where: str, was: Any, now: Any) -> Finding:
    gone = " is gone" if now == ABSENT else f" became {brief(now)}"
    if layer["kind"] == "input" and where.startswith("dtype"):
        return Finding(f"{where} {brief(was)}{gone}", layer["path"], None, DESIGN)
    hint = (
        "save as .keras, which keeps it" if sides.target == "h5" else "return it in get_config, and take it in __init__"
    )
    return Finding(f"config {where}: {brief(was)}{gone}", layer["path"] or None, hint, place=place_of(layer["origin"]))


__all__ = [
    "compare_class",
    "compare_config",
    "compare_connections",
    "compare_layers",
    "compare_sharing",
    "compare_structure",
]
