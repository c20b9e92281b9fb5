"""Weights, states, vocabularies and attributes: whether the loaded model holds what the saved one held."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from .hints import build_hint
from .records import DESIGN, LOST, Finding, Sides, place_of
from .trees import brief

SOME = 5
WeightKey = tuple[str, str]


def weights_by_key(fingerprint: Mapping[str, Any]) -> dict[WeightKey, Mapping[str, Any]]:
    """Every variable that a layer keeps, by the layer's path and its own name."""
    return {(layer["path"], weight["key"]): weight for layer in fingerprint["layers"] for weight in layer["weights"]}


def spell(key: WeightKey) -> str:
    return f"{key[0]}/{key[1]}" if key[0] else key[1]


def compare_weights(sides: Sides) -> Iterator[Finding]:
    """Every weight, bit for bit, at the path where it was."""
    saved, loaded = weights_by_key(sides.saved), weights_by_key(sides.loaded)
    layers = {layer["path"]: layer for layer in sides.saved["layers"]}
    homes = {weight["sha256"]: key for key, weight in saved.items() if weight["sha256"]}
    for key, weight in saved.items():
        back = loaded.get(key)
        if back is None or (back["sha256"] == weight["sha256"] and back["shape"] == weight["shape"]):
            continue
        if (change := by_design(layers[key[0]], back, weight)) is not None:
            yield Finding(f"{spell(key)}: {change}", key[0] or None, MERGE_HINT, DESIGN)
        elif back["shape"] != weight["shape"] or back["dtype"] != weight["dtype"]:
            was, now = (f"{w['dtype']} {w['shape']}" for w in (weight, back))
            yield Finding(f"{spell(key)}: {was} became {now}", key[0] or None, SHAPE_HINT)
        else:
            yield Finding(*moved_or_lost(key, back, homes), hint=lost_hint(layers[key[0]]))


def moved_or_lost(key: WeightKey, back: Mapping[str, Any], homes: Mapping[str, WeightKey]) -> tuple[str, str | None]:
    """A weight that came back with other values, and whether these are another layer's."""
    home = homes.get(back["sha256"])
    if home is not None and home != key:
        return f"{spell(key)} holds what {spell(home)} held: the weights went to another layer", key[0] or None
    return f"{spell(key)} came back with other values", key[0] or None


MERGE_HINT = "before merging, keep the adapters apart: save layer.lora_kernel_a and layer.lora_kernel_b by themselves"
SHAPE_HINT = "return in get_config every argument that a shape depends on"


def lost_hint(layer: Mapping[str, Any]) -> str:
    if not layer["tracked"]:
        return f"keep {layer['path']!r} in a plain attribute, self.name = layer, so that Keras tracks it"
    return "keep the layer in an attribute of its own, and make it in __init__ with the same arguments"


def by_design(layer: Mapping[str, Any], back: Mapping[str, Any], weight: Mapping[str, Any]) -> str | None:
    """What Keras does to a layer with LoRA: it merges the adapters into the kernel, and starts them anew."""
    if layer["lora"] is None:
        return None
    if "lora" in weight["name"]:
        return "LoRA adapters start anew: they are merged into the kernel when a model is saved"
    if layer["quantization"] is not None or weight["dtype"] == "int8":
        return None
    return "LoRA is merged into the kernel when a model is saved"


def compare_missing(sides: Sides) -> Iterator[Finding]:
    """Weights that the saved model has and the loaded one lacks, or has only once it is called, with fresh values."""
    saved, loaded = weights_by_key(sides.saved), weights_by_key(sides.loaded)
    late = {(item["path"], item["key"]) for item in sides.after["late"]}
    gone = [key for key in saved if key not in loaded]
    by_layer: dict[str, list[str]] = {}
    for key in gone:
        by_layer.setdefault(key[0], []).append(key[1])
    layers = {layer["path"]: layer for layer in sides.saved["layers"]}
    for path, names in by_layer.items():
        made = any((path, name) in late for name in names)
        how = "made anew with random values at the first call" if made else "never made"
        if layers[path]["lora"] is not None and all("lora" in name for name in names):
            yield Finding(f"{path}: LoRA adapters are merged into the kernel", path, MERGE_HINT, DESIGN)
            continue
        yield Finding(f"{', '.join(names)} of {path or 'the model'}: not loaded, {how}", path or None,
                      build_hint(sides), place=place_of(owner_of(path, layers)))  # fmt: skip


def owner_of(path: str, layers: Mapping[str, Mapping[str, Any]]) -> Any:
    """Where the nearest layer around a path is defined that is not Keras's own."""
    while path and not layers.get(path, {}).get("origin"):
        path = path.rpartition("/")[0]
    return layers.get(path, {}).get("origin")


def compare_fresh(sides: Sides) -> Iterator[Finding]:
    """Weights of the loaded model that nothing was loaded into."""
    saved = weights_by_key(sides.saved) if sides.target != "original" else {}
    equal = {spell_plain(key) for key, weight in weights_by_key(sides.loaded).items()
             if key in saved and weight["sha256"] == saved[key]["sha256"]}  # fmt: skip
    fresh = [path for path in sides.after["fresh"] if path not in equal and "seed_generator" not in path]
    if fresh:
        listed = ", ".join(fresh[:SOME]) + (f" and {len(fresh) - SOME} more" if len(fresh) > SOME else "")
        yield Finding(f"{len(fresh)} weights keep the values they were made with: {listed}",
                      fresh[0].partition(":")[0] or None, build_hint(sides))  # fmt: skip


