"""A drawing in Graphviz's DOT language, built with pydot.

Names from the model stand in labels alone, escaped; what identifies a node is a number of ours.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

from ..views.cards import clip, short_shape
from ..views.drawing import INPUT, OUTPUT, RESULT, STUB, TIE, Box, Drawing, Edge, Node
from .dot_labels import box_label, caption, node_label, plain
from .escaping import escape
from .graph_order import find_ranks
from .palette import LIGHT, Colours, colours
from .plain_layout import HEIGHT, NOTE, WIDTH, Places, is_large, place

FONT = "Helvetica"
MOST_LABELLED = 400  # edges; of more, shapes stand in the nodes, which is faster to lay out
CHAIN, SKIP = 8, 2  # how much a tensor to the next row, and one further down, wants to be straight
COLUMN = 12  # nodes below one another where nothing connects them


def render_dot(drawing: Drawing, theme: str = LIGHT) -> str:
    """The drawing as a DOT text. One that is too large for `dot` says where everything lies, for `neato -n2`."""
    if not drawing.placed and is_large(drawing):
        drawing.placed = True
        drawing.notes.append(NOTE)
    return str(make_dot(drawing, theme).to_string())


def make_dot(drawing: Drawing, theme: str = LIGHT) -> Any:
    """The drawing as a graph of pydot's."""
    import pydot

    colour = colours(theme)
    on_edges = len(drawing.edges) <= MOST_LABELLED
    put_labels(drawing, on_edges)
    places = place(drawing) if drawing.placed else None
    graph = pydot.Dot("model", graph_type="digraph", **graph_attributes(drawing, colour))
    graph.set_node_defaults(**defaults(shape="box", style="rounded,filled", margin="0.11,0.06", penwidth="1.1"))
    graph.set_edge_defaults(
        **defaults(color=colour["line"], fontcolor=colour["label"], fontsize="9", penwidth="0.9", arrowsize="0.6")
    )
    homes: dict[str | None, Any] = {None: graph}
    for box in drawing.boxes:
        homes[box.id] = pydot.Cluster(box.id, **box_attributes(box, colour))
        homes[box.parent].add_subgraph(homes[box.id])
    for node in drawing.nodes:
        attributes = node_attributes(node, drawing, colour, "shapes" in drawing.show and not on_edges)
        homes[node.box].add_node(pydot.Node(node.id, **attributes))
    weights = find_weights(drawing) if places is None else {}
    for edge in drawing.edges:
        attributes = {**edge_attributes(edge, colour), **weights.get(edge.id, {})}
        graph.add_edge(pydot.Edge(edge.tail.id, edge.head.id, **attributes))
    if places is not None:
        put_places(graph, drawing, places, colour)
        return graph
    for above, below in columns(drawing):
        graph.add_edge(pydot.Edge(above.id, below.id, style="invis"))
    return graph


def put_places(graph: Any, drawing: Drawing, places: Places, colour: Colours) -> None:
    """Where everything lies; the caption is a node then, since its place is ours to say."""
    import pydot

    stack = [graph]
    while stack:
        part = stack.pop()
        for node in part.get_nodes():
            if node.get_name() in places.nodes:
                node.set_pos(quote(places.nodes[node.get_name()]))
                node.set("width", quote(f"{WIDTH / 72:.3f}"))
                node.set("height", quote(f"{HEIGHT / 72:.3f}"))
        for inner in part.get_subgraphs():
            inner.set("bb", quote(places.boxes[inner.get_name().removeprefix("cluster_")]))
            stack.append(inner)
    for line, edge in zip(graph.get_edges(), drawing.edges, strict=True):
        line.set("pos", quote(places.edges[edge.id]))
    label = markup(caption(drawing, colour))
    graph.add_node(
        pydot.Node("caption", shape="plain", style="solid", label=label, pos=quote(f"120,{places.end - 20:g}"))
    )
    graph.set("layout", "neato")
    graph.obj_dict["attributes"].pop("label", None)


