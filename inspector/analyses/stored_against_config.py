"""The tensors of a file against the weights that its config makes: what no layer takes, what a layer lacks.

Keras finds the tensors of a ``.keras`` file by class and number of a layer, those of an ``.h5`` file by position among
the layers with weights. Only layers whose weights are known are looked at: no custom ones, none with LoRA, none that
is quantized.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from ..graph import Model, Unknown, Weight
from ..knowledge import policy_of
from ..layers import find_knowledge
from ..readers.weight_paths import METRICS
from .facts import Facts
from .layer_facts import LayerFacts
from .totals import is_seed

ORPHAN, MISSING, SHAPE, DTYPE, POSITION, PARTED = "orphan", "missing", "shape", "dtype", "position", "parted"
OWN_ROOTS = ("Functional", "Model", "Sequential")
OTHERS = (*METRICS, "optimizer", "_optimizer", "_loss_tracker", "loss_tracker")
H5_WEIGHTS = "model_weights/"
MOST = 200  # layers that are told of: a file in which more do not fit is of another model altogether
Shapes = tuple[tuple[int | None, ...], ...]


class Misfit(NamedTuple):
    """A layer whose tensors are not those its config makes; of an orphan, what is stored and by which name."""

    kind: str
    fact: LayerFacts | None
    wanted: Shapes
    found: Shapes
    stored: str | None = None  # the name in the file of what no layer, or another one, takes
    dtypes: tuple[str, str] | None = None  # the config's, the file's
    sizes: int = 0  # how many parameters it is about
    places: tuple[str, ...] = ()  # where the one layer stands


def find_misfits(model: Model, facts: Facts) -> list[Misfit]:
    """Everything that does not fit; nothing where the file does not say which tensors are whose."""
    graph, index = model.graph, model.weights
    if index is None or index.live or graph.kind not in ("functional", "sequential") or not graph.built:
        return []
    if graph.class_name not in OWN_ROOTS or isinstance(facts.root, Unknown):
        return []
    if model.format == "h5":
        return list(islice(compare_positions(model, facts), MOST))
    parted = list(find_parted(model, facts))
    told = {path for misfit in parted for path in misfit.places}
    others = (misfit for misfit in compare_layers(model, facts) if path_of(misfit) not in told)
    return list(islice(chain(find_orphans(model), parted, others), MOST))


def path_of(misfit: Misfit) -> str | None:
    return misfit.fact.path if misfit.fact is not None else None


def find_parted(model: Model, facts: Facts) -> Iterator[Misfit]:
    """A layer with weights that several models of the file hold: Keras makes one for each, and has tensors for one."""
    places: dict[int, list[LayerFacts]] = {}
    for fact in facts.layers:
        if fact.layer.shared_id is not None and fact.layer.kind != "operation" and fact.weights != []:
            places.setdefault(fact.layer.shared_id, []).append(fact)
    for found in places.values():
        homes = {fact.path.rpartition("/")[0] for fact in found}
        if len(homes) > 1 and found[0].weights:
            paths = tuple(fact.path for fact in found)
            yield Misfit(PARTED, found[-1], wanted_shapes(found[0]), (), sizes=found[0].params or 0, places=paths)


def find_orphans(model: Model) -> Iterator[Misfit]:
    """Stored objects of a ``.keras`` file that no layer of the config is kept at; Keras passes them over."""
    owners: dict[str, list[Weight]] = {}
    for weight in model.weights.unclaimed if model.weights else ():
        if weight.path.strip("/").partition("/")[0] not in OTHERS and not is_seed(weight):
            owners.setdefault(weight.path.partition("/vars/")[0], []).append(weight)
    for owner, weights in owners.items():
        yield Misfit(ORPHAN, None, (), shapes_of(weights), owner, sizes=sum(weight.size for weight in weights))


def compare_layers(model: Model, facts: Facts) -> Iterator[Misfit]:
    """Each layer of a ``.keras`` file with what is stored for it."""
    index = model.weights
    if index is None or not (index.tensors or index.unclaimed):
        return
    has_orphans = any(not is_seed(weight) for weight in index.unclaimed)
    for fact in facts.layers:
        if fact.layer.inner is not None or not is_comparable(fact):
            continue
        if fact.path in index.by_layer:
            stored = [weight for weight in index.by_layer[fact.path] if not is_seed(weight)]
        elif has_orphans:
            stored = []
        else:
            continue
        yield from compare(fact, stored)


def compare_positions(model: Model, facts: Facts) -> Iterator[Misfit]:
    """The layers with weights of an ``.h5`` file, in order, with the stored ones, in order: names do not count."""
    tops = [fact for fact in facts.layers if fact.depth == 0]
    if any(fact.weights is None or not is_counted(fact) for fact in tops):
        return
    takers = [fact for fact in tops if fact.weights]
    groups = stored_groups(model, [fact.layer.name for fact in tops])
    if len(takers) != len(groups):
        yield from compare_names(takers, groups)
        return
    for fact, (name, stored) in zip(takers, groups, strict=True):
        if name != fact.layer.name:
            yield Misfit(POSITION, fact, wanted_shapes(fact), shapes_of(stored), name)
        yield from compare(fact, stored)


def compare_names(takers: Sequence[LayerFacts], groups: list[tuple[str, list[Weight]]]) -> Iterator[Misfit]:
    """Where the counts differ nothing is loaded: what the names tell is which are too many."""
    names, stored_names = {fact.layer.name for fact in takers}, {name for name, _ in groups}
    for name, stored in groups:
        if name not in names:
            yield Misfit(ORPHAN, None, (), shapes_of(stored), name, sizes=sum(weight.size for weight in stored))
    for fact in takers:
        if fact.layer.name not in stored_names:
            yield Misfit(MISSING, fact, wanted_shapes(fact), (), sizes=fact.params or 0)


def stored_groups(model: Model, names: Sequence[str]) -> list[tuple[str, list[Weight]]]:
    """The layers of an ``.h5`` file that hold tensors, in its order, by their names there."""
    by_layer = model.weights.by_layer if model.weights else {}
    known = {weight.path: name for name in names for weight in by_layer.get(name, ())}
    groups: dict[str, list[Weight]] = {}
    for weight in model.weights.tensors if model.weights else ():
        name = known.get(weight.path) or weight.path.removeprefix(H5_WEIGHTS).partition("/")[0]
        if name != "top_level_model_weights" and not is_seed(weight):
            groups.setdefault(name, []).append(weight)
    return list(groups.items())


def compare(fact: LayerFacts, stored: Sequence[Weight]) -> Iterator[Misfit]:
    """One layer with what it will be given."""
    wanted, found = wanted_shapes(fact), shapes_of(stored)
    if len(found) < len(wanted):
        yield Misfit(MISSING, fact, wanted, found, sizes=fact.params or 0)
    elif len(found) > len(wanted):
        if not fact.layer.wraps:  # SpectralNormalization is stored with a copy of what it wraps
            yield Misfit(ORPHAN, fact, wanted, found, sizes=sum(weight.size for weight in stored))
    elif Counter(wanted) != Counter(found):
        yield Misfit(SHAPE, fact, wanted, found)
    else:
        pairs = {(weight.dtype, other) for weight in fact.weights or () for other in {w.dtype for w in stored}}
        if len(pairs) == 1 and len({*next(iter(pairs))} - {"opaque"}) == 2:
            yield Misfit(DTYPE, fact, wanted, found, dtypes=next(iter(pairs)))


def is_comparable(fact: LayerFacts) -> bool:
    """Whether the weights of a layer are known from its config alone."""
    return fact.weights is not None and is_counted(fact)


def is_counted(fact: LayerFacts) -> bool:
    """A layer of Keras's own as it was built: nothing that LoRA or quantization changed."""
    layer = fact.layer
    if layer.inner is not None:
        return True
    if layer.kind in ("input", "operation"):
        return True
    if find_knowledge(layer) is None or any(is_altered(config) for config in configs_of(fact)):
        return False
    return all(weight.shape is not None and None not in weight.shape for weight in fact.weights or ())


def configs_of(fact: LayerFacts) -> Iterator[Any]:
    """The config of a layer and of those that it holds."""
    stack: list[Any] = [fact.layer]
    while stack:
        layer = stack.pop()
        if isinstance(layer, (list, tuple)):
            stack.extend(layer)
        elif hasattr(layer, "wraps"):
            yield layer.config
            stack.extend(layer.wraps.values())


def is_altered(config: Any) -> bool:
    return bool(config.get("lora_rank") or config.get("quantization_config") or policy_of(config).quantization)


def wanted_shapes(fact: LayerFacts) -> Shapes:
    return tuple(tuple(weight.shape or ()) for weight in fact.weights or ())


def shapes_of(weights: Sequence[Weight]) -> Shapes:
    return tuple(weight.shape for weight in weights)


def spell_shapes(shapes: Shapes, some: int = 4) -> str:
    """Shapes of tensors in few words."""
    listed = [f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})" for shape in shapes]
    if not listed:
        return "nothing"
    return ", ".join(listed[:some]) + (f" and {len(listed) - some} more" if len(listed) > some else "")


__all__ = ["DTYPE", "MISSING", "ORPHAN", "PARTED", "POSITION", "SHAPE", "Misfit", "find_misfits", "spell_shapes"]
