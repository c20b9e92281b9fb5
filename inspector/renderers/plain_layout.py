"""A layout of our own for graphs that would keep `dot` busy for minutes: calls below one another, tensors in lanes.

`dot` puts a hidden node into every row that an edge crosses, and its work grows faster than their number: five thousand
calls with a thousand long edges take it minutes and gigabytes. This layout takes one pass; `neato -n2` then only draws.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from heapq import heappop, heappush
from typing import NamedTuple

from ..views.drawing import TIE, Box, Drawing, Edge
from .graph_order import Order

MOST_CROSSED = 4_000  # rows crossed by all edges together that are left to dot
MOST_IN_ROW = 400  # calls that dot is to put side by side
WIDTH, HEIGHT, STEP = 250.0, 58.0, 88.0  # points: of a node, and from one to the next
INDENT, LANE, MARGIN, LABEL = 22.0, 9.0, 14.0, 34.0
CAPTION = 600.0  # points that the caption and the margins may take
NOTE = "too large for dot: calls stand below one another, longer edges run in lanes beside them"


class Places(NamedTuple):
    """Where everything lies, in points, y upwards: a node's middle, an edge's curve, a box's corners."""

    nodes: dict[str, str]
    edges: dict[str, str]
    boxes: dict[str, str]
    end: float  # where the caption begins
    extent: tuple[float, float]  # of all of it, the caption included, a little more than is needed


def is_large(drawing: Drawing, rank: Mapping[str, int]) -> bool:
    """Whether `dot` would take too long; ``rank`` is each node's row, of `find_ranks`."""
    if len(drawing.nodes) + len(drawing.edges) < MOST_IN_ROW:
        return False
    in_row = Counter(rank.values())
    crossed = sum(abs(rank[edge.head.id] - rank[edge.tail.id]) for edge in drawing.edges)
    return crossed > MOST_CROSSED or max(in_row.values(), default=0) > MOST_IN_ROW


def place(drawing: Drawing) -> Places:
    """Places for all of a drawing, in time that grows with its size."""
    spots: dict[str, tuple[float, float]] = {}
    rows: dict[str, int] = {}
    boxes: dict[str, str] = {}
    open_boxes: list[tuple[Box, float]] = []
    y, right = 0.0, WIDTH / 2 + count_levels(drawing) * INDENT
    for item, level, ends in Order(drawing).walk():
        if ends:
            box, top = open_boxes.pop()
            y -= MARGIN
            left, bottom = level * INDENT - WIDTH / 2 + MARGIN / 2, y + STEP - HEIGHT / 2
            boxes[box.id] = f"{left:g},{bottom:g},{right - level * MARGIN / 2:g},{top:g}"
        elif isinstance(item, Box):
            open_boxes.append((item, y + HEIGHT / 2 + MARGIN))
            y -= LABEL
        else:
            spots[item.id] = (level * INDENT, y)
            rows[item.id] = len(rows)
            y -= STEP
    lanes = Lanes(rows, spots, right + 2 * MARGIN)
    edges = lanes.route(drawing.edges)
    extent = lanes.side + lanes.count * LANE + CAPTION, CAPTION - y
    return Places({name: f"{x:g},{at:g}" for name, (x, at) in spots.items()}, edges, boxes, y, extent)


def count_levels(drawing: Drawing) -> int:
    """Levels of boxes in boxes."""
    levels: dict[str | None, int] = {None: 0}
    for box in drawing.boxes:
        levels[box.id] = levels[box.parent] + 1
    return max(levels.values())


class Lanes:
    """Curves for edges: straight to the next row, else down a lane at the side that no other edge is in."""

    def __init__(self, rows: dict[str, int], spots: dict[str, tuple[float, float]], side: float) -> None:
        self.rows = rows
        self.spots = spots
        self.side = side
        self.count = 0

    def route(self, edges: list[Edge]) -> dict[str, str]:
        found: dict[str, str] = {}
        long = []
        for edge in edges:
            first, last = self.rows[edge.tail.id], self.rows[edge.head.id]
            if last - first == 1 and edge.kind != TIE:
                found[edge.id] = self.straight(edge)
            else:
                long.append((min(first, last), max(first, last), edge))
        busy: list[tuple[int, int]] = []  # (row where a lane is free again, lane)
        free: list[int] = []
        for first, last, edge in sorted(long, key=lambda entry: entry[:2]):
            while busy and busy[0][0] <= first:
                heappush(free, heappop(busy)[1])
            lane = heappop(free) if free else len(busy) + len(free)
            heappush(busy, (last, lane))
            found[edge.id] = self.around(edge, lane)
        self.count = len(busy) + len(free)
        return found

    def straight(self, edge: Edge) -> str:
        (x0, y0), (x1, y1) = self.spots[edge.tail.id], self.spots[edge.head.id]
        top, end = y0 - HEIGHT / 2, y1 + HEIGHT / 2
        third = (top - end) / 3
        return f"e,{x1:g},{end:g} {x0:g},{top:g} {x0:g},{top - third:g} {x1:g},{end + third + 6:g} {x1:g},{end + 6:g}"

    def around(self, edge: Edge, lane: int) -> str:
        (x0, y0), (x1, y1) = self.spots[edge.tail.id], self.spots[edge.head.id]
        x, down = self.side + lane * LANE, -1 if y1 < y0 else 1
        y0, y1 = y0 - 12, y1 + 12
        bend = 10 * down
        first = f"{x0 + WIDTH / 2:g},{y0:g} {x - 10:g},{y0:g} {x:g},{y0:g} {x:g},{y0 + bend:g}"
        second = f"{x:g},{y0 + bend:g} {x:g},{y1 - bend:g} {x:g},{y1 - bend:g}"
        third = f"{x:g},{y1:g} {x - 10:g},{y1:g} {x1 + WIDTH / 2 + 6:g},{y1:g}"
        arrow = "" if edge.kind == TIE else f"e,{x1 + WIDTH / 2:g},{y1:g} "
        return f"{arrow}{first} {second} {third}"
