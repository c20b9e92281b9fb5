"""A drawing as a Mermaid flowchart, which GitHub, GitLab and notebooks show."""

from __future__ import annotations

from collections.abc import Iterator

from ..views.cards import clip, stats
from ..views.drawing import INPUT, OUTPUT, STUB, TIE, Box, Drawing, Node
from .dot import put_labels
from .dot_labels import badges
from .escaping import escape
from .graph_order import Order
from .palette import LIGHT, colours

SAFE = frozenset(" _-.,()×·→…+/?=:")
MOST_EDGES = 500  # what viewers draw unless they are told otherwise
TOO_MANY = f"more than {MOST_EDGES} edges: most viewers of Mermaid refuse it unless maxEdges is raised"


def render_mermaid(drawing: Drawing, theme: str = LIGHT) -> str:
    """The drawing as a flowchart. Every character that could mean something to Mermaid is written as its number."""
    put_labels(drawing, True)
    lines = ["---", f'title: "{plain(drawing.title)}"', "---", f"flowchart {drawing.rankdir}"]
    for item, level, ends in Order(drawing).walk():
        indent = "  " * (level + 1)
        if ends:
            lines.append(f"{indent}end")
        elif isinstance(item, Box):
            copies = f"×{item.copies} " if item.copies > 1 else ""
            lines.append(
                f'{indent}subgraph {item.id}["{plain(copies + clip(item.name))}<br/>{plain(clip(about_box(item)))}"]'
            )
        else:
            lines.append(f"{indent}{item.id}{shaped(item, drawing)}:::{item.family}")
    for edge in drawing.edges:
        arrow = "-.-" if edge.kind == TIE else "-->"
        label = f'|"{plain(edge.label)}"|' if edge.label else ""
        tail, head = edge.boxes or (edge.tail.id, edge.head.id)
        lines.append(f"  {tail} {arrow}{label} {head}")
    return "\n".join([*lines, *classes(drawing, theme)])


def about_box(box: Box) -> str:
    return " · ".join(filter(None, (box.about, box.badge)))


def shaped(node: Node, drawing: Drawing) -> str:
    """A node's text in its shape: round ends for inputs and outputs, slanted for what comes from elsewhere."""
    head = plain(" ".join([clip(node.name), *badges(node)]))
    lines = [f"<b>{head}</b>"]
    if node.kind == OUTPUT:
        lines.append("output")
    elif node.kind != INPUT:
        lines.append(plain(clip(node.text if "config" in drawing.show else node.class_name)))
    if node.hatched:
        lines.append(f"<i>{plain(clip(node.hatched))}</i>")
    if (
        "params" in drawing.show
        and (counts := stats(node.params, node.macs))
        and node.kind not in (INPUT, OUTPUT, STUB)
    ):
        lines.append(plain(counts))
    text = "<br/>".join(line for line in lines if line)
    left, right = ('(["', '"])') if node.kind in (INPUT, OUTPUT, STUB) else ('["', '"]')
    return f"{left}{text}{right}"


def classes(drawing: Drawing, theme: str) -> Iterator[str]:
    """The families' colours, those that are used."""
    colour = colours(theme)
    for family in {node.family: None for node in drawing.nodes}:
        fill, line = colour[f"{family} fill"], colour[f"{family} line"]
        yield f"  classDef {family} fill:{fill},stroke:{line},color:{colour['ink']}"
    hatched = [thing.id for thing in drawing.nodes if thing.hatched]
    if hatched:
        yield "  classDef hatched stroke-dasharray:4 3"
        yield f"  class {','.join(hatched)} hatched"
    for emphasis, looks in (("strong", "stroke-width:4px"), ("faint", "opacity:0.4")):
        if found := [node.id for node in drawing.nodes if node.emphasis == emphasis]:
            yield f"  classDef {emphasis} stroke:{colour[emphasis]},{looks}"
            yield f"  class {','.join(found)} {emphasis}"


def plain(text: str) -> str:
    return "".join(char if char.isalnum() or char in SAFE else f"#{ord(char)};" for char in escape(text))


__all__ = ["MOST_EDGES", "TOO_MANY", "render_mermaid"]
