"""A drawing as text: one line a node, the tensors on their way as lanes beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from ..views.cards import clip, short_number, short_shape
from ..views.drawing import INPUT, OUTPUT, RESULT, TIE, Box, Drawing, Node
from .dot_labels import badges
from .escaping import escape, pad, width
from .graph_order import Order
from .table import Field, fit

Style = Callable[[str, str], str]
MOST_LANES = 16
STROKES = {  # up, down, left, right
    (1, 1, 0, 0): "│", (0, 0, 1, 1): "─", (1, 1, 0, 1): "├", (1, 1, 1, 0): "┤", (1, 1, 1, 1): "┼",
    (0, 1, 1, 0): "╮", (0, 1, 0, 1): "╭", (1, 0, 1, 0): "╯", (1, 0, 0, 1): "╰", (0, 1, 1, 1): "┬",
    (1, 0, 1, 1): "┴", (0, 0, 0, 0): " ", (0, 1, 0, 0): "│", (1, 0, 0, 0): "│", (0, 0, 1, 0): "─", (0, 0, 0, 1): "─",
}  # fmt: skip


class Line(NamedTuple):
    """What stands left, and the node or box that it belongs to."""

    graph: str
    thing: Node | Box | None = None


class Lanes:
    """Which tensors are on their way, from left to right."""

    def __init__(self, drawing: Drawing, order: Sequence[Node]) -> None:
        self.takes: dict[str, list[str]] = {}
        self.waits: dict[str, set[str]] = {}
        place = {node.id: at for at, node in enumerate(order)}
        for edge in drawing.edges:
            if edge.kind != TIE and place[edge.tail.id] < place[edge.head.id]:
                self.takes.setdefault(edge.head.id, []).append(edge.tail.id)
                self.waits.setdefault(edge.tail.id, set()).add(edge.head.id)
        self.lanes: list[str | None] = []

    def enter(self, node: Node) -> tuple[list[str], int]:
        """The lines above a node, and the lane it stands in."""
        while node.box is None and self.lanes and self.lanes[-1] is None:
            self.lanes.pop()
        tails = list(dict.fromkeys(self.takes.get(node.id, ())))
        before = [lane is not None for lane in self.lanes]
        used = sorted(at for at, lane in enumerate(self.lanes) if lane in tails)
        for tail in tails:
            self.waits[tail].discard(node.id)
        ended = [at for at in used if not self.waits[self.lanes[at] or ""]]
        for at in ended:
            self.lanes[at] = None
        at = ended[0] if ended else self.free(used[-1] + 1 if used else 0)
        lines = [self.join(before, used, at)] if used and used != [at] else []
        self.lanes[at] = node.id if self.waits.get(node.id) else None
        return lines, at

    def free(self, start: int) -> int:
        for at in range(start, len(self.lanes)):
            if self.lanes[at] is None:
                return at
        self.lanes.append(None)
        return len(self.lanes) - 1

    def join(self, before: Sequence[bool], used: Sequence[int], at: int) -> str:
        """The line that leads the lanes in use over to the one where the node stands."""
        first, last = min(*used, at), max(*used, at)
        cells = []
        for lane in range(len(self.lanes)):
            up = lane < len(before) and before[lane]
            down = self.lanes[lane] is not None or lane == at
            passes = lane not in used and lane != at
            left, right = first < lane <= last, first <= lane < last
            stroke = "│" if passes and up else STROKES[up and True, down, left and not (passes and up), right]
            cells.append(stroke + ("─" if right else " "))
        return "".join(cells)

    def beside(self, at: int, mark: str) -> str:
        """The lanes beside a node or a box's edge; ``at`` -1 is beside neither."""
        return "".join(
            f"{mark} " if lane == at else "│ " if self.lanes[lane] is not None else "  "
            for lane in range(len(self.lanes))
        )


