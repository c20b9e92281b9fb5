"""A model's sums: each variable once, whatever shares it; a sum with an unknown part is unknown, with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..graph import Model, Unknown, Weight
from .layer_facts import LayerFacts

SEED_SHAPE, SEED_DTYPE = (2,), "uint32"
FROM_CODE = "code"
Size = tuple[int | None, float | None, str]  # parameters, bytes, dtype


class Totals:
    """The sums; ``known_params`` and ``known_macs`` stand where the whole is ``None``, and ``unknown`` says why."""

    __slots__ = (
        "bytes",
        "bytes_by_dtype",
        "known_macs",
        "known_params",
        "macs",
        "non_trainable_params",
        "optimizer_bytes",
        "optimizer_params",
        "params",
        "trainable_params",
        "unknown",
        "unknown_layers",
    )

    def __init__(self) -> None:
        self.params: int | None = None
        self.trainable_params: int | None = None
        self.non_trainable_params: int | None = None
        self.bytes: int | None = None
        self.bytes_by_dtype: dict[str, int] = {}
        self.macs: int | None = None
        self.known_params = 0
        self.known_macs = 0
        self.optimizer_params = 0
        self.optimizer_bytes = 0
        self.unknown_layers = 0
        self.unknown: dict[str, str] = {}


def sum_totals(model: Model, layers: list[LayerFacts], root: Any) -> Totals:
    """The totals of a model's layers; of its stored tensors where only those are known."""
    totals = Totals()
    totals.unknown_layers = sum(1 for fact in layers if fact.unknown)
    sum_sizes(totals, model, layers)
    tops = [fact for fact in layers if fact.depth == 0]
    sum_trainable(totals, model, layers, tops)
    sum_macs(totals, tops, root)
    put_optimizer(totals, model)
    return totals


def sum_sizes(totals: Totals, model: Model, layers: list[LayerFacts]) -> None:
    """Parameters and bytes, in all and by dtype."""
    leaves = distinct([fact for fact in layers if fact.layer.inner is None])
    if model.graph.kind in ("subclassed", "weights") and model.format != FROM_CODE:
        sizes, missing = stored_sizes(model), None
    else:
        sizes = [(w.params, w.nbytes, w.dtype) for fact in leaves for w in fact.weights or ()]
        missing = next((fact for fact in leaves if fact.params is None), None)
    if sizes is None:
        totals.unknown.update(dict.fromkeys(("params", "bytes"), "the model's layers are not known"))
        return
    totals.known_params = sum(params or 0 for params, _, _ in sizes)
    by_dtype: dict[str, float] = {}
    for _, nbytes, dtype in sizes:
        by_dtype[dtype] = by_dtype.get(dtype, 0) + (nbytes or 0)
    totals.bytes_by_dtype = {dtype: int(by_dtype[dtype]) for dtype in sorted(by_dtype, key=by_dtype.__getitem__)[::-1]}
    if missing is not None:
        totals.unknown.update(dict.fromkeys(("params", "bytes"), blame(missing, "params")))
        return
    totals.params = totals.known_params
    totals.bytes = sum(totals.bytes_by_dtype.values())


def stored_sizes(model: Model) -> list[Size] | None:
    """Every stored tensor of a model whose layers only the file's weights tell; ``None`` where there are none."""
    index = model.weights
    if index is None or not (index.tensors or model.graph.built):
        return None
    apart = {weight.path for weight in (*index.optimizer, *index.unclaimed)}  # metrics' variables are unclaimed
    kept = [weight for weight in index.tensors if weight.path not in apart and not is_seed(weight)]
    return [(weight.size, weight.nbytes, weight.dtype) for weight in kept]


def is_seed(weight: Weight) -> bool:
    """The state of one of Keras's random generators, which is saved and is no weight."""
    return weight.shape == SEED_SHAPE and weight.dtype == SEED_DTYPE


def trains_by_variable(model: Model) -> bool:
    """Whether a model trains each variable whose own flag is set, as Keras 3 does; Keras 2 asks the layers above."""
    return not (model.keras_version or "").startswith(("1.", "2."))


def sum_trainable(totals: Totals, model: Model, layers: list[LayerFacts], tops: list[LayerFacts]) -> None:
    """What the model trains; nothing where it is frozen itself (a Sequential cannot be).

    A frozen attention or wrapper does not freeze what it builds in itself, so that Keras 3 goes on training it.
    """
    graph, by_variable = model.graph, trains_by_variable(model)
    parts = distinct([fact for fact in layers if fact.layer.inner is None] if by_variable else tops)
    missing = next((fact for fact in parts if fact.trainable_params is None), None)
    if graph.kind == "functional" and not graph.trainable:
        totals.trainable_params = 0
    elif missing is not None:
        totals.unknown["trainable_params"] = blame(missing, "trainable_params")
    elif totals.params is None:
        totals.unknown["trainable_params"] = totals.unknown["params"]
    else:
        field = "trained_params" if by_variable else "trainable_params"
        totals.trainable_params = sum(getattr(fact, field) or 0 for fact in parts)
    if totals.params is None or totals.trainable_params is None:
        totals.unknown["non_trainable_params"] = totals.unknown.get("trainable_params") or totals.unknown["params"]
    else:
        totals.non_trainable_params = totals.params - totals.trainable_params


def sum_macs(totals: Totals, tops: list[LayerFacts], root: Any) -> None:
    totals.known_macs = sum(fact.macs or 0 for fact in tops)
    missing = next((fact for fact in tops if fact.macs is None), None)
    if missing is not None:
        totals.unknown["macs"] = blame(missing, "macs")
    elif isinstance(root, Unknown):
        totals.unknown["macs"] = root.why
    else:
        totals.macs = totals.known_macs


def blame(fact: LayerFacts, field: str) -> str:
    return f"{fact.path}: {fact.unknown.get(field, 'not known')}"


def put_optimizer(totals: Totals, model: Model) -> None:
    """The optimizer's variables stand in the file alone; it is opened for them when the model was compiled."""
    if not (model.training or model.graph.kind == "weights") or model.weights is None:
        return
    for weight in model.weights.optimizer:
        totals.optimizer_params += weight.size
        totals.optimizer_bytes += weight.nbytes


def distinct(parts: Iterable[LayerFacts]) -> list[LayerFacts]:
    """The parts, an object that stands in the file several times counted once."""
    seen: dict[str, LayerFacts] = {}
    for part in parts:
        seen.setdefault(part.identity, part)
    return list(seen.values())
