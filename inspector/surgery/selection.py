"""What to cut, as the user names it: layers, paths into models, globs, calls, tensors, blocks; and what is near."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from ..errors import UsageError
from ..graph import Graph, Layer, TensorRef, flatten, map_structure, walk
from .places import Atlas, Scope, Tensor, require_calls, spell

PART = re.compile(r"(?P<name>.+?)(?:@(?P<call>\d+|\*))?(?::(?P<output>\d+))?")
WILD = set("*?[")
EVERY = -1  # call, as ``@*`` asks for
SOME = 8  # names that an error lists


class Target(NamedTuple):
    """An output of the submodel: its key where it has one, and a structure of tensors of the parent.

    ``block`` is the prefix it was found by, ``members`` how many layers have it.
    """

    key: str | None
    structure: Any
    block: str | None = None
    members: int = 0

    @property
    def tensors(self) -> list[Tensor]:
        return [leaf for leaf in flatten(self.structure) if isinstance(leaf, Tensor)]


def select(atlas: Atlas, names: Sequence[str]) -> list[Target]:
    """The outputs that a list of names asks for, in order, each once. Raises `UsageError` for what is not there."""
    require_calls(atlas.model.graph, "the model")
    found: dict[Any, Target] = {}
    for text in names:
        for target in find_targets(atlas, text):
            known = found.get(tuple(target.tensors))
            if known is None or target.key is not None:
                found[(target.key, *target.tensors) if target.key else tuple(target.tensors)] = target
    return list(found.values())


def select_all(atlas: Atlas) -> list[Target]:
    """Every tensor that a top-level layer gives, inputs included, in the order of the layers."""
    require_calls(atlas.model.graph, "the model")
    return [
        Target(None, Tensor((), ref))
        for layer in atlas.model.graph.layers
        for call in range(len(layer.calls))
        for ref in flatten(atlas.outputs((), layer.name, call))
    ]


def find_targets(atlas: Atlas, text: str) -> Iterator[Target]:
    """The targets of one ``[NAME=]LAYER``."""
    key, equals, path = text.partition("=")
    if not equals or has_layer(atlas.model.graph, text):
        key, path = "", text
    elif not key or not path:
        raise UsageError(f"{text!r} is not NAME=LAYER")
    found = list(find_path(atlas, path))
    if key and len(found) > 1:
        raise UsageError(f"{path!r} names {len(found)} layers, and {key!r} can name one output")
    for target in found:
        yield target._replace(key=key or None)


def has_layer(graph: Graph, name: str) -> bool:
    return name in graph.by_name


def find_path(atlas: Atlas, path: str) -> Iterator[Target]:
    """The targets of a path: models from the outermost, then a layer, a glob or a block."""
    parts = split_path(atlas.model.graph, path)
    scopes: list[Scope] = [()]
    for depth, part in enumerate(parts[:-1]):
        scopes = [inner for scope in scopes for inner in enter(atlas, scope, part, path, "/".join(parts[: depth + 1]))]
    found = [target for scope in scopes for target in find_last(atlas, scope, parts[-1])]
    if not found:
        raise nothing_named(atlas, path, scopes, parts[-1])
    yield from found


def split_path(graph: Graph, path: str) -> list[str]:
    """The parts of a path. Keras 2 has layers with slashes in their names, as DenseNet's ``conv1/relu``."""
    rest, parts = path.split("/"), []
    while rest:
        ways = {count: "/".join(rest[:count]) for count in range(len(rest), 0, -1)}
        known = [count for count, way in ways.items() if find_layers(graph, split_part(graph, way)[0])]
        count = known[0] if known else 1
        parts.append(ways[count])
        rest = rest[count:]
        models = [layer.inner for layer in find_layers(graph, split_part(graph, ways[count])[0]) if layer.inner]
        if not models:
            return parts + rest
        graph = models[0]
    return parts


def enter(atlas: Atlas, scope: Scope, part: str, path: str, so_far: str) -> list[Scope]:
    """The scopes inside the models that a part of a path names: every call where it names none."""
    graph = atlas.graph(scope)
    name, call, output = split_part(graph, part)
    is_glob = is_pattern(graph, name)
    layers = [layer for layer in find_layers(graph, name) if layer.inner or not is_glob]
    if output is not None or not layers:
        raise nothing_named(atlas, path, [scope], part)
    found = []
    for layer in layers:
        if layer.inner is None:
            held = f": it is {layer.class_name}, and what it wraps has no tensors of its own" if layer.wraps else ""
            raise UsageError(f"{path!r}: {so_far!r} is no model with layers{held}")
        require_calls(layer.inner, f"{so_far!r}")
        found += [(*scope, (layer.name, number)) for number in numbers(layer, call, path)]
    return found


def split_part(graph: Graph, part: str) -> tuple[str, int | None, int | None]:
    """``dense@1:0`` as a name, a call and a tensor; a layer of that very name is itself."""
    if part in graph.by_name:
        return part, None, None
    match = PART.fullmatch(part)
    if match is None:
        return part, None, None
    call, output = match["call"], match["output"]
    number = None if call is None else EVERY if call == "*" else int(call)
    return match["name"], number, int(output) if output else None


def is_pattern(graph: Graph, name: str) -> bool:
    """Whether a name is a glob; not where a layer has that very name."""
    return bool(set(name) & WILD) and name not in graph.by_name


