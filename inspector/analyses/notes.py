"""What a summary must say beside its numbers: what is opaque, unbuilt, shared, never called or unknown."""

from __future__ import annotations

from collections.abc import Iterator

from ..graph import Model, Note
from ..layers import find_knowledge
from .facts import VARIABLE, Facts, LayerFacts

UNBUILT_FILE = "the model was saved before it was built: shapes and parameters are not in the file"
UNBUILT_CODE = "the model is not built: give the shape it is to be built for with --input-shape"
FOLLOWS = (
    "the output of",
    "it is never called",
    "the calls of its model",
    "'",
)  # reasons that only pass on another layer's


def find_notes(facts: Facts) -> list[Note]:
    """Notes in the file's order: first on the model, then on its layers."""
    return [
        *model_notes(facts),
        *(note for fact in facts.layers for note in layer_notes(fact, facts.model)),
        *object_notes(facts),
    ]


def model_notes(facts: Facts) -> Iterator[Note]:
    graph = facts.model.graph
    if graph.kind == "weights":
        yield Note("opaque", "weights alone: the file says neither what its layers are nor how they are connected")
    elif graph.kind == "subclassed" and not graph.layers:
        yield Note("opaque", "a subclassed model: the file holds its class and config, and not which layers it calls")
    if not graph.built and graph.kind != "weights":
        yield Note("unbuilt", UNBUILT_CODE if facts.model.format == "code" else UNBUILT_FILE)
    yield from unclaimed_notes(facts)


def unclaimed_notes(facts: Facts) -> Iterator[Note]:
    """Stored tensors that no row of the table owns; said only where the weights had to be opened anyhow."""
    index = vars(facts.model).get("weights")
    if index is not None and index.unclaimed:
        paths = ", ".join(repr(weight.path) for weight in index.unclaimed[:3])
        more = ", …" if len(index.unclaimed) > 3 else ""
        yield Note("unclaimed", f"{len(index.unclaimed)} stored tensors belong to no layer listed here: {paths}{more}")


def is_opaque(fact: LayerFacts, model: Model) -> bool:
    """A class that is not Keras's own, and whose inside was not recovered from its code."""
    layer, part = fact.layer, model.parts.get(fact.path)
    if layer.kind not in ("layer", "subclassed") or layer.inner is not None or layer.class_name in ("", VARIABLE):
        return False
    return find_knowledge(layer) is None and (part is None or part.verdict != "recovered")


def layer_notes(fact: LayerFacts, model: Model) -> Iterator[Note]:
    layer = fact.layer
    calls = len(layer.calls)
    if is_opaque(fact, model):
        yield Note("opaque", f"{layer.class_name} is not a layer of Keras: its inside is not known", fact.path)
    if layer.inner is not None and not layer.inner.built and layer.inner.kind != "weights":
        yield Note("unbuilt", "saved before it was built", fact.path)
    if calls > 1:
        yield Note("shared", f"called {calls} times; its parameters count once", fact.path)
    if (
        not calls
        and fact.graph.order is not None
        and fact.graph.built
        and fact.graph.kind in ("functional", "sequential")
    ):
        yield Note("uncalled", "never called: no output of the model can depend on it", fact.path)
    for field in ("output_shape", "params", "macs"):
        why = fact.unknown.get(field, "")
        if why and not why.startswith(FOLLOWS) and "is not built" not in why and "is not a layer of Keras" not in why:
            yield Note("unknown", why, fact.path)
            break


def object_notes(facts: Facts) -> Iterator[Note]:
    """Layers that stand in the file several times and are one object with one set of weights."""
    together: dict[int, list[str]] = {}
    for fact in facts.layers:
        if fact.layer.shared_id is not None and fact.layer.kind != "operation":
            together.setdefault(fact.layer.shared_id, []).append(fact.path)
    for paths in together.values():
        if len(paths) > 1:
            yield Note(
                "shared", f"one object with {', '.join(map(repr, paths[1:]))}: its parameters count once", paths[0]
            )
