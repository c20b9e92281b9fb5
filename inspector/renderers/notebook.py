"""A model's picture as notebooks show it: folded, of a bounded size, and not at all where it could not be read.

Whoever looks at a cell waits for it, so a picture that takes long is given up too; text stands in its place.
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any

from ..analyses.facts import Facts
from ..errors import KinspectError
from ..views.drawing import Drawing
from ..views.tracing import Tracer
from .dot import render_dot
from .engine import draw, options_for
from .graph_text import render_graph
from .svg import AUTO, find_marks, finish

MOST_NODES = 160
WIDEST, LONGEST = 960.0, 1500.0  # points
SMALLEST = 0.4  # of its own size; smaller, names cannot be read
TIME_LIMIT = 20.0  # seconds
MOST_LINES, ROOM = 400, 120  # of the graph as text
SHOW = frozenset(("shapes", "params", "config"))
SIZE = re.compile(r' width="([\d.]+)pt" height="([\d.]+)pt"')


def render_picture(facts: Facts, record: dict[str, Any]) -> str | None:
    """The model as SVG, its nested models open where there is room for them; ``None`` if it is too large to be read."""
    for depth in (None, 0):
        drawing = trace(facts, record, depth)
        if len(drawing.nodes) > MOST_NODES:
            continue
        try:
            drawn = draw(render_dot(drawing), "svg", options=options_for(drawing), time_limit=TIME_LIMIT).decode()
        except KinspectError:  # no engine, or it gave up
            return None
        if (svg := fit(finish(drawn, drawing, AUTO, find_marks(drawing)))) is not None:
            return svg
    return None


def trace(facts: Facts, record: dict[str, Any], depth: int | None) -> Drawing:
    drawing = Tracer(facts, record, depth=depth, fold=True).trace()
    drawing.show = SHOW
    return drawing


def fit(svg: str) -> str | None:
    """The picture no larger than a notebook has room for; ``None`` if that makes it too small to be read."""
    found = SIZE.search(svg)
    if found is None:
        return None
    width, height = map(float, found.groups())
    scale = min(1.0, WIDEST / width, LONGEST / height)
    if scale < SMALLEST:
        return None
    size = f' width="{width * scale:.0f}pt" height="{height * scale:.0f}pt"'
    return SIZE.sub(size, svg, count=1)


def as_image(svg: str) -> str:
    """The picture for an HTML fragment, as an image, so that its style and ids stay its own."""
    return f'<img alt="" style="max-width:100%" src="data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}">'


def render_lines(facts: Facts, record: dict[str, Any]) -> str:
    """The graph as text, where there is no picture."""
    lines = render_graph(trace(facts, record, None), ROOM)
    more = len(lines) - MOST_LINES
    return "\n".join(lines if more <= 0 else [*lines[:MOST_LINES], f"… {more:,} more lines"])