class Ready:
    """A value that is DOT already. pydot writes what is no text as it stands; its own guess at quotes is not asked."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


def quote(text: str) -> Ready:
    """A text between quotes, to be taken as it is."""
    inside = escape(text).replace("\\", "\\\\").replace('"', '\\"')
    return Ready(f'"{inside}"')


def markup(label: str) -> Ready:
    """A label in Graphviz's HTML-like language."""
    return Ready(f"<{label}>")


def defaults(**attributes: str) -> dict[str, Any]:
    return {name: quote(value) for name, value in {"fontname": FONT, **attributes}.items()}


def graph_attributes(drawing: Drawing, colour: Colours) -> dict[str, Any]:
    found = defaults(
        rankdir=drawing.rankdir, bgcolor=colour["ground"], nodesep="0.28", ranksep="0.32", labelloc="b", labeljust="l",
        pad="0.25", splines="true", nslimit="4", nslimit1="4", charset="UTF-8",
    )  # fmt: skip
    return {**found, "label": markup(caption(drawing, colour))}


def box_attributes(box: Box, colour: Colours) -> dict[str, Any]:
    role = "block" if box.kind == "block" else "box"
    found = defaults(
        id=box.id, style="rounded,filled", color=colour[f"{role} line"], fillcolor=colour[role], labeljust="l",
        labelloc="t", penwidth="1.1", margin="10", path=box.path,
    )  # fmt: skip
    found["class"] = quote(f"{box.kind}{' hatched' if box.hatched else ''}")
    return {**found, "label": markup(box_label(box, colour))}


def node_attributes(node: Node, drawing: Drawing, colour: Colours, shapes: bool) -> dict[str, Any]:
    fill, line = colour[f"{node.family} fill"], colour[f"{node.family} line"]
    style, width = "rounded,filled", "1.1"
    if node.hatched or node.unused or node.kind == STUB:
        style += ",dashed"
    if node.kind in (INPUT, OUTPUT):
        width = "1.4"
    if node.emphasis:
        line = colour[node.emphasis]
        fill, width = (fill, "2.6") if node.emphasis == "strong" else (colour["ground"], "0.9")
    found = {name: quote(text) for name, text in (
        ("id", node.id), ("fillcolor", fill), ("color", line), ("style", style), ("penwidth", width),
        ("class", " ".join(filter(None, (node.kind, node.family, "hatched" if node.hatched else "", node.emphasis)))),
        ("path", node.label),
    )}  # fmt: skip
    return {**found, "label": markup(node_label(node, drawing, colour, shapes))}


def edge_attributes(edge: Edge, colour: Colours) -> dict[str, Any]:
    found: dict[str, Any] = {"id": quote(edge.id), "class": quote(edge.kind)}
    if edge.label:
        found["label"] = markup(f"&#160;{plain(edge.label)}")
    if edge.kind == TIE:
        found |= {name: quote(text) for name, text in (
            ("style", "dashed"), ("dir", "none"), ("constraint", "false"), ("weight", "0"), ("color", colour["tie"]),
        )}  # fmt: skip
    if "faint" in (edge.tail.emphasis, edge.head.emphasis):
        found |= {"color": quote(colour["faint"]), "fontcolor": quote(colour["faint ink"])}
    return found


def find_weights(drawing: Drawing) -> dict[str, dict[str, Any]]:
    """How much each tensor wants to be short and straight.

    Steps of a chain most; what skips a row less; what an input gives to many calls least, so that each of these
    stands beside what takes its result.
    """
    rank = find_ranks(drawing)
    takers = Counter(edge.tail for edge in drawing.edges if edge.kind != TIE)
    found: dict[str, dict[str, Any]] = {}
    for edge in drawing.edges:
        if edge.kind == TIE or (edge.tail.kind == INPUT and takers[edge.tail] > 1):
            continue
        found[edge.id] = {"weight": CHAIN if rank[edge.head.id] - rank[edge.tail.id] == 1 else SKIP}
    return found


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
