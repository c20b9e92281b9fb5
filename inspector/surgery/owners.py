"""Whose each tensor of an ``.h5`` file is, which keeps one list for each top-level layer."""

from __future__ import annotations

from ..errors import NotExtractable
from ..graph import Graph, Layer, Weight, walk
from ..readers.legacy_h5 import WEIGHTS
from .places import Atlas
from .variables import Register, Variable, not_told


class Owners:
    """Which variable each tensor of an ``.h5`` file is."""

    def __init__(self, atlas: Atlas) -> None:
        index = atlas.model.weights
        if index is None:
            raise NotExtractable("it holds no weights")
        self.atlas = atlas
        self.index = index
        self.known: dict[str, list[tuple[Variable, Weight]]] = {}

    def of_layer(self, path: str) -> list[tuple[Variable, Weight]]:
        """The tensors of a layer, nested ones by path, each with the variable it is, in the order of the file's list.

        A nested model's are all that its layers have.
        """
        graph = self.atlas.model.graph
        top = find_top(graph, path)
        if top not in self.known:
            layer = graph.by_name[top]
            stored = self.index.by_layer.get(top, ())
            refuse_shared(layer, top)
            names = Register(self.atlas.inference, self.count_own).in_one_list(graph, layer, top)
            self.known[top] = deal_out(top, names, stored)
        return [both for both in self.known[top] if f"{both[0].layer}/".startswith(f"{path}/")]

    def count_own(self, path: str) -> int | None:
        """How many variables a custom layer has, where each is named as its own."""
        stored = self.index.by_layer.get(path)
        if stored is None or "/" in path or not self.atlas.modern:
            return None
        start = len(f"{WEIGHTS}/{path}/")
        own = all(weight.path[start:].rpartition("/")[0] == path for weight in stored)
        return len(stored) if own else None


def find_top(graph: Graph, path: str) -> str:
    """The top-level layer that a path leads through; names of Keras 2 may have slashes themselves."""
    parts = path.split("/")
    heads = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
    return next((head for head in heads if head in graph.by_name), parts[0])


def deal_out(top: str, names: list[Variable], stored: tuple[Weight, ...]) -> list[tuple[Variable, Weight]]:
    """The variables of a layer and the list of its tensors, in pairs. Raises `NotExtractable` where they differ."""
    if len(names) != len(stored):
        raise not_told(top, f"the file holds {len(stored)} weights for it, and its config asks for {len(names)}")
    labels = [weight.path.rpartition("/")[2].partition(":")[0] for weight in stored]
    spelled = {variable.spec.name for variable in names if variable.spec}
    for variable, weight, label in zip(names, stored, labels, strict=True):
        spec = variable.spec
        if spec is not None:
            if None not in spec.shape and tuple(spec.shape) != weight.shape:
                raise not_told(top, f"{weight.path!r} has another shape than its config says")
            if label in spelled and label != spec.name and spelled.issuperset(labels):
                raise not_told(top, f"{weight.path!r} is not where its config says")
    return list(zip(names, stored, strict=True))


def refuse_shared(layer: Layer, path: str) -> None:
    """Raise `NotExtractable` for a model that holds an object at two places: its list has it once."""
    if layer.inner is None:
        return
    met: set[int] = set()
    for _, _, sub in walk(layer.inner):
        if sub.shared_id is not None and sub.shared_id in met:
            raise not_told(path, f"it holds {sub.name!r} at two places, which the other form does not say")
        met.update([sub.shared_id] if sub.shared_id is not None else [])
