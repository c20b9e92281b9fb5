"""Whether a graph holds together: every name once, every reference to something, no cycle of calls."""

from __future__ import annotations

from collections import Counter

from ..errors import UnreadableModel
from ..graph import Graph, TensorRef


def check_graph(graph: Graph) -> None:
    """Raise `UnreadableModel` where Keras could not build the graph; iterative, linear in its edges."""
    if len(graph.by_name) != len(graph.layers):
        names = Counter(layer.name for layer in graph.layers)
        raise UnreadableModel(f"two layers of {graph.name!r} are named {names.most_common(1)[0][0]!r}")
    for layer in graph.layers:
        for call in layer.calls:
            for ref in call.refs():
                check_reference(graph, ref, f"layer {layer.name!r}")
    for ref in (*graph.input_refs(), *graph.output_refs()):
        check_reference(graph, ref, f"model {graph.name!r}")
    if graph.order is None:
        raise UnreadableModel(f"the calls in {graph.name!r} form a cycle: {', '.join(find_stuck(graph))}")


def check_reference(graph: Graph, ref: TensorRef, who: str) -> None:
    layer = graph.by_name.get(ref.layer)
    if layer is None:
        raise UnreadableModel(f"{who} takes a tensor of {ref.layer!r}, and there is no such layer")
    if not 0 <= ref.call < len(layer.calls):
        raise UnreadableModel(
            f"{who} takes a tensor of call {ref.call} of {ref.layer!r}, which has {len(layer.calls)} calls"
        )
    if ref.output < 0:
        raise UnreadableModel(f"{who} takes output {ref.output} of {ref.layer!r}")


def find_stuck(graph: Graph) -> list[str]:
    """A few layers whose calls wait for one another."""
    waiting = [layer.name for layer in graph.layers if any(call.refs() for call in layer.calls)]
    return [repr(name) for name in waiting[:3]]
