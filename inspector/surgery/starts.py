"""A submodel that starts in the middle: its new inputs, and whether they are all that it needs."""

from __future__ import annotations

from ..errors import NotExtractable, UsageError
from ..graph import Unknown
from .entries import entry_data, entry_layer
from .places import Tensor, spell
from .walking import START, Cutter, Node, Piece, node_of


def check_starts(cutter: Cutter) -> None:
    """Whether the tensors given with --from are all that the outputs need. Raises `UsageError`."""
    atlas, behind = cutter.atlas, find_followers(cutter)

    def follows(tensor: Tensor) -> bool:
        return tensor in cutter.starts or node_of(cutter, tensor) in behind

    for tensor in cutter.wanted:
        if not follows(cutter.resolve(tensor)):
            started = ", ".join(repr(spell(atlas, start)) for start in cutter.starts.values())
            raise UsageError(f"{spell(atlas, tensor)!r} does not depend on {started}, which --from names")
    sources = [source for node in behind for source in cutter.nodes[node]]
    missing = dict.fromkeys(spell(atlas, s) for s in sources if not follows(s) and needs_input(cutter, s))
    if missing:
        listed = ", ".join(repr(name) for name in sorted(missing))
        more = " ".join(f"--from {name}" for name in sorted(missing))
        raise UsageError(f"the submodel also needs {listed}", hint=f"add {more}")


def find_followers(cutter: Cutter) -> set[Node]:
    """The calls that depend on a tensor the submodel starts at."""
    takers: dict[Node, list[Node]] = {}
    found: set[Node] = set()
    for node, sources in cutter.nodes.items():
        for source in sources:
            if source in cutter.starts:
                found.add(node)
            else:
                takers.setdefault(node_of(cutter, source), []).append(node)
    stack = list(found)
    while stack:
        fresh = [node for node in takers.get(stack.pop(), ()) if node not in found]
        found.update(fresh)
        stack.extend(fresh)
    return found


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
    used |= {cutter.resolve(tensor) for tensor in cutter.wanted}
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
        key = cutter.entries[resolved] = (START, resolved)
        cutter.pieces[key] = Piece(layer, entry_data(cutter.atlas, layer), calls=[resolved])
