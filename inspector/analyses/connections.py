"""The shape of a graph of calls: how deep it is, where it branches, merges, skips and leads nowhere."""

from __future__ import annotations

from typing import NamedTuple

from ..graph import Graph, Layer, Unknown
from ..layers import find_knowledge
from .components import find_loops

Node = tuple[str, int]  # a layer's name and the number of its call
Sources = dict[Node, list[Node]]  # every call, after those it takes tensors from
MOST_ANCESTRY = 20_000  # calls; above it skip connections are not looked for (work grows with the square)
# tf_keras writes the named arguments of a TensorFlow function, and of these functions the others go unwritten.
UNWRITTEN = ("einsum", "linalg.einsum", "meshgrid", "__operators__.eq", "__operators__.ne", "group", "print")


class Connections(NamedTuple):
    """Facts of one graph's calls; a call is spelled ``name`` or, of a layer with several, ``name@1``.

    `gaps` are layers whose operands the file may not write in full: what seems to lead nowhere may lead there.
    `skips` is None in a graph too large to look for them.
    """

    calls: int
    longest_path: list[str]
    branches: list[str]
    merges: list[str]
    skips: list[tuple[str, str]] | None
    dead_ends: list[str]
    unused_inputs: list[str]
    unused_layers: list[str]
    cycles: list[list[str]]
    loops: list[list[str]]
    gaps: list[str]


def find_connections(graph: Graph, *, legacy: bool = False) -> Connections | Unknown:
    """Facts of a graph's calls, linear in its edges but for skip connections.

    ``legacy`` says that Keras 2 wrote the file, which leaves operands out. A graph whose calls are not known
    gives `Unknown`; one of a Sequential that waits for its input shape is the chain of its layers.
    """
    sources = find_sources(graph)
    if isinstance(sources, Unknown):
        return sources
    users: dict[Node, list[Node]] = {node: [] for node in sources}
    for node, origins in sources.items():
        for origin in origins:
            users[origin].append(node)
    alive = find_alive(graph, sources)
    ends = {(ref.layer, ref.call) for ref in graph.output_refs()} or {next(reversed(sources), ("", 0))}
    inputs = {ref.layer for ref in graph.input_refs()}
    unused = [layer.name for layer in graph.layers if layer.name in inputs and (layer.name, 0) not in alive]
    dead = [node for node, uses in users.items() if not uses and node not in ends and node[0] not in unused]
    suspects = [layer.name for layer in graph.layers if legacy and may_lack_operands(layer, bool(dead or unused))]
    cycles, loops = find_loops(layer_edges(graph))
    return Connections(
        sum(graph.by_name[name].kind != "input" for name, _ in sources),
        [spell(graph, node) for node in longest_path(sources)],
        [spell(graph, node) for node, uses in users.items() if len(uses) > 1],
        [spell(graph, node) for node, origins in sources.items() if len(origins) > 1],
        find_skips(graph, sources, users),
        [spell(graph, node) for node in dead],
        unused,
        [layer.name for layer in graph.layers if is_unused(graph, layer)],
        cycles,
        loops,
        suspects,
    )


def find_sources(graph: Graph) -> Sources | Unknown:
    """The calls each call takes tensors from, in topological order."""
    if graph.kind == "sequential" and not graph.built:
        chain = [(layer.name, 0) for layer in graph.layers]
        return {node: chain[index - 1 : index] if index else [] for index, node in enumerate(chain)}
    if graph.order is None:
        return Unknown("its calls form a cycle")
    if not graph.output_refs():
        return Unknown("the calls of its layers are not known")
    return {
        (layer.name, index): list(dict.fromkeys((ref.layer, ref.call) for ref in layer.calls[index].refs()))
        for layer, index in graph.order
    }


def layer_edges(graph: Graph) -> dict[str, list[str]]:
    """Each layer with the layers that take what it gives."""
    users: dict[str, dict[str, None]] = {layer.name: {} for layer in graph.layers}
    for layer in graph.layers:
        for call in layer.calls:
            for ref in call.refs():
                users[ref.layer][layer.name] = None
    return {name: list(takers) for name, takers in users.items()}


def may_lack_operands(layer: Layer, leads_nowhere: bool) -> bool:
    """Whether Keras 2 may have left operands of the layer's calls out of the file.

    It writes a call's first argument and those with a name: what goes into ``*args`` of a function, or of a
    custom layer's ``call``, is not in the file. A custom layer is suspected where something leads nowhere.
    """
    if layer.class_name == "TFOpLambda":
        name = str(layer.config.get("function", "")).removeprefix("tf.")
        return name in UNWRITTEN or any(not call.refs() for call in layer.calls)
    custom = layer.kind == "layer" and layer.inner is None and find_knowledge(layer) is None
    return leads_nowhere and custom and bool(layer.calls)


def is_unused(graph: Graph, layer: Layer) -> bool:
    """Tracked, and never called, in a graph whose calls are known; a bare variable has no calls to count."""
    return graph.built and not layer.calls and layer.class_name != "Variable"


def spell(graph: Graph, node: Node) -> str:
    return f"{node[0]}@{node[1]}" if len(graph.by_name[node[0]].calls) > 1 else node[0]


def find_alive(graph: Graph, sources: Sources) -> set[Node]:
    """The calls that some output depends on."""
    stack = [(ref.layer, ref.call) for ref in graph.output_refs()]
    alive: set[Node] = set()
    while stack:
        node = stack.pop()
        if node not in alive:
            alive.add(node)
            stack.extend(sources.get(node, ()))
    return alive


def longest_path(sources: Sources) -> list[Node]:
    """The longest chain of calls."""
    length: dict[Node, int] = {}
    before: dict[Node, Node | None] = {}
    for node, origins in sources.items():
        best = max(origins, key=lambda origin: length[origin], default=None)
        length[node] = length[best] + 1 if best is not None else 0
        before[node] = best
    last = max(length, key=lambda key: length[key], default=None)
    path: list[Node] = []
    while last is not None:
        path.append(last)
        last = before[last]
    return path[::-1]


def find_skips(graph: Graph, sources: Sources, users: dict[Node, list[Node]]) -> list[tuple[str, str]] | None:
    """Edges into a merge that a longer way into the same merge goes around: residual, dense and gated connections."""
    if all(len(origins) < 2 for origins in sources.values()):
        return []
    if len(sources) > MOST_ANCESTRY:
        return None
    bit = {node: 1 << index for index, node in enumerate(sources)}
    waiting = {node: len(uses) for node, uses in users.items()}
    above: dict[Node, int] = {}  # all calls a call depends on, as a set of bits, while somebody will ask
    skips = []
    for node, origins in sources.items():
        around = own = 0
        for origin in origins:
            around |= above[origin]
            own |= bit[origin]
        skips += [(spell(graph, origin), spell(graph, node)) for origin in origins if around & bit[origin]]
        above[node] = around | own
        for origin in origins:
            waiting[origin] -= 1
            if not waiting[origin]:
                del above[origin]
    return skips
