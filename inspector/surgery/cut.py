"""The cut itself: what is met on the way back from the outputs becomes a graph of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import NotExtractable, UsageError
from ..graph import Call, Graph, TensorRef, flatten, map_structure, replace
from .ordering import order_layers
from .places import Atlas, Tensor, spell
from .selection import Target
from .starts import add_starts, check_starts
from .walking import START, Cutter, Key, Node, Piece, node_of


@dataclass(slots=True)
class Cut:
    """A submodel: its graph, its layers by name, the name and call of each of the parent's tensors."""

    graph: Graph
    pieces: dict[str, Piece]
    point: Callable[[Tensor], TensorRef]  # the submodel's own reference to a tensor of the parent
    inputs: list[Tensor]  # the parent's tensors that enter, in flat order
    outputs: list[Tensor]  # and those that leave
    opened: list[str]  # paths of the models that are no more
    lost_masks: list[tuple[str, str]] = field(default_factory=list)  # a start, and who would use the mask there


def cut(atlas: Atlas, targets: Sequence[Target], starts: Sequence[Tensor], *, as_dict: bool) -> Cut:
    """Cut the submodel with these outputs out of a model. Raises `NotExtractable` and `UsageError`."""
    wanted = [tensor for target in targets for tensor in target.tensors]
    cutter = Cutter(atlas, wanted, starts)
    cutter.walk_back()
    lost_masks: list[tuple[str, str]] = []
    if starts:
        from .masking import find_lost_masks

        check_starts(cutter)
        lost_masks = list(find_lost_masks(cutter))
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
               list(cutter.opened_paths), lost_masks)  # fmt: skip


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
    for key, piece in cutter.pieces.items():
        if key[0] == START:
            continue
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