def find_layers(graph: Graph, name: str) -> list[Layer]:
    """The layers of a graph that a name or a glob means."""
    if is_pattern(graph, name):
        return [layer for layer in graph.layers if fnmatchcase(layer.name, name)]
    return [graph.by_name[name]] if name in graph.by_name else []


def numbers(layer: Layer, call: int | None, path: str) -> list[int]:
    """The calls that are meant: the one named, or all there are."""
    count = len(layer.calls)
    if call is None or call == EVERY:
        if not count:
            raise UsageError(f"{path!r} is never called, so it has no output")
        return list(range(count))
    if call >= count:
        ways = ", ".join(f"{layer.name}@{n}" for n in range(min(count, SOME)))
        raise UsageError(f"{path!r}: it is called {count} time{'s' * (count != 1)}", hint=f"there are: {ways}")
    return [call]


def find_last(atlas: Atlas, scope: Scope, part: str) -> list[Target]:
    """The targets of a path's last part in one graph; none where nothing has that name."""
    graph = atlas.graph(scope)
    name, call, output = split_part(graph, part)
    is_glob = is_pattern(graph, name)
    layers = [layer for layer in find_layers(graph, name) if layer.calls or not is_glob]
    if not layers:
        return [] if call is not None or output is not None else find_block(atlas, scope, name)
    several = [(layer, n) for layer in layers for n in numbers(layer, call, part)]
    if call is None and not is_glob and len(several) > 1:
        ways = ", ".join(f"{name}@{n}" for n in range(min(len(several), SOME)))
        raise UsageError(
            f"{name!r} is called {len(several)} times: say which call", hint=f"there are: {ways}, {name}@*"
        )
    return [Target(None, pick(atlas, scope, layer, n, output)) for layer, n in several]


def pick(atlas: Atlas, scope: Scope, layer: Layer, call: int, output: int | None) -> Any:
    """All that a call gives, or one tensor of it."""
    structure = atlas.outputs(scope, layer.name, call)
    refs = flatten(structure)
    if output is None:
        return map_structure(lambda ref: Tensor(scope, ref), structure)
    if output >= len(refs):
        raise UsageError(f"{layer.name}:{output}: it gives {len(refs)} tensor{'s' * (len(refs) != 1)}, counted from 0")
    return Tensor(scope, refs[output])


def find_block(atlas: Atlas, scope: Scope, prefix: str) -> list[Target]:
    """The one exit of the layers whose names begin with a prefix. Raises `UsageError` where there are several."""
    graph = atlas.graph(scope)
    members = {layer.name for layer in graph.layers if layer.calls and continues(layer.name, prefix)}
    if not members:
        return []
    exits = find_exits(graph, members)
    labels = [spell(atlas, Tensor(scope, ref)) for ref in exits]
    if len(exits) > 1:
        shown = ", ".join(labels[:SOME]) + (", …" if len(labels) > SOME else "")
        raise UsageError(f"the block {prefix!r} ({len(members)} layers) has {len(exits)} exits: {shown}",
                         hint="name the exits that you want")  # fmt: skip
    return [Target(None, Tensor(scope, exits[0]), prefix, len(members))]


def continues(name: str, prefix: str) -> bool:
    """Whether a name is a prefix and more, no number or word of it cut short: ``block1`` is not in ``block10``."""
    if not prefix or not name.startswith(prefix) or name == prefix:
        return False
    end, following = prefix[-1], name[len(prefix)]
    return not (end.isdigit() and following.isdigit()) and not (end.isalpha() and following.isalpha())


def find_exits(graph: Graph, members: set[str]) -> list[TensorRef]:
    """The tensors by which a block of layers is left; those that lead nowhere where nothing is."""
    made = {ref.layer: ref for ref in graph.output_refs()}
    exits = dict.fromkeys(ref for ref in graph.output_refs() if ref.layer in members)
    used = set(made)
    for layer in graph.layers:
        for call in layer.calls:
            used |= {ref.layer for ref in call.refs()}
            if layer.name not in members:
                exits |= dict.fromkeys(ref for ref in call.refs() if ref.layer in members)
    return list(exits) or [TensorRef(layer.name, 0, 0) for layer in graph.layers if layer.name in members - used]


def nothing_named(atlas: Atlas, path: str, scopes: Sequence[Scope], part: str) -> UsageError:
    """The error for a name that is not there: the same name elsewhere, or the nearest names."""
    paths = {inner: layer.name for inner, _, layer in walk(atlas.model.graph)}
    last = path.rpartition("/")[2].partition("@")[0].partition(":")[0]
    near = [inner for inner, name in paths.items() if name == last]
    if not near:
        lead = "/".join(name for name, _ in scopes[0]) if scopes else ""
        beside = [layer.name for layer in atlas.graph(scopes[0] if scopes else ()).layers]
        close = get_close_matches(part, beside, 3, 0.5)
        near = [f"{lead}/{name}" if lead else name for name in close] or get_close_matches(path, list(paths), 3, 0.5)
    what = "matches no layer" if set(part) & WILD else "is no layer of the model"
    listed = ", ".join(list(paths)[:SOME]) + (", …" if len(paths) > SOME else "")
    hint = f"did you mean {' or '.join(repr(name) for name in near[:3])}?" if near else f"there are: {listed}"
    return UsageError(f"{path!r} {what}", hint=hint)