def render_graph(drawing: Drawing, room: int, style: Style | None = None) -> list[str]:
    """The lines of the graph, no wider than ``room`` where what is vital fits."""
    lines = list(draw_lines(drawing))
    lanes = min(MOST_LANES, max(2, room // 6))
    graph = [[cut(line.graph, 2 * lanes) + head(line.thing)] for line in lines]
    fields = [
        Field("graph", "Graph", graph),
        Field("type", "Type", [[kind(line.thing, drawing)] for line in lines], yields=2),
    ]
    if told := {"shapes", "dtype"} & drawing.show:
        dtypes = find_dtypes(drawing) if "dtype" in told else {}
        texts = [[output(line.thing, "shapes" in told, dtypes)] for line in lines]
        fields.append(Field("output", "Output", texts, yields=1))
    if "params" in drawing.show:
        fields.append(Field("params", "Params", [[count(line.thing)] for line in lines], right=True, yields=3))
    layout = fit(fields, room)
    titles = broken((escape(drawing.title), escape(drawing.about)), "  ", room)
    found = [*(style(title, "title") if style else title for title in titles), ""]
    for at, line in enumerate(lines):
        cells = [pad(field.cells[at][0], field.width, field.right) for field in layout.fields]
        if style:
            cells = [colour(cell, field.name, line, style) for cell, field in zip(cells, layout.fields, strict=True)]
        found.append((" " * layout.gap).join(cells).rstrip())
    return found + list(legend(drawing, room))


def draw_lines(drawing: Drawing) -> Iterable[Line]:
    steps = list(Order(drawing).walk())
    lanes = Lanes(drawing, [item for item, _, _ in steps if isinstance(item, Node)])
    for item, level, ends in steps:
        bars = "┃ " * level
        if isinstance(item, Box):
            yield Line(lanes.beside(-1, "") + bars + ("┗━" if ends else "┏━ "), None if ends else item)
            continue
        above, at = lanes.enter(item)
        yield from (Line(line + bars) for line in above)
        yield Line(lanes.beside(at, mark(item)) + bars, item)


def mark(node: Node) -> str:
    return "▷" if node.kind == INPUT else "■" if node.kind == OUTPUT else "◌" if node.hatched else "●"


def head(thing: Node | Box | None) -> str:
    if thing is None:
        return ""
    if isinstance(thing, Box):
        return f"×{thing.copies}  {thing.about}" if thing.kind == "block" else named(thing)
    found = "◀" if thing.emphasis == "strong" else ""
    return " ".join(filter(None, [clip(thing.name), *(f"({badge})" for badge in badges(thing)), found]))


def named(box: Box) -> str:
    return f"{clip(box.name)} ({box.badge})" if box.badge else clip(box.name)


def kind(thing: Node | Box | None, drawing: Drawing) -> str:
    if thing is None:
        return ""
    if isinstance(thing, Box):
        return thing.about if thing.kind == "model" else ""
    text = thing.text if "config" in drawing.show or thing.kind == OUTPUT else thing.class_name
    return "input" if thing.kind == INPUT else text


def output(thing: Node | Box | None, shapes: bool, dtypes: Mapping[str, str]) -> str:
    if not isinstance(thing, Node):
        return ""
    shape = short_shape(thing.shape) if shapes and thing.shape is not None else ""
    return " ".join(filter(None, [shape, dtypes.get(thing.id, "")]))


def find_dtypes(drawing: Drawing) -> dict[str, str]:
    """What each node gives, as far as its tensors say so."""
    found: dict[str, str] = {}
    for edge in drawing.edges:
        if edge.dtype:
            found.setdefault(edge.tail.id, edge.dtype)
            if edge.kind == RESULT:
                found[edge.head.id] = edge.dtype
    return found


def count(thing: Node | Box | None) -> str:
    if not isinstance(thing, Node) or thing.params == 0 or thing.kind in (INPUT, OUTPUT):
        return ""
    return "?" if thing.params is None else short_number(thing.params)


def cut(lanes: str, most: int) -> str:
    """Lanes that take no more room than there is; how many more there are is not shown."""
    return lanes if width(lanes) <= most else f"{lanes[: most - 2]}… "


def colour(cell: str, field: str, line: Line, style: Style) -> str:
    """Lanes dim, names bold, the rest quiet."""
    if field != "graph":
        return style(cell, "label")
    text = escape(head(line.thing))
    if not text:
        return style(cell, "rule")
    lanes, found, rest = cell.partition(text)
    role = "hint" if isinstance(line.thing, Box) else "path"
    return f"{style(lanes.rstrip(), role)}{' ' * (len(lanes) - len(lanes.rstrip()))}{style(found, 'name')}{rest}"


def legend(drawing: Drawing, room: int) -> Iterable[str]:
    folded = any(box.copies > 1 for box in drawing.boxes) or any(node.copies > 1 for node in drawing.nodes)
    hatched = any(node.hatched for node in drawing.nodes)
    if folded or hatched or drawing.notes:
        yield ""
    if folded:
        drawn = "×N: so many equal blocks, drawn once"
        yield from broken((drawn, "--no-fold draws every layer, -o model.svg a picture"), "; ", room)
    if hatched:
        yield "◌: its inside is not known"
    for note in drawing.notes:
        yield from broken(escape(note).split(": ", 1), ": ", room)


def broken(parts: Sequence[str], joint: str, room: int) -> list[str]:
    """Parts of a line, below one another where it is too long."""
    line = joint.join(parts)
    return [line] if width(line) <= room else list(parts)
