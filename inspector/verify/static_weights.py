"""The file's tensors against its config: what no layer takes, what does not fit, what stays fresh."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..analyses.facts import find_facts, stored_weights
from ..analyses.totals import is_seed
from ..graph import Model, Unknown
from .files import OTHERS
from .records import LOST, UNKNOWN, Finding
from .static_config import layers_of, policy_of

DECLARED = ("functional", "sequential")
SOME = 5


def find_unbuilt(model: Model) -> Iterator[Finding]:
    """A subclassed root without a recorded input shape: Keras cannot build it, and loads no weights that it lacks."""
    graph = model.graph
    if graph.kind != "subclassed" or model.format not in ("keras", "keras-dir"):
        return
    index = model.weights
    if index is None or not index.tensors:
        return
    shapes = graph.build_config or {}
    if not any(value is not None for value in shapes.values()):
        yield Finding(
            f"no build_config says how {graph.class_name} was built: of its {len(index.tensors)} tensors Keras "
            "loads those alone whose weights __init__ makes", None,
            "define build, or get_build_config and build_from_config, so that a load makes the weights first", UNKNOWN,
        )  # fmt: skip


def find_unclaimed(model: Model) -> Iterator[Finding]:
    """Tensors that no layer of the config can take."""
    index = model.weights
    if index is None or model.graph.kind not in DECLARED:
        return
    for weight in index.unclaimed:
        if weight.path.strip("/").partition("/")[0] not in OTHERS and not is_seed(weight):
            yield Finding(f"{weight.path} belongs to no layer of the config: it is not loaded", None,
                          "the config and the weights are of different models: save them together again")  # fmt: skip


def find_unread(model: Model) -> Iterator[Finding]:
    """Weights in NumPy's own archive, which Keras writes with objects in it and then refuses to read."""
    for note in model.notes:
        if note.code == "weights-not-read" and "npz" in note.message:
            yield Finding(f"{note.message}: Keras refuses it, too", None,
                          "load config.json alone, and save the model with weights_format \"h5\"", LOST)  # fmt: skip


def find_shared(model: Model) -> Iterator[Finding]:
    """A layer with weights that two models of the file hold: Keras makes it twice, and fails or parts them."""
    homes: dict[int, set[str]] = {}
    paths: dict[int, str] = {}
    for path, layer in layers_of(model):
        if layer.shared_id is not None and not path.endswith("/layer"):
            homes.setdefault(layer.shared_id, set()).add(path.rpartition("/")[0])
            paths.setdefault(layer.shared_id, path)
    facts = find_facts(model).layers
    weightless = {
        fact.path for fact in facts if fact.weights is not None and not fact.weights and fact.layer.inner is None
    }
    for number, owners in homes.items():
        if len(owners) > 1 and paths[number] not in weightless:
            listed = " and ".join(repr(owner) if owner else "the model itself" for owner in sorted(owners))
            yield Finding(
                f"it is shared by {listed}: Keras 3 cannot load that",
                paths[number],
                "keep each shared layer in one model: call the model again, not its layer",
            )


def find_misfits(model: Model) -> Iterator[Finding]:
    """Layers whose tensors are not those that their config makes."""
    if model.weights is None or model.graph.kind not in DECLARED or not model.graph.built:
        return
    facts = find_facts(model)
    if isinstance(facts.root, Unknown):
        return
    for fact in facts.layers:
        layer = fact.layer
        if layer.wraps or layer.inner is not None or fact.weights is None or layer.config.get("lora_rank"):
            continue
        if (policy_of(layer) or "").startswith(("int", "float8", "gptq", "awq")):
            continue
        stored = stored_weights(model, fact.path)
        if stored is None or fact.path not in model.weights.by_layer:
            continue
        wanted = Counter(tuple(weight.shape) for weight in fact.weights if weight.shape is not None)
        found = Counter(weight.shape for weight in stored)
        if wanted == found or sum(wanted.values()) != len(fact.weights):
            continue
        yield Finding(
            f"its config makes {spell(wanted)}, and the file has {spell(found)}", fact.path,
            "the config and the weights are of different models: save them together again",
        )  # fmt: skip


def spell(shapes: Counter[Any]) -> str:
    """Shapes of tensors in few words."""
    listed = [str(list(shape)) for shape in shapes.elements()]
    if not listed:
        return "no weights"
    return ", ".join(listed[:SOME]) + (f" and {len(listed) - SOME} more" if len(listed) > SOME else "")
