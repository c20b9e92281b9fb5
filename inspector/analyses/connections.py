"""The shape of a graph of calls: how deep it is, where it branches, merges, skips and leads nowhere."""

from __future__ import annotations

from typing import NamedTuple

from ..graph import Graph, Layer

Node = tuple[str, int]  # a layer's name and the number of its call
MOST_ANCESTRY = 20_000  # calls; above it skip connections are not looked for (memory grows with the square)


class Connections(NamedTuple):
    """Facts of one graph's calls; a node is spelled ``name`` or, for a layer called twice, ``name@1``."""

    calls: int
    longest_path: list[str]
    branches: list[str]
    merges: list[str]
    skips: list[tuple[str, str]] | None
    dead_ends: list[str]
    unused_inputs: list[str]
    unused_layers: list[str]


def find_connections(graph: Graph) -> Connections:
    """Facts of a graph's calls, linear in its edges but for skip connections."""
    sources = {
        (layer.name, index): list(dict.fromkeys((ref.layer, ref.call) for ref in layer.calls[index].refs()))
        for layer, index in graph.order or ()
    }
    users: dict[Node, list[Node]] = {node: [] for node in sources}
    for node, origins in sources.items():
        for origin in origins:
            users[origin].append(node)
    alive = find_alive(graph, sources)
    inputs = {ref.layer for ref in graph.input_refs()}
    unused = [name for name in inputs_in_order(graph) if name in inputs and (name, 0) not in alive]
    ends = {(ref.layer, ref.call) for ref in graph.output_refs()}
    return Connections(
        len(sources),
        [spell(graph, node) for node in longest_path(sources)],
        [spell(graph, node) for node, uses in users.items() if len(uses) > 1],
        [spell(graph, node) for node, origins in sources.items() if len(origins) > 1],
        find_skips(graph, sources),
        [spell(graph, n) for n, uses in users.items() if not uses and n not in ends and n[0] not in unused],
        unused,
        [layer.name for layer in graph.layers if is_unused(graph, layer)],
    )


def inputs_in_order(graph: Graph) -> list[str]:
    return [layer.name for layer in graph.layers if layer.kind == "input"]


def is_unused(graph: Graph, layer: Layer) -> bool:
    """Tracked, and never called, in a graph whose calls are known."""
    return graph.order is not None and bool(graph.outputs) and not layer.calls and layer.class_name != "Variable"


def spell(graph: Graph, node: Node) -> str:
    return f"{node[0]}@{node[1]}" if len(graph.by_name[node[0]].calls) > 1 else node[0]


def find_alive(graph: Graph, sources: dict[Node, list[Node]]) -> set[Node]:
    """The calls that some output depends on."""
    stack = [(ref.layer, ref.call) for ref in graph.output_refs()]
    alive: set[Node] = set()
    while stack:
        node = stack.pop()
        if node not in alive:
            alive.add(node)
            stack.extend(sources.get(node, ()))
    return alive


def longest_path(sources: dict[Node, list[Node]]) -> list[Node]:
    """The longest chain of calls; ``sources`` is in topological order."""
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


def find_skips(graph: Graph, sources: dict[Node, list[Node]]) -> list[tuple[str, str]] | None:
    """Edges into a merge that another way into the same merge goes around: residual and dense connections."""
    if len(sources) > MOST_ANCESTRY:
        return None
    bit = {node: 1 << index for index, node in enumerate(sources)}
    above: dict[Node, int] = {}  # all calls a call depends on, as a set of bits
    skips = []
    for node, origins in sources.items():
        union = 0
        for origin in origins:
            union |= above[origin] | bit[origin]
        above[node] = union
        if len(origins) > 1:
            skips += [
                (spell(graph, origin), spell(graph, node))
                for origin in origins
                if any(above[other] & bit[origin] for other in origins if other != origin)
            ]
    return skips


def find_cycles(graph: Graph) -> list[list[str]]:
    """Layers that call each other's results in a loop, such as A(B(A(x))): no cycle of calls, but one of layers."""
    users: dict[str, list[str]] = {layer.name: [] for layer in graph.layers}
    for layer in graph.layers:
        for origin in {ref.layer for call in layer.calls for ref in call.refs()}:
            users[origin].append(layer.name)
    groups = strongly_connected(users)
    return [group for group in groups if len(group) > 1 or group[0] in users[group[0]]]


def strongly_connected(edges: dict[str, list[str]]) -> list[list[str]]:
    """Tarjan's components with a stack of our own, each in the order of ``edges``."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    open_: dict[str, None] = {}
    groups: list[list[str]] = []
    for root in edges:
        if root in number:
            continue
        work = [(root, iter(edges[root]))]
        number[root] = low[root] = len(number)
        open_[root] = None
        while work:
            name, followers = work[-1]
            for follower in followers:
                if follower not in number:
                    number[follower] = low[follower] = len(number)
                    open_[follower] = None
                    work.append((follower, iter(edges[follower])))
                    break
                if follower in open_:
                    low[name] = min(low[name], number[follower])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == number[name]:
                    group = take_until(open_, name)
                    groups.append(group)
    order = {name: index for index, name in enumerate(edges)}
    return sorted((sorted(group, key=order.__getitem__) for group in groups), key=lambda group: order[group[0]])


def take_until(open_: dict[str, None], name: str) -> list[str]:
    group = []
    while True:
        last = open_.popitem()[0]
        group.append(last)
        if last == name:
            return group
