"""The facts about each layer of a model: outputs, weights, parameters, multiply-accumulates, bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph import Graph, Model, Note, Spec, TensorRef, Unknown, Weight
from ..knowledge import DTYPE_BYTES, WeightSpec, product
from .inference import Evaluation, Inference
from .layer_facts import LayerFacts, WeightFact
from .totals import Totals, distinct, is_seed, sum_totals, trains_by_variable

VARIABLE = "Variable"  # the class of a row for a variable that operations use directly


class Facts:
    """All facts of a model: its layers in order, nested ones behind their model, and the totals."""

    def __init__(self, model: Model, layers: list[LayerFacts], totals: Totals, notes: list[Note], root: Any) -> None:
        self.model = model
        self.layers = layers
        self.totals = totals
        self.notes = notes
        self.root: Evaluation | Unknown = root


def find_facts(model: Model) -> Facts:
    """Everything that follows from the config, and from the stored weights where the config does not say."""
    inference = Inference()
    root = inference.evaluate(model.graph)
    layers: list[LayerFacts] = []
    collect(model, model.graph, "", 0, inference, layers)
    macs = {} if isinstance(root, Unknown) else root.macs
    for fact in layers:
        put_macs(fact, macs.get(fact.path), root)
    sum_nested(layers, trains_by_variable(model))
    return Facts(model, layers, sum_totals(model, layers, root), inference.notes, root)


def collect(model: Model, graph: Graph, prefix: str, depth: int, inference: Inference, into: list[LayerFacts]) -> None:
    """Facts of every layer, without recursion: a nested model's layers follow it."""
    evaluation = inference.evaluate(graph)
    stack = [(graph, evaluation, prefix, prefix, depth, layer) for layer in reversed(graph.layers)]
    while stack:
        graph, evaluation, prefix, within, depth, layer = stack.pop()
        fact = LayerFacts(prefix + layer.name, depth, graph, layer)
        fact.identity = within + layer.name if layer.shared_id is None else f"#{layer.shared_id}"
        into.append(fact)
        put_outputs(fact, evaluation)
        if layer.inner is not None:
            inner = layer.inner
            nested = inner, inference.evaluate(inner), f"{fact.path}/", f"{fact.identity}/", depth + 1
            stack.extend((*nested, sub) for sub in reversed(inner.layers))
        else:
            put_weights(fact, inference.layer_weights(graph, layer), model)


def put_outputs(fact: LayerFacts, evaluation: Evaluation | Unknown) -> None:
    for index in range(len(fact.layer.calls)):
        value = evaluation if isinstance(evaluation, Unknown) else evaluation.outputs[fact.layer.name, index]
        if isinstance(value, Unknown):
            fact.unknown.setdefault("output_shape", value.why)
        fact.outputs.append(value)
    if not fact.layer.calls:
        put_standing_output(fact, evaluation)


def put_standing_output(fact: LayerFacts, evaluation: Evaluation | Unknown) -> None:
    """What a layer without calls returns: a live one may know, a variable is its own tensor, else the reason."""
    config, name = fact.layer.config, fact.layer.name
    fact.standing = fact.graph.stated.get(TensorRef(name, 0, 0))
    if fact.layer.class_name == VARIABLE and isinstance(config.get("shape"), list):
        fact.standing = Spec(tuple(config["shape"]), str(config.get("dtype")))
    if fact.standing is None:
        fact.unknown["output_shape"] = evaluation.why if isinstance(evaluation, Unknown) else never_called(fact)


def never_called(fact: LayerFacts) -> str:
    """Why a layer has no calls: nobody calls it, or the calls of its model are not known."""
    return "it is never called" if fact.graph.order and fact.graph.outputs else "the calls of its model are not known"


def put_weights(fact: LayerFacts, specs: Sequence[WeightSpec] | Unknown, model: Model) -> None:
    """Those of the live model; those its knowledge gives; those the file stores for it; else the reason."""
    if model.weights_are_live and (found := stored_weights(model, fact.path)) is not None:
        fact.weights = [name_stored(fact, weight) for weight in found]
    elif not isinstance(specs, Unknown) and None not in (sizes := [product(spec.shape) for spec in specs]):
        put_known(fact, specs, [size or 0 for size in sizes])
        return
    else:
        stored = stored_weights(model, fact.path)
        if stored is None:
            why = specs.why if isinstance(specs, Unknown) else "a dimension its weights need is open"
            fact.unknown.update(dict.fromkeys(("params", "trainable_params", "bytes"), why))
            return
        fact.weights = [name_stored(fact, weight) for weight in stored]
    count_weights(fact)


