"""A drawing in Graphviz's DOT language, built with pydot.

Names from the model stand in labels alone, escaped; what identifies a node is a number of ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from ..views.cards import clip, short_shape
from ..views.drawing import INPUT, OUTPUT, RESULT, STUB, TIE, Box, Drawing, Edge, Node
from .dot_labels import box_label, caption, node_label, plain
from .escaping import escape
from .graph_order import find_late_ranks, find_ranks
from .palette import LIGHT, Colours, colours
from .plain_layout import HEIGHT, NOTE, WIDTH, Places, is_large, place

FONT = "Helvetica"
NODES = f'fontname="{FONT}", shape="box", style="rounded,filled", margin="0.11,0.06", penwidth="1.1"'
SIZE = f'width="{WIDTH / 72:.3f}", height="{HEIGHT / 72:.3f}"'
MOST_LABELLED = 400  # edges; of more, shapes stand in the nodes, which is faster to lay out
CHAIN, SKIP, TIED = 8, 2, 2  # how much a tensor to the next row, one further down, and a tie want to be straight
COLUMN = 12  # nodes below one another where nothing connects them


def render_dot(drawing: Drawing, theme: str = LIGHT) -> str:
    """The drawing as a DOT text. One that is too large for `dot` says where everything lies, for `neato -n2`."""
    ranks = find_ranks(drawing)
    if not drawing.placed and is_large(drawing, ranks):
        drawing.placed = True
        drawing.notes.append(NOTE)
    return str(make_dot(drawing, theme, ranks).to_string())


def make_dot(drawing: Drawing, theme: str, ranks: Mapping[str, int]) -> Any:
    """The drawing as a graph of pydot's."""
    import pydot

    colour = colours(theme)
    on_edges = len(drawing.edges) <= MOST_LABELLED
    put_labels(drawing, on_edges)
    places = place(drawing) if drawing.placed else None
    drawing.extent = places.extent if places else None
    graph = pydot.Dot("model", graph_type="digraph", **ready(graph_attributes(drawing, colour, places)))
    graph.add_node(pydot.Node("node", **ready(NODES)))
    graph.add_node(pydot.Node("edge", **ready(edge_defaults(colour))))
    homes: dict[str | None, Any] = {None: graph}
    for box in drawing.boxes:
        bounds = "" if places is None else f"; bb={quote(places.boxes[box.id])}"
        homes[box.id] = pydot.Cluster(box.id, **ready(box_attributes(box, colour) + bounds))
    shapes = "shapes" in drawing.show and not on_edges
    for node in drawing.nodes:
        spot = "" if places is None else f", pos={quote(places.nodes[node.id])}, {SIZE}"
        homes[node.box].add_node(pydot.Node(node.id, **ready(node_attributes(node, drawing, colour, shapes) + spot)))
    for box in drawing.boxes:  # after the nodes: dot puts side by side what it reads first, and the inputs lead
        homes[box.parent].add_subgraph(homes[box.id])
    weights = find_weights(drawing, ranks) if places is None else {}
    for edge in drawing.edges:
        way = weights.get(edge.id, "") if places is None else f", pos={quote(places.edges[edge.id])}"
        graph.add_edge(pydot.Edge(edge.tail.id, edge.head.id, **ready(edge_attributes(edge, colour) + way)))
    if places is not None:  # then the caption is a node, since its place is ours to say
        about = f'shape=plain, style=solid, label={markup(caption(drawing, colour))}, pos="120,{places.end - 20:g}"'
        graph.add_node(pydot.Node("caption", **ready(about)))
        return graph
    for above, below in columns(drawing):
        graph.add_edge(pydot.Edge(above.id, below.id, style="invis"))
    return graph


def ready(attributes: str) -> dict[str, Any]:
    """Attributes that are DOT already (``, `` between a node's or an edge's, ``; `` between a graph's), as one that
    has no value: pydot writes it as it stands.

    Its own guess at what needs quotes is slow, and goes by patterns that a name can meet.
    """
    return {attributes: None}


def quote(text: str) -> str:
    """A text between quotes, to be taken as it is."""
    inside = escape(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inside}"'


def markup(label: str) -> str:
    """A label in Graphviz's HTML-like language."""
    return f"<{label}>"


def graph_attributes(drawing: Drawing, colour: Colours, places: Places | None) -> str:
    found = (
        f'fontname="{FONT}"; rankdir="{drawing.rankdir}"; bgcolor="{colour["ground"]}"; nodesep="0.28"; '
        'ranksep="0.32"; labelloc="b"; labeljust="l"; pad="0.25"; splines="true"; charset="UTF-8"'
    )
    end = "layout=neato" if places is not None else f"label={markup(caption(drawing, colour))}"
    compound = "; compound=true" if any(edge.boxes for edge in drawing.edges) else ""
    return f"{found}{compound}; {end}"


