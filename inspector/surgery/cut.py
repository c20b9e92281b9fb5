"""The cut itself: walk back from the tensors that are asked for, open the models it leads through, keep what is met."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import NotExtractable, UsageError
from ..graph import Call, Graph, Layer, TensorRef, Unknown, flatten, map_structure, replace
from .entries import entry_data, entry_layer, pass_through
from .ordering import order_layers
from .places import Atlas, Scope, Tensor, spell
from .selection import Target

Key = tuple[Any, ...]  # one layer, at however many places of the parent it stands
Node = tuple[Key, Scope, int]  # one call of it
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


@dataclass(slots=True)
class Cut:
    """A submodel: its graph, its layers by name, the name and call of each of the parent's tensors."""

    graph: Graph
    pieces: dict[str, Piece]
    point: Callable[[Tensor], TensorRef]  # the submodel's own reference to a tensor of the parent
    inputs: list[Tensor]  # the parent's tensors that enter, in flat order
    outputs: list[Tensor]  # and those that leave
    opened: list[str]  # paths of the models that are no more


class Cutter:
    """The state of one cut."""

    def __init__(self, atlas: Atlas, targets: Sequence[Target], starts: Sequence[Tensor]) -> None:
        self.atlas = atlas
        self.targets = targets
        wanted = [tensor for target in targets for tensor in target.tensors] + list(starts)
        self.opened = {self.key(t.scope[:n], t.scope[n][0]) for t in wanted for n in range(len(t.scope))}
        self.opened_paths = dict.fromkeys(
            "/".join(name for name, _ in t.scope[: n + 1]) for t in wanted for n in range(len(t.scope))
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
            layer, data = pass_through(self.atlas, scope, entry.layer, f"{scope[-1][0]}_{entry.layer}")
            self.pieces[key] = Piece(layer, data)
        if here not in self.adapters:
            self.adapters[here] = key
            self.nodes[key, here.scope, 0] = [self.resolve(given)]
            self.pieces[key].calls.append(here)
        return here

    def walk_back(self, wanted: Sequence[Tensor]) -> None:
        """Keep every call that the tensors need, down to the inputs and to where the submodel starts."""
        stack = [self.resolve(tensor) for tensor in wanted]
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


def cut(atlas: Atlas, targets: Sequence[Target], starts: Sequence[Tensor], *, as_dict: bool) -> Cut:
    """Cut the submodel with these outputs out of a model. Raises `NotExtractable` and `UsageError`."""
    cutter = Cutter(atlas, targets, starts)
    wanted = [tensor for target in targets for tensor in target.tensors]
    cutter.walk_back(wanted)
    if starts:
        check_starts(cutter, wanted)
        add_starts(cutter)
    names = name_pieces(cutter)
    numbers = number_calls(cutter)

    def point(tensor: Tensor) -> TensorRef:
        resolved = cutter.resolve(tensor)
        if resolved in cutter.entries:
            return TensorRef(names[cutter.entries[resolved]], 0, 0)
        node = node_of(cutter, resolved)
        return TensorRef(names[node[0]], numbers[node], resolved.ref.output)

    pieces = {names[key]: piece for key, piece in cutter.pieces.items()}
    for name, piece in pieces.items():
        calls = tuple(rewire(cutter, tensor, piece, point) for tensor in piece.calls)
        config = {**piece.layer.config, "name": name} | ({"trainable": False} if piece.frozen else {})
        piece.layer = replace(piece.layer, name=name, config=config, calls=calls or (Call(),))
    structure = shape_outputs(atlas, targets, point, as_dict)
    refs = [leaf for leaf in flatten(structure) if isinstance(leaf, TensorRef)]
    order = order_layers({name: piece.layer.calls for name, piece in pieces.items()}, refs)
    entries = list(cutter.starts) or [t for ref in atlas.model.graph.input_refs() if (t := Tensor((), ref)) and
                                      node_of(cutter, t) in numbers]  # fmt: skip
    if not entries:
        raise NotExtractable("what is asked for depends on no input of the model")
    inputs = shape_inputs(cutter, point, entries)
    graph = replace(
        atlas.model.graph, kind="functional", class_name="Functional", inputs=inputs,
        layers=tuple(pieces[name].layer for name in order),
        outputs=structure, stated={}, built=True, build_config=None,
    )  # fmt: skip
    by_flat = {point(tensor): tensor for tensor in wanted}
    return Cut(graph, {name: pieces[name] for name in order}, point, entries, [by_flat[ref] for ref in refs],
               list(cutter.opened_paths))  # fmt: skip


def rewire(cutter: Cutter, tensor: Tensor, piece: Piece, point: Callable[[Tensor], TensorRef]) -> Call:
    """A call with the submodel's tensors in it."""
    if tensor in cutter.adapters:
        (source,) = cutter.nodes[cutter.adapters[tensor], tensor.scope, 0]
        return Call((point(source),))
    if piece.layer.kind == "input":
        return Call()

    def swap(leaf: Any) -> Any:
        return point(Tensor(tensor.scope, leaf)) if isinstance(leaf, TensorRef) else leaf

    call = cutter.atlas.layer(tensor).calls[tensor.ref.call]
    return Call(map_structure(swap, call.args), map_structure(swap, dict(call.kwargs)))


def number_calls(cutter: Cutter) -> dict[Node, int]:
    """The number of every call that is kept among those of its layer, in the parent's order."""
    numbers: dict[Node, int] = {}
    for piece in cutter.pieces.values():
        piece.calls.sort(key=lambda tensor: (*(call for _, call in tensor.scope), tensor.ref.call))
        numbers |= {node_of(cutter, tensor): number for number, tensor in enumerate(piece.calls)}
    return numbers


def name_pieces(cutter: Cutter) -> dict[Key, str]:
    """A name for every layer: its own, with its model's before it where two would have one; Keras takes no slash."""
    names: dict[Key, str] = {}
    taken: set[str] = set()
    for key, piece in sorted(cutter.pieces.items(), key=lambda item: len(item[1].names)):
        parts = piece.names or (piece.layer.name,)
        tries = ["_".join(parts[-depth:]) for depth in range(1, len(parts) + 1)]
        name = next((name for name in tries if name not in taken), tries[-1])
        number, base = 1, name
        while name in taken:
            name = f"{base}_{number}"
            number += 1
        taken.add(name)
        names[key] = name
    return names


def check_starts(cutter: Cutter, wanted: Sequence[Tensor]) -> None:
    """Whether the tensors given with --from are all that the outputs need."""
    atlas = cutter.atlas
    behind: set[Node] = set()

    def follows(tensor: Tensor) -> bool:
        return tensor in cutter.starts or node_of(cutter, tensor) in behind

    changed = True
    while changed:
        grown = {node for node, sources in cutter.nodes.items() if node not in behind and any(map(follows, sources))}
        behind |= grown
        changed = bool(grown)
    ends = [cutter.resolve(tensor) for tensor in wanted]
    for tensor, end in zip(wanted, ends, strict=True):
        if not follows(end):
            started = ", ".join(repr(spell(atlas, start)) for start in cutter.starts.values())
            raise UsageError(f"{spell(atlas, tensor)!r} does not depend on {started}, which --from names")
    sources = [source for node in behind for source in cutter.nodes[node]]
    missing = dict.fromkeys(spell(atlas, s) for s in sources if not follows(s) and needs_input(cutter, s))
    if missing:
        listed = ", ".join(repr(name) for name in sorted(missing))
        more = " ".join(f"--from {name}" for name in sorted(missing))
        raise UsageError(f"the submodel also needs {listed}", hint=f"add {more}")


def node_of(cutter: Cutter, tensor: Tensor) -> Node:
    if tensor in cutter.adapters:
        return cutter.adapters[tensor], tensor.scope, 0
    return cutter.key(tensor.scope, tensor.ref.layer), tensor.scope, tensor.ref.call


def needs_input(cutter: Cutter, tensor: Tensor) -> bool:
    """Whether a tensor comes from an input of the parent."""
    stack, met = [tensor], set()
    while stack:
        here = stack.pop()
        if here in met or here in cutter.starts:
            continue
        met.add(here)
        if here not in cutter.adapters and cutter.atlas.layer(here).kind == "input":
            return True
        stack.extend(cutter.nodes[node_of(cutter, here)])
    return False


def add_starts(cutter: Cutter) -> None:
    """A new Input for every tensor that the submodel starts at and uses; an input of the parent stays what it is."""
    used = {source for sources in cutter.nodes.values() for source in sources}
    used |= {cutter.resolve(tensor) for target in cutter.targets for tensor in target.tensors}
    for resolved, named in cutter.starts.items():
        label = repr(spell(cutter.atlas, named))
        if resolved not in used:
            raise UsageError(f"{label}, which --from names, is not needed for what is asked for")
        spec = cutter.atlas.spec(resolved)
        if isinstance(spec, Unknown):
            raise NotExtractable(f"the shape of {label} is not known: {spec.why}")
        origin = cutter.atlas.layer(resolved)
        name = origin.name + (f"_{resolved.ref.output}" if resolved.ref.output else "")
        layer = origin if origin.kind == "input" else entry_layer(cutter.atlas, name, spec)
        key = cutter.entries[resolved] = ("start", resolved)
        cutter.pieces[key] = Piece(layer, entry_data(cutter.atlas, layer), calls=[resolved])


def shape_outputs(atlas: Atlas, targets: Sequence[Target], point: Any, as_dict: bool) -> Any:
    """The output structure: one target's own; a list of tensors; a dict by key or by the layer's path."""
    if as_dict:
        found: dict[str, Any] = {}
        for target in targets:
            for tensor in target.tensors:
                several = len(target.tensors) > 1
                label = spell(atlas, tensor)
                key = (target.key + (f":{tensor.ref.output}" if several else "")) if target.key else label
                if key in found:
                    raise UsageError(f"two outputs are named {key!r}")
                found[key] = point(tensor)
        return found
    if len(targets) == 1:
        return map_structure(point, targets[0].structure)
    return [point(tensor) for target in targets for tensor in target.tensors]


def shape_inputs(cutter: Cutter, point: Callable[[Tensor], TensorRef], entries: Sequence[Tensor]) -> Any:
    """The input structure: the parent's, without the inputs that are gone; new inputs are one, or a list."""
    refs = [point(tensor) for tensor in entries]
    if cutter.starts:
        return refs[0] if len(refs) == 1 else refs
    kept = {tensor.ref: ref for tensor, ref in zip(entries, refs, strict=True)}

    def filtered(node: Any) -> Any:
        if isinstance(node, TensorRef):
            return kept.get(node)
        if isinstance(node, dict):
            return {key: value for key, item in node.items() if (value := filtered(item)) is not None} or None
        items = [value for item in node if (value := filtered(item)) is not None]
        return None if not items else items[0] if len(items) == 1 else items

    return filtered(cutter.atlas.model.graph.inputs)