def put_known(fact: LayerFacts, specs: Sequence[WeightSpec], sizes: Sequence[int]) -> None:
    """The weights that a layer's knowledge gives, of these sizes."""
    on = fact.layer.trainable
    fact.weights = [WeightFact(s.name, s.shape, s.dtype, s.trainable and on) for s in specs]
    fact.trained_params = sum(size for size, spec in zip(sizes, specs, strict=True) if spec.trainable)
    fact.trainable_params = fact.trained_params if on else 0
    fact.params = sum(sizes)
    fact.bytes = int(sum(size * DTYPE_BYTES.get(spec.dtype, 0) for size, spec in zip(sizes, specs, strict=True)))


def stored_weights(model: Model, path: str) -> list[Weight] | None:
    """The tensors the file stores for a layer, random generators' state left out; ``None`` if it does not say."""
    index = model.weights
    if index is None:
        return None
    if path not in index.by_layer and index.live:
        return None
    if path not in index.by_layer:  # where the weights are all there is, a layer without any owns none
        return [] if index.tensors and model.graph.kind in ("subclassed", "weights") else None
    return [weight for weight in index.by_layer[path] if not is_seed(weight)]


def name_stored(fact: LayerFacts, weight: Weight) -> WeightFact:
    trainable = weight.trainable if fact.layer.trainable else False
    return WeightFact(weight.path.rpartition("/")[2], weight.shape, weight.dtype, trainable)


def count_weights(fact: LayerFacts) -> None:
    weights = fact.weights or []
    fact.params = sum(weight.params or 0 for weight in weights)
    fact.bytes = int(sum(weight.nbytes or 0 for weight in weights))
    if any(weight.trainable is None for weight in weights):
        fact.unknown["trainable_params"] = "the file stores its weights and does not say which are trainable"
    else:
        fact.trainable_params = sum(weight.params or 0 for weight in weights if weight.trainable)
        if fact.trained_params is None:
            fact.trained_params = fact.trainable_params


def put_macs(fact: LayerFacts, macs: int | Unknown | None, root: Any) -> None:
    if isinstance(macs, int) or fact.layer.class_name == VARIABLE:
        fact.macs = macs if isinstance(macs, int) else 0
        return
    source = macs if isinstance(macs, Unknown) else root if isinstance(root, Unknown) else None
    fact.unknown["macs"] = never_called(fact) if source is None else source.why


def sum_nested(layers: list[LayerFacts], by_variable: bool) -> None:
    """A nested model owns what its layers own; from the last layer up, so that inner models come first."""
    owners: list[LayerFacts] = []
    children: dict[int, list[LayerFacts]] = {}
    for fact in layers:
        del owners[fact.depth :]
        if owners:
            children.setdefault(id(owners[-1]), []).append(fact)
        owners.append(fact)
    leaves: dict[int, dict[str, LayerFacts]] = {}
    for fact in reversed(layers):
        if fact.layer.inner is not None:
            parts = children.get(id(fact), [])
            below: dict[str, LayerFacts] = {}
            for part in parts:
                below |= leaves.pop(id(part)) if id(part) in leaves else {part.identity: part}
            leaves[id(fact)] = below
            own_children(fact, parts, list(below.values()), by_variable)


def own_children(fact: LayerFacts, parts: list[LayerFacts], leaves: list[LayerFacts], by_variable: bool) -> None:
    """What the layers below own, an object that stands there several times once."""
    frozen = fact.layer.kind == "functional" and not fact.layer.trainable
    fact.weights = None if any(p.weights is None for p in parts) else [w for p in parts for w in p.weights or ()]
    for field in ("params", "trainable_params", "bytes"):
        if frozen and field == "trainable_params":
            fact.trainable_params = 0
            continue
        unknown = next((part for part in parts if getattr(part, field) is None), None)
        if unknown is None and field == "trainable_params" and not by_variable:
            fact.trainable_params = sum(part.trainable_params or 0 for part in distinct(parts))
        elif unknown is None:
            named = "trained_params" if field == "trainable_params" else field
            setattr(fact, field, sum(getattr(leaf, named) or 0 for leaf in leaves))
        else:
            fact.unknown[field] = f"{unknown.layer.name!r}: {unknown.unknown.get(field, 'not known')}"


__all__ = ["Facts", "LayerFacts", "Totals", "WeightFact", "find_facts"]
