"""A graph from the stored variables alone, for weights files and for subclassed models, whose config lists no layers.

The file names each object by the attribute that holds it and, where Keras is new enough, by its own name; its class
it does not say.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..graph import Graph, Layer, Weight, WeightIndex
from .stores import Store, natural_key
from .weight_paths import CONTAINERS, METRICS, Shelf, find_optimizers, make_index

SEED_SHAPE, SEED_DTYPE = (2,), "uint32"


@dataclass(slots=True)
class Branch:
    """A stored object with the objects below it."""

    path: str
    name: str = ""
    children: list[Branch] = field(default_factory=list)


def build_tree(store: Store, graph: Graph) -> tuple[Graph, WeightIndex]:
    """``graph`` with the layers that the store tells of, and the index that goes with them.

    A layer without variables is indexed as empty only where it must have been built when it was saved.
    """
    shelf = Shelf(store)
    optimizers = find_optimizers(shelf)
    root = plant(shelf, {owner for path in optimizers for owner in shelf.below(path)})
    by_layer: dict[str, tuple[Weight, ...]] = {}
    for path in optimizers:
        shelf.claim(path)
    layers = grow(shelf, root, by_layer, is_built=graph.built or graph.kind == "weights")
    filled = Graph(
        graph.name, graph.class_name, graph.kind, layers, config=graph.config, module=graph.module,
        registered_name=graph.registered_name, built=graph.built, build_config=graph.build_config,
    )  # fmt: skip
    return filled, make_index(shelf, by_layer, optimizers)


def plant(shelf: Shelf, apart: set[str]) -> Branch:
    """The objects as a tree: each hangs from the nearest object above it."""
    root = Branch("")
    owners = [path for path in find_objects(shelf) if path and path not in apart and is_layer(shelf, path)]
    above = [root]
    for path in sorted(owners, key=lambda path: path.split("/")):
        while above[-1].path and not path.startswith(f"{above[-1].path}/"):
            above.pop()
        branch = Branch(path)
        above[-1].children.append(branch)
        above.append(branch)
    return root


def find_objects(shelf: Shelf) -> set[str]:
    """Every owner, and every model that owns nothing itself and is only seen by its ``layers``."""
    objects = set(shelf.store)
    for path in shelf.store:
        parts = path.split("/")
        objects.update("/".join(parts[:at]) for at in range(1, len(parts)) if parts[at] in CONTAINERS)
        objects.update("/".join(parts[:at]) for at in range(2, len(parts)) if parts[at - 2] in CONTAINERS)
    return objects


def is_layer(shelf: Shelf, path: str) -> bool:
    """Whether a stored object is a layer, and not a metric or a random generator."""
    if path.split("/")[0] in METRICS:
        return False
    tensors = shelf.tensors(path)
    is_seed = bool(tensors) and all(w.shape == SEED_SHAPE and w.dtype == SEED_DTYPE for w in tensors)
    return not (is_seed and len(shelf.below(path)) == 1)


def grow(shelf: Shelf, root: Branch, by_layer: dict[str, tuple[Weight, ...]], *, is_built: bool) -> tuple[Layer, ...]:
    """The layers of a tree, children first, without recursion; each one's variables go into ``by_layer``."""
    order = [(root, "", is_built)]
    for branch, path, built in order:
        name_children(shelf, branch)
        start = f"{path}/" if path else ""
        inside = built or is_functional(shelf, branch)
        order.extend((child, start + child.name, inside) for child in branch.children)
    grown: dict[str, tuple[Layer, ...]] = {}
    for branch, path, built in reversed(order):
        parts = [make_layer(child, grown[child.path]) for child in branch.children]
        own = shelf.store[branch.path].tensors if branch.path in shelf.store else ()
        if own and (parts or not branch.path):
            parts.insert(0, make_own(parts))
            by_layer[f"{path}/{parts[0].name}" if path else parts[0].name] = own
            shelf.claimed.add(branch.path)
        grown[branch.path] = tuple(parts)
        if branch.path and (built or shelf.tensors(branch.path)):
            by_layer[path] = shelf.tensors(branch.path)
        if branch.path:
            shelf.claim(branch.path)
    return grown[""]


def is_functional(shelf: Shelf, branch: Branch) -> bool:
    """Whether an object is a Functional model, which is never unbuilt: no other keeps its input layers."""
    return bool(branch.path) and any(shelf.holds(f"{branch.path}/{name}/input_layer") for name in CONTAINERS)


def name_children(shelf: Shelf, branch: Branch) -> None:
    """Objects by their own names; by their place below their owner where that is all, or where names repeat."""
    branch.children.sort(key=lambda child: natural_key(child.path))
    start = len(branch.path) + 1 if branch.path else 0
    taken: set[str] = set()
    for child in branch.children:
        name = shelf.name(child.path) or child.path.rpartition("/")[2]
        child.name = child.path[start:] if name in taken or not name else name
        taken.add(child.name)


def make_layer(branch: Branch, parts: tuple[Layer, ...]) -> Layer:
    inner = Graph(branch.name, "", "weights", parts, built=False) if parts else None
    return Layer(branch.name, "", "layer", {}, inner=inner)


def make_own(parts: list[Layer]) -> Layer:
    """What an object with parts owns itself, as a part of its own, so that nothing goes uncounted."""
    taken = {part.name for part in parts}
    name = "vars"
    while name in taken:
        name += "_"
    return Layer(name, "", "layer", {})
