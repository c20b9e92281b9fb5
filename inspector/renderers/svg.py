"""A drawing as SVG: laid out by Graphviz, then given what Graphviz lacks: tooltips, hatching, a dark theme."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..views.cards import short_shape
from ..views.drawing import Box, Drawing, Edge, Node
from ..views.quantities import shape_text
from .dot import render_dot
from .engine import draw, options_for
from .escaping import escape_markup as plain
from .palette import DARK, LIGHT, colours, translation

AUTO = "auto"
TITLED = re.compile(r'<g id="([neb]\d+)" class="([^"]*)">\s*<title>[^<]*</title>')
ROOT = re.compile(r'<g id="[^"]*" class="graph"')
HEAD = re.compile(r"^.*?(?=<svg )", re.DOTALL)
COMMENTS = re.compile(r"<!--.*?-->\n?", re.DOTALL)
HATCH = (
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" fill="{ground}"/><rect width="1.6" height="6" fill="{track}"/></pattern></defs>'
)


def render_svg(drawing: Drawing, theme: str = AUTO, engine: str | None = None) -> str:
    """The drawing as one SVG document. ``auto`` follows the reader's light or dark setting."""
    from threading import Thread

    dot = render_dot(drawing, DARK if theme == DARK else LIGHT)
    marks: dict[str, str] = {}
    aside = Thread(target=lambda: marks.update(find_marks(drawing)))  # while the engine, another process, is busy
    aside.start()
    svg = draw(dot, "svg", engine, options_for(drawing)).decode()
    aside.join()
    return finish(svg, drawing, theme, marks)


def finish(
    svg: str, drawing: Drawing, theme: str, marks: Mapping[str, str], *, prefix: str = "", within: bool = False
) -> str:
    """Graphviz's SVG with the drawing's own titles (``marks``), hatching and colours.

    ``prefix`` stands before every id; ``within`` a page that has the style and the hatching already.
    """

    def put_mark(match: re.Match[str]) -> str:
        name, classes = match.groups()
        return f'<g id="{prefix}{name}" class="{classes}"{marks[name]}'

    svg = TITLED.sub(put_mark, COMMENTS.sub("", HEAD.sub("", svg, count=1)))
    svg = ROOT.sub(f'<g id="{prefix}graph" class="graph"', svg, count=1)
    start = svg.index(">", svg.index("<svg ")) + 1
    about = f"<title>{plain(drawing.title)}</title><desc>{plain(drawing.about)}</desc>"
    opening = svg[:start].replace("<svg ", '<svg role="img" ', 1)
    looks = "" if within else f"{hatch(theme)}<style>{style(theme)}</style>"
    return f"{opening}{about}{looks}{svg[start:]}".rstrip()


def find_marks(drawing: Drawing) -> dict[str, str]:
    """Of everything drawn, by its id, the end of its opening tag with its path, and its title."""
    things: list[Node | Edge | Box] = [*drawing.nodes, *drawing.edges, *drawing.boxes]
    found = {}
    for thing in things:
        path = "" if isinstance(thing, Edge) else f' data-path="{plain(thing.path)}"'
        found[thing.id] = f"{path}><title>{plain(title_of(thing))}</title>"
    return found


def style(theme: str) -> str:
    """Rules that hatch, and that turn each light colour into its dark one where the reader wants it dark."""
    rules = [
        ".graph text{font-family:Helvetica,Arial,'Liberation Sans',sans-serif}",
        ".hatched>path:first-of-type{fill:url(#hatch)}",
    ]
    if theme == AUTO:
        rules.append("@media (prefers-color-scheme:dark){" + dark_rules() + "}")
    return "".join(rules)


def dark_rules(within: str = "") -> str:
    pairs = ((attribute, light, dark) for light, dark in translation().items() for attribute in ("fill", "stroke"))
    return "".join(f'{within}[{name}="{light}"]{{{name}:{dark}}}' for name, light, dark in pairs)


def hatch(theme: str) -> str:
    return HATCH.format(**colours(DARK if theme == DARK else LIGHT))


def title_of(thing: Node | Edge | Box) -> str:
    """What a tooltip says."""
    if isinstance(thing, Edge):
        shape = f" {shape_text(thing.shape)} {thing.dtype or ''}".rstrip() if thing.shape is not None else ""
        return f"{thing.tail.label} → {thing.head.label}{shape}"
    parts = [
        thing.label if isinstance(thing, Node) else thing.path,
        thing.text if isinstance(thing, Node) else thing.about,
        "" if isinstance(thing, Node) else thing.badge,
    ]
    if isinstance(thing, Node) and thing.shape is not None:
        parts.append(f"output {short_shape(thing.shape) if thing.kind == 'folded' else shape_text(thing.shape)}")
    if isinstance(thing, Node) and thing.params:
        parts.append(f"{thing.params:,} params")
    if isinstance(thing, Node) and thing.macs:
        parts.append(f"{thing.macs:,} MACs")
    return " · ".join(filter(None, [*parts, thing.hatched]))
