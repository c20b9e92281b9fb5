"""The facts about each layer of a model: outputs, weights, parameters, multiply-accumulates, bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..graph import Graph, Layer, Model, Note, Unknown, Weight
from ..knowledge import DTYPE_BYTES, WeightSpec, product
from .inference import Evaluation, Inference

SEED_SHAPE, SEED_DTYPE = (2,), "uint32"
FROM_CODE = "code"


class WeightFact(NamedTuple):
    """A weight of a layer. ``trainable`` is ``None`` where the file does not say."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str
    trainable: bool | None

    @property
    def params(self) -> int | None:
        return product(self.shape)

    @property
    def nbytes(self) -> float | None:
        size, width = product(self.shape), DTYPE_BYTES.get(self.dtype)
        return None if size is None or width is None else size * width


class LayerFacts:
    """What is known of one layer, and in ``unknown`` what is not, by the field's name."""

    __slots__ = (
        "bytes",
        "depth",
        "graph",
        "layer",
        "macs",
        "outputs",
        "params",
        "path",
        "trainable_params",
        "unknown",
        "weights",
    )

    def __init__(self, path: str, depth: int, graph: Graph, layer: Layer) -> None:
        self.graph = graph
        self.path = path
        self.depth = depth
        self.layer = layer
        self.outputs: list[Any] = []
        self.weights: list[WeightFact] | None = None
        self.params: int | None = None
        self.trainable_params: int | None = None
        self.macs: int | None = None
        self.bytes: int | None = None
        self.unknown: dict[str, str] = {}


class Totals:
    """A model's sums; each variable counts once, and a sum with an unknown part is ``None`` beside its known part."""

    __slots__ = ("bytes", "bytes_by_dtype", "known_macs", "known_params", "macs", "non_trainable_params", "optimizer_bytes",
                 "optimizer_params", "params", "trainable_params", "unknown_layers")  # fmt: skip

    def __init__(self) -> None:
        self.params: int | None = 0
        self.trainable_params: int | None = 0
        self.non_trainable_params: int | None = 0
        self.bytes: int | None = 0
        self.bytes_by_dtype: dict[str, int] = {}
        self.macs: int | None = 0
        self.known_params = 0
        self.known_macs = 0
        self.optimizer_params = 0
        self.optimizer_bytes = 0
        self.unknown_layers = 0


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
    sum_nested(layers)
    return Facts(model, layers, sum_totals(model, layers, root), inference.notes, root)


def collect(model: Model, graph: Graph, prefix: str, depth: int, inference: Inference, into: list[LayerFacts]) -> None:
    """Facts of every layer, without recursion: a nested model's layers follow it."""
    stack = [(graph, prefix, depth, layer) for layer in reversed(graph.layers)]
    while stack:
        graph, prefix, depth, layer = stack.pop()
        fact = LayerFacts(prefix + layer.name, depth, graph, layer)
        into.append(fact)
        evaluation = inference.evaluate(graph)
        put_outputs(fact, evaluation)
        if layer.inner is not None:
            inner = layer.inner
            stack.extend((inner, f"{fact.path}/", depth + 1, sub) for sub in reversed(inner.layers))
        else:
            put_weights(fact, inference.layer_weights(graph, layer), model)


def put_outputs(fact: LayerFacts, evaluation: Evaluation | Unknown) -> None:
    for index in range(len(fact.layer.calls)):
        value = evaluation if isinstance(evaluation, Unknown) else evaluation.outputs[fact.layer.name, index]
        if isinstance(value, Unknown):
            fact.unknown.setdefault("output_shape", value.why)
        fact.outputs.append(value)
    if not fact.layer.calls:
        why = evaluation.why if isinstance(evaluation, Unknown) else "it is never called"
        fact.unknown["output_shape"] = why


def put_weights(fact: LayerFacts, specs: Sequence[WeightSpec] | Unknown, model: Model) -> None:
    """Those of the live model; those its knowledge gives; those the file stores for it; else the reason."""
    if model.weights_are_live and (found := stored_weights(model, fact.path)) is not None:
        fact.weights = [name_stored(fact, weight) for weight in found]
    elif not isinstance(specs, Unknown) and all(product(spec.shape) is not None for spec in specs):
        on = fact.layer.trainable
        fact.weights = [WeightFact(s.name, s.shape, s.dtype, s.trainable and on) for s in specs]
    else:
        stored = stored_weights(model, fact.path)
        if stored is None:
            why = specs.why if isinstance(specs, Unknown) else "a dimension its weights need is open"
            fact.unknown.update(dict.fromkeys(("params", "trainable_params", "bytes"), why))
            return
        fact.weights = [name_stored(fact, weight) for weight in stored]
    count_weights(fact)