def edge_defaults(colour: Colours) -> str:
    return (
        f'fontname="{FONT}", color="{colour["line"]}", fontcolor="{colour["label"]}", fontsize="9", penwidth="0.9", '
        'arrowsize="0.6"'
    )


def box_attributes(box: Box, colour: Colours) -> str:
    role = "block" if box.kind == "block" else "box"
    style = "rounded,filled,dashed" if box.hatched else "rounded,filled"
    return (
        f'fontname="{FONT}"; id="{box.id}"; style="{style}"; color="{colour[f"{role} line"]}"; '
        f'fillcolor="{colour[role]}"; labeljust="l"; labelloc="t"; penwidth="1.1"; margin="10"; '
        f'class="{box.kind}{" hatched" if box.hatched else ""}"; path={quote(box.path)}; '
        f"label={markup(box_label(box, colour))}"
    )


def node_attributes(node: Node, drawing: Drawing, colour: Colours, shapes: bool) -> str:
    fill, line = colour[f"{node.family} fill"], colour[f"{node.family} line"]
    style, width = "rounded,filled", "1.1"
    if node.hatched or node.unused or node.kind == STUB:
        style += ",dashed"
    if node.kind in (INPUT, OUTPUT):
        width = "1.4"
    if node.emphasis:
        line = colour[node.emphasis]
        fill, width = (fill, "2.6") if node.emphasis == "strong" else (colour["ground"], "0.9")
    classes = f"{node.kind} {node.family}{' hatched' if node.hatched else ''} {node.emphasis}".rstrip()
    return (
        f'id="{node.id}", fillcolor="{fill}", color="{line}", style="{style}", penwidth="{width}", class="{classes}", '
        f"path={quote(node.label)}, label={markup(node_label(node, drawing, colour, shapes))}"
    )


def edge_attributes(edge: Edge, colour: Colours) -> str:
    found = f'id="{edge.id}", class="{edge.kind}"'
    if edge.label:
        found += f", label={markup(f'&#160;{plain(edge.label)}')}"
    if edge.kind == TIE:
        found += f', style="dashed", dir="none", color="{colour["tie"]}"'
        if edge.boxes is not None:
            found += f', ltail="cluster_{edge.boxes[0]}", lhead="cluster_{edge.boxes[1]}"'
    if "faint" in (edge.tail.emphasis, edge.head.emphasis):
        found += f', color="{colour["faint"]}", fontcolor="{colour["faint ink"]}"'
    return found


def find_weights(drawing: Drawing, ranks: Mapping[str, int]) -> dict[str, str]:
    """How much each tensor wants to be short and straight, and how the calls of one layer stand below one another.

    Steps of a chain most; what skips a row less; what an input gives to many calls least, so that each of these
    stands beside what takes its result. A tie moves no call to another row, and draws calls in later rows straight
    below their first.
    """
    takers = Counter(edge.tail for edge in drawing.edges if edge.kind != TIE)
    ties = [edge for edge in drawing.edges if edge.kind == TIE]
    late = find_late_ranks(drawing, ranks) if ties else {}
    found = {edge.id: tie_weight(late[edge.head.id] - late[edge.tail.id]) for edge in ties}
    for edge in drawing.edges:
        if edge.kind == TIE or (edge.tail.kind == INPUT and takers[edge.tail] > 1):
            continue
        found[edge.id] = f", weight={CHAIN if ranks[edge.head.id] - ranks[edge.tail.id] == 1 else SKIP}"
    return found


def tie_weight(rows: int) -> str:
    return f", minlen={rows}, weight={TIED}" if rows > 0 else ', constraint="false", weight=0'


def put_labels(drawing: Drawing, shapes: bool) -> None:
    """What stands beside the edges: each tensor's shape once, and the argument or key it goes in by."""
    told: set[tuple[str, int]] = set()
    for edge in drawing.edges:
        if edge.kind == TIE:
            continue
        parts = [clip(edge.key)] if edge.key else []
        first = (edge.tail.id, edge.output) not in told
        told.add((edge.tail.id, edge.output))
        if shapes and "shapes" in drawing.show and edge.shape is not None and (first or edge.kind == RESULT):
            parts.append(short_shape(edge.shape))
        if edge.dtype and first and ("dtype" in drawing.show or (shapes and edge.dtype != "float32" and parts)):
            parts.append(edge.dtype)
        edge.label = " ".join(parts)


def columns(drawing: Drawing) -> list[tuple[Node, Node]]:
    """Pairs to stand below one another: nodes without any edge would all lie side by side."""
    wired = {node for edge in drawing.edges for node in (edge.tail, edge.head)}
    loose: dict[str | None, list[Node]] = {}
    for node in drawing.nodes:
        if node not in wired:
            loose.setdefault(node.box, []).append(node)
    pairs = []
    for nodes in loose.values():
        pairs += [(a, b) for at, (a, b) in enumerate(pairwise(nodes), 1) if at % COLUMN]
    return pairs