def spell_plain(key: WeightKey) -> str:
    return f"{key[0]}:{key[1]}"


def compare_file(sides: Sides) -> Iterator[Finding]:
    """Tensors of the file that no weight of the loaded model holds."""
    stored = sides.after.get("stored")
    if stored is None:
        return
    held = Counter(weight["sha256"] for weight in weights_by_key(sides.loaded).values())
    held.update(sides.loaded.get("beside", ()))
    strange = {home_of(path) for path, sha in stored if not held[sha]}
    # Of tensors with equal values, such as biases of zeros, those count as lost that stand beside one that is
    for path, sha in sorted(stored, key=lambda item: home_of(item[0]) in strange):
        if held[sha]:
            held[sha] -= 1
        else:
            yield Finding(f"{path} is in the file, and not in the loaded model", hint=unloaded_hint(path, sides))


def home_of(path: str) -> str:
    return path.rpartition("/")[0]


def unloaded_hint(path: str, sides: Sides) -> str:
    """A layer that is not built, or something else that an attribute keeps, such as a second optimizer."""
    owner = path.strip("/").partition("/")[0]
    known = {place.partition("/")[0] for layer in sides.saved["layers"] for place in (layer["path"], layer["name"])}
    if sides.saved["kind"] != "subclassed" or owner in known or owner in ("layers", "_layer_checkpoint_dependencies"):
        return build_hint(sides)
    return (f"nothing makes self.{owner} when the model is loaded: make it in __init__, or, where compile makes it, "
            f"return its settings in get_compile_config and make it in compile_from_config")  # fmt: skip


def compare_vocabulary(sides: Sides) -> Iterator[Finding]:
    """Lookup layers know the words they knew."""
    for one, other in sides.layers():
        was, now = one["vocabulary"], other["vocabulary"]
        if was and was != now:
            size = (now or {}).get("size")
            yield Finding(
                f"a vocabulary of {was['size']} words came back " + ("empty" if size is None else f"of {size}"),
                one["path"],
                VOCABULARY_HINT,
            )


VOCABULARY_HINT = "save as .keras, which brings vocabularies along as assets; an .h5 file cannot"


def compare_seeds(sides: Sides) -> Iterator[Finding]:
    """Random generators go on where they were."""
    for one, other in sides.layers():
        if one["seeds"] and one["seeds"] != other["seeds"]:
            yield Finding("its random generator starts anew when it is loaded", one["path"] or None,
                          "set the seed after loading where the masks of a training must go on", DESIGN)  # fmt: skip


def compare_states(sides: Sides) -> Iterator[Finding]:
    """Stateful recurrent layers go on from the states they had."""
    for one, other in sides.layers():
        if one["states"] and one["states"] != other["states"]:
            yield Finding("the states that it carries from batch to batch are gone", one["path"] or None,
                          "keep layer.states beside the file, and assign them after loading")  # fmt: skip


def compare_attributes(sides: Sides) -> Iterator[Finding]:
    """Python attributes, arrays and variables that stand on objects and that Keras does not keep."""
    differ = any(not item["ok"] for item in sides.after.get("outputs", {}).get("differences", ()))
    for one, other in sides.layers():
        # What a class holds for all its objects, such as a count of them, is told where the outputs suffer
        held = [{**side.get("class_attributes", {}), **side["attributes"]} if differ else side["attributes"]
                for side in (one, other)]  # fmt: skip
        for name, was in held[0].items():
            now = held[1].get(name, NOTHING)
            if now == was:
                continue
            became = "is gone" if now is NOTHING else f"became {brief(now)}"
            yield Finding(
                f"self.{name} was {brief(was)} and {became}",
                one["path"] or None,
                attribute_hint(name, was, one),
                LOST,
                place_of(one["origin"]),
            )


NOTHING = object()


ARRAY = re.compile(r"u?(?:b?float|int)\d+ \[[\d, ]*\] [0-9a-f]{12}")  # how the fingerprint tells an array


def holds_array(value: Any) -> bool:
    """Whether there are arrays in a container, which a config cannot hand back to a constructor as they were."""
    if isinstance(value, Mapping):
        return any(holds_array(item) for item in value.values())
    if isinstance(value, list):
        return any(holds_array(item) for item in value)
    return isinstance(value, str) and ARRAY.fullmatch(value) is not None


def attribute_hint(name: str, was: Any, layer: Mapping[str, Any]) -> str:
    """A weight for an array, an entry of the config for the rest."""
    if isinstance(was, str) and "[" in was and was.split(" ")[0] not in ("function",):
        shape = was.partition("[")[2].partition("]")[0]
        return (f"make it a weight, which is saved: self.{name} = self.add_weight(shape=({shape},), "
                f'trainable=False, name="{name}")')  # fmt: skip
    if holds_array(was):
        return (f"make every array in self.{name} a weight, which is saved: self.add_weight(shape=…, trainable=False), "
                "and assign to it")  # fmt: skip
    if layer.get("own_config") and name in (layer["config"] or {}):
        return f"get_config returns another {name!r} than __init__ took: return it unchanged"
    if layer["user"] and not layer["path"].startswith("#"):
        return f'take {name!r} in __init__ and return it in get_config: "{name}": self.{name}'
    return f"keep {name!r} beside the file: Keras saves no attributes of its own classes"