def stored_weights(model: Model, path: str) -> list[Weight] | None:
    """The tensors the file stores for a layer, random generators' state left out; ``None`` if it does not say."""
    index = model.weights
    if index is None:
        return None
    if path not in index.by_layer:  # where the weights are all there is, a layer without any owns none
        return [] if index.tensors and model.graph.kind in ("subclassed", "weights") else None
    return [weight for weight in index.by_layer[path] if not is_seed(weight)]


def is_seed(weight: Weight) -> bool:
    """The state of one of Keras's random generators, which is saved and is no weight."""
    return weight.shape == SEED_SHAPE and weight.dtype == SEED_DTYPE


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


def put_macs(fact: LayerFacts, macs: int | Unknown | None, root: Any) -> None:
    if isinstance(macs, int):
        fact.macs = macs
        return
    source = macs if isinstance(macs, Unknown) else root if isinstance(root, Unknown) else None
    fact.unknown["macs"] = source.why if source else "it is never called"


def sum_nested(layers: list[LayerFacts]) -> None:
    """A nested model owns what its layers own; from the last layer up, so that inner models come first."""
    owners: list[LayerFacts] = []
    children: dict[int, list[LayerFacts]] = {}
    for fact in layers:
        del owners[fact.depth :]
        if owners:
            children.setdefault(id(owners[-1]), []).append(fact)
        owners.append(fact)
    for fact in reversed(layers):
        if fact.layer.inner is not None:
            own_children(fact, children.get(id(fact), []))


def own_children(fact: LayerFacts, parts: list[LayerFacts]) -> None:
    frozen = fact.layer.kind == "functional" and not fact.layer.trainable
    fact.weights = None if any(p.weights is None for p in parts) else [w for p in parts for w in p.weights or ()]
    for field in ("params", "trainable_params", "bytes"):
        if frozen and field == "trainable_params":
            fact.trainable_params = 0
            continue
        unknown = next((part for part in parts if getattr(part, field) is None), None)
        if unknown is None:
            setattr(fact, field, sum(getattr(part, field) for part in distinct(parts)))
        else:
            fact.unknown[field] = f"{unknown.layer.name!r}: {unknown.unknown.get(field, 'not known')}"


def distinct(parts: list[LayerFacts]) -> list[LayerFacts]:
    """The parts, an object that stands in the file several times counted once."""
    seen: set[int] = set()
    kept = []
    for part in parts:
        shared = part.layer.shared_id
        if shared is None or shared not in seen:
            kept.append(part)
        if shared is not None:
            seen.add(shared)
    return kept


def sum_totals(model: Model, layers: list[LayerFacts], root: Any) -> Totals:
    totals = Totals()
    leaves = distinct([fact for fact in layers if fact.layer.inner is None])
    sizes = [(fact.params, fact.bytes) for fact in leaves]
    if model.graph.kind in ("subclassed", "weights") and model.format != FROM_CODE:
        sizes = stored_sizes(model)
    totals.known_params = sum(params or 0 for params, _ in sizes)
    totals.unknown_layers = sum(1 for fact in layers if fact.unknown)
    totals.params = None if any(params is None for params, _ in sizes) else totals.known_params
    totals.bytes = None if any(size is None for _, size in sizes) else sum(size or 0 for _, size in sizes)
    totals.trainable_params = sum_trainable(model.graph, layers) if totals.params is not None else None
    if totals.params is not None and totals.trainable_params is not None:
        totals.non_trainable_params = totals.params - totals.trainable_params
    else:
        totals.non_trainable_params = None
    tops = [fact for fact in layers if fact.depth == 0]
    totals.known_macs = sum(fact.macs or 0 for fact in tops)
    unknown_macs = isinstance(root, Unknown) or any(fact.macs is None for fact in tops)
    totals.macs = None if unknown_macs else totals.known_macs
    put_optimizer(model, totals)
    return totals


def stored_sizes(model: Model) -> list[tuple[int | None, int | None]]:
    """Parameters and bytes of every stored tensor of a model whose layers only the file's weights tell."""
    index = model.weights
    if index is None or not (index.tensors or model.graph.built):
        return [(None, None)]
    optimizer = {weight.path for weight in index.optimizer}
    kept = [weight for weight in index.tensors if weight.path not in optimizer and not is_seed(weight)]
    return [(weight.size, weight.nbytes) for weight in kept]


def sum_trainable(graph: Graph, layers: list[LayerFacts]) -> int | None:
    """Top-level layers' trainable parameters; none where the model itself is frozen (a Sequential cannot be)."""
    if graph.kind == "functional" and not graph.trainable:
        return 0
    tops = distinct([fact for fact in layers if fact.depth == 0])
    if any(fact.trainable_params is None for fact in tops):
        return None
    return sum(fact.trainable_params or 0 for fact in tops)


def put_optimizer(model: Model, totals: Totals) -> None:
    """The optimizer's variables stand in the file alone; it is opened for them when the model was compiled."""
    if not model.training or model.weights is None:
        return
    for weight in model.weights.optimizer:
        totals.optimizer_params += weight.size
        totals.optimizer_bytes += weight.nbytes
