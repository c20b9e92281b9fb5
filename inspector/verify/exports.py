"""A SavedModel beside the model it was exported from: a function and its variables, and nothing else of a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from .records import DESIGN, KEPT, LOST, Check
from .structure import STRUCTURE_HINT
from .trees import brief, differences
from .values import weights_by_key

RELOAD_HINT = (
    'to call it in Keras 3: keras.layers.TFSMLayer(path, call_endpoint="serve"); '
    "keep a .keras file beside it to go on training or to change the model"
)


def compare_export(before: Mapping[str, Any], after: Mapping[str, Any], target: str) -> Iterator[Check]:
    """Class, signature, structure of the outputs, weights and their flags; outputs are compared as for any form."""
    yield Check("class", target, DESIGN, "a SavedModel is a function for serving, which Keras 3 does not load as a "
                "model: no config, layers or optimizer", None, RELOAD_HINT)  # fmt: skip
    yield from check_signature(before["fingerprint"], after, target)
    yield from check_structure(before, after, target)
    yield from check_weights(before["fingerprint"], after, target)
    yield from check_flags(before["fingerprint"], after, target)


def check_signature(fingerprint: Mapping[str, Any], after: Mapping[str, Any], target: str) -> Iterator[Check]:
    """The inputs that the model declares are those that serving takes: shapes, dtypes, and names that somebody gave."""
    signature = after["signatures"].get("serving_default")
    if signature is None:
        yield Check("signature", target, LOST, "it has no signature serving_default", None,
                    "call the model once before it is exported, so that its inputs are known")  # fmt: skip
        return
    declared = list(leaves(fingerprint["inputs"])) if fingerprint["inputs"] is not None else None
    taken = signature["inputs"]
    found = Counter(repr(spec) for spec in taken.values())
    if declared is not None and Counter(repr([shape, dtype]) for shape, dtype, _ in declared) != found:
        yield Check("signature", target, LOST, f"the model takes {spell(declared)}, and serving takes {brief(taken)}",
                    None, STRUCTURE_HINT)  # fmt: skip
        return
    unnamed = [name for *_, name in declared or () if name is not None and name not in taken]
    if unnamed:
        yield Check("signature", target, DESIGN, f"inputs {', '.join(unnamed)} go by the keys {', '.join(taken)}", None,
                    "feed serving by these keys")  # fmt: skip
    outputs = ", ".join(signature["outputs"])
    yield Check("signature", target, KEPT, f"serving takes {', '.join(taken) or 'nothing'}, and returns {outputs}")


def leaves(structure: Any) -> Iterator[list[Any]]:
    """[shape, dtype, name] of each tensor of a structure."""
    for kind, value in structure.items():
        if kind == "leaf":
            if value is not None:
                yield value
            continue
        for item in value:
            yield from leaves(item[1] if kind == "dict" else item)


def spell(declared: list[list[Any]]) -> str:
    return brief(", ".join(f"{name or 'an input'} {dtype} {shape}" for shape, dtype, name in declared))


def check_structure(before: Mapping[str, Any], after: Mapping[str, Any], target: str) -> Iterator[Check]:
    """What a call returns: single, list or dict; a tuple may come back as a list."""
    one, other = before["outputs"].get("structure"), after["outputs"].get("structure")
    if one is None or other is None:
        return
    for where, was, now in differences(as_list(one), as_list(other)):
        yield Check("structure", target, LOST, f"what a call returns differs at {where}: {brief(was)} became "
                    f"{brief(now)}", None, STRUCTURE_HINT)  # fmt: skip
        return
    yield Check("structure", target, KEPT, "a call returns what it returned")


def as_list(structure: Any) -> Any:
    """Tuples as lists, and the entries of dicts in one order, as TensorFlow keeps them."""
    (kind, value), *_ = structure.items()
    if kind == "leaf":
        return structure
    if kind == "dict":
        return {"dict": sorted(([key, as_list(item)] for key, item in value), key=lambda pair: str(pair[0]))}
    return {"list": [as_list(item) for item in value]}


def check_weights(fingerprint: Mapping[str, Any], after: Mapping[str, Any], target: str) -> Iterator[Check]:
    """Every weight of the model is among the variables, bit for bit."""
    weights = {key: w for key, w in weights_by_key(fingerprint).items() if "seed" not in w["name"]}
    gone = [key for key, weight in weights.items() if weight["sha256"] not in after["hashes"]]
    for key in gone:
        yield Check("weights", target, LOST, f"{'/'.join(filter(None, key))} is not in the SavedModel", key[0] or None,
                    "a weight that the call does not use is not exported; export a function that uses it")  # fmt: skip
    if not gone:
        yield Check("weights", target, KEPT, f"{len(weights)} weights are equal bit for bit")


def check_flags(fingerprint: Mapping[str, Any], after: Mapping[str, Any], target: str) -> Iterator[Check]:
    """What was frozen is not among the variables that can be trained, and what was not is."""
    frozen = {layer["path"] for layer in fingerprint["layers"] if not layer["trainable"]}
    weights = weights_by_key(fingerprint)
    values = Counter(weight["sha256"] for weight in weights.values())
    told = []
    for (path, name), weight in weights.items():
        value = weight["sha256"]
        if values[value] > 1 or value not in after["hashes"] or "seed" in weight["name"]:
            continue  # variables are told apart by their values alone
        if (value in after["trained"]) != (weight["trainable"] and not is_below(path, frozen)):
            told.append((path, name))
    for path, name in told:
        yield Check("trainable", target, LOST, f"{name} went to the other side of what can be trained", path or None,
                    "set the flags again on the variables of the loaded SavedModel")  # fmt: skip
    if not told:
        yield Check("trainable", target, KEPT, "trainable flags are as they were")


def is_below(path: str, frozen: set[str]) -> bool:
    """Whether a layer or one around it is frozen."""
    parts = path.split("/")
    return any(parent in frozen for parent in ("", *("/".join(parts[:count]) for count in range(1, len(parts) + 1))))
