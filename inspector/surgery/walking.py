"""The walk back from the tensors that are asked for, through the models that must be opened on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import NotExtractable
from ..graph import Layer, Spec, TensorRef, Unknown, flatten
from .entries import entry_data, pass_through
from .places import Atlas, Scope, Tensor

Key = tuple[Any, ...]  # one layer, at however many places of the parent it stands
Node = tuple[Key, Scope, int]  # one call of it
START = "start"  # leads the key of a new input
ENTRY = "entry"  # leads the scope of an input of an opened model that converts what it gets


@dataclass(slots=True)
class Piece:
    """A layer of the submodel: as it stands in the file, and where in the parent each of its calls is."""

    layer: Layer
    data: Mapping[str, Any]
    names: tuple[str, ...] = ()  # in the parent: of the models around it, and its own; none for what the cut adds
    calls: list[Tensor] = field(default_factory=list)  # output 0 of each call that is kept
    frozen: bool = False  # by a model around it that is gone

    @property
    def path(self) -> str:
        return "/".join(self.names)


class Cutter:
    """The state of one cut: what is kept so far, and which models are opened."""

    def __init__(self, atlas: Atlas, wanted: Sequence[Tensor], starts: Sequence[Tensor]) -> None:
        self.atlas = atlas
        self.wanted = list(wanted)
        self.opened = {self.key(t.scope[:n], t.scope[n][0]) for t in (*wanted, *starts) for n in range(len(t.scope))}
        self.opened_paths = dict.fromkeys(
            "/".join(name for name, _ in t.scope[: n + 1]) for t in (*wanted, *starts) for n in range(len(t.scope))
        )
        self.adapters: dict[Tensor, Key] = {}
        self.pieces: dict[Key, Piece] = {}
        self.nodes: dict[Node, list[Tensor]] = {}  # every call that is kept, with what it takes
        self.starts = {self.resolve(tensor): tensor for tensor in starts}
        self.entries: dict[Tensor, Key] = {}  # the new Input for each start

    def key(self, scope: Scope, name: str) -> Key:
        """A layer that stands in several models is one."""
        shared = self.atlas.graph(scope).by_name[name].shared_id
        return ("shared", shared) if shared is not None else (*(part for part, _ in scope), name)

    def resolve(self, tensor: Tensor) -> Tensor:
        """The tensor that a place is, once the models that are opened are gone."""
        while tensor not in self.adapters:
            scope, ref = tensor
            if scope and ref in (ends := self.atlas.graph(scope).input_refs()):
                tensor = self.argument(scope, ends.index(ref))
            elif self.key(scope, ref.layer) in self.opened:
                inner = self.atlas.layer(tensor).inner
                assert inner is not None
                tensor = Tensor((*scope, (ref.layer, ref.call)), inner.output_refs()[ref.output])
            else:
                break
        return tensor

    def argument(self, scope: Scope, index: int) -> Tensor:
        """What a call of an opened model gives for one of its inputs; a place of its own where Keras converts it."""
        outer, (name, number) = scope[:-1], scope[-1]
        graph = self.atlas.graph(scope)
        layer = self.atlas.graph(outer).by_name[name]
        call = layer.calls[number]
        leaves = flatten(call.args[0]) if call.args else []
        path = "/".join(part for part, _ in scope)
        extra = [*call.args[2:], call.kwargs.get("mask")]
        if len(leaves) != len(graph.input_refs()) or not all(isinstance(leaf, TensorRef) for leaf in leaves):
            raise NotExtractable(f"{path!r} cannot be opened: it is not called on one tensor for each of its inputs")
        if any(isinstance(leaf, TensorRef) for leaf in flatten(extra)):
            raise NotExtractable(f"{path!r} cannot be opened: it is called with a mask")
        given = Tensor(outer, leaves[index])
        if not self.converts(given, Tensor(scope, graph.input_refs()[index])):
            return given
        return self.adapt(given, scope, index)

    def converts(self, given: Tensor, entry: Tensor) -> bool:
        """Whether a model casts or reshapes what enters it: it does so for another dtype or rank than its input's."""
        before, after = self.atlas.spec(given), self.atlas.spec(entry)
        if isinstance(before, Unknown) or isinstance(after, Unknown):
            return False
        return before.dtype != after.dtype or before.rank != after.rank

    def adapt(self, given: Tensor, scope: Scope, index: int) -> Tensor:
        """A model of one input that does just that conversion, in the place of the model's own input."""
        entry = self.atlas.graph(scope).input_refs()[index]
        key: Key = (ENTRY, *(part for part, _ in scope), index)
        here = Tensor(((ENTRY, -1), *scope), TensorRef(entry.layer, 0, 0))
        if key not in self.pieces:
            before, after = self.atlas.spec(given), self.atlas.spec(Tensor(scope, entry))
            reshapes = isinstance(before, Spec) and isinstance(after, Spec) and before.rank != after.rank
            name = f"{scope[-1][0]}_{entry.layer}"
            layer, data = pass_through(self.atlas, scope, entry.layer, name, reshapes=reshapes)
            self.pieces[key] = Piece(layer, data)
        if here not in self.adapters:
            self.adapters[here] = key
            self.nodes[key, here.scope, 0] = [self.resolve(given)]
            self.pieces[key].calls.append(here)
        return here

    def walk_back(self) -> None:
        """Keep every call that the tensors need, down to the inputs and to where the submodel starts."""
        stack = [self.resolve(tensor) for tensor in self.wanted]
        while stack:
            tensor = stack.pop()
            if tensor in self.starts:
                continue
            if tensor in self.adapters:
                stack.extend(self.nodes[self.adapters[tensor], tensor.scope, 0])
                continue
            scope, ref = tensor
            node = self.key(scope, ref.layer), scope, ref.call
            if node in self.nodes:
                continue
            call = self.atlas.layer(tensor).calls[ref.call]
            sources = [self.resolve(Tensor(scope, source)) for source in call.refs()]
            self.nodes[node] = sources
            self.keep(node[0], Tensor(scope, ref._replace(output=0)))
            stack.extend(sources)

    def keep(self, key: Key, tensor: Tensor) -> None:
        if key not in self.pieces:
            layer = self.atlas.layer(tensor)
            frozen = any(not self.atlas.graph(tensor.scope[: n + 1]).trainable for n in range(len(tensor.scope)))
            data = self.atlas.data(tensor.scope).get(layer.name) or entry_data(self.atlas, layer)
            self.pieces[key] = Piece(layer, data, (*(part for part, _ in tensor.scope), layer.name), frozen=frozen)
        self.pieces[key].calls.append(tensor)


def node_of(cutter: Cutter, tensor: Tensor) -> Node:
    if tensor in cutter.adapters:
        return cutter.adapters[tensor], tensor.scope, 0
    return cutter.key(tensor.scope, tensor.ref.layer), tensor.scope, tensor.ref.call
