"""The tables that stand in the nodes, boxes and caption of a DOT drawing, in Graphviz's HTML-like language."""

from __future__ import annotations

from collections.abc import Iterable

from ..views.cards import LONGEST_TEXT, clip, short_shape, stats
from ..views.drawing import FOLDED, INPUT, OUTPUT, STUB, Box, Drawing, Node
from ..views.families import FAMILIES
from .escaping import escape_markup
from .palette import Colours

BAR = 46  # points that the whole of a bar takes
NOTE_WIDTH, MOST_NOTE_LINES = 110, 4
ROW = 6  # families in a row of the legend
TABLE = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="{}">'
NAME, TEXT, SMALL = 12.0, 10.0, 9.0
LARGEST = 2.2  # times the usual size, for the node with most parameters where sizes tell them


def plain(text: str) -> str:
    """A name from a file as text: no markup. Graphviz 2.43 takes two brackets before a tag for the end of a section."""
    return escape_markup(text).replace("]", "&#93;")


def font(text: str, colour: str, size: float, *, bold: bool = False) -> str:
    inside = f"<B>{text}</B>" if bold else text
    return f'<FONT COLOR="{colour}" POINT-SIZE="{size:g}">{inside}</FONT>'


def table(rows: Iterable[str], padding: int = 1) -> str:
    return f"{TABLE.format(padding)}{''.join(f'<TR>{row}</TR>' for row in rows)}</TABLE>"


def left(text: str) -> str:
    return f'<TD ALIGN="LEFT">{text}</TD>'


def node_label(node: Node, drawing: Drawing, colour: Colours, shapes: bool) -> str:
    """A node's lines: its name, its class and config, what it holds and costs, and how much of the largest that is."""
    scale = 1.0 + (LARGEST - 1.0) * node.params_share**0.5 if drawing.sized else 1.0
    faint = node.emphasis == "faint"
    ink, quiet = (colour["faint ink"],) * 2 if faint else (colour["ink"], colour["quiet"])
    head = font(plain(clip(node.name)), ink, NAME * scale, bold=True)
    for badge in badges(node):
        head += font(f"&#160; {plain(badge)}", colour["faint ink"] if faint else colour["tie"], SMALL * scale)
    lines = [head]
    if text := about(node, drawing):
        lines.append(
            font(plain(clip(text, LONGEST_TEXT)), quiet if node.kind in (INPUT, OUTPUT) else ink, TEXT * scale)
        )
    if node.hatched:
        lines.append(font(f"<I>{plain(clip(node.hatched, LONGEST_TEXT))}</I>", quiet, SMALL))
    if shapes and node.shape is not None:
        lines.append(font(f"→ {plain(short_shape(node.shape))}", quiet, SMALL))
    counts = (
        stats(node.params, node.macs) if "params" in drawing.show and node.kind not in (INPUT, OUTPUT, STUB) else ""
    )
    if counts:
        lines.append(font(plain(counts), quiet, SMALL * scale))
    if node.kind in (STUB, OUTPUT) and len(lines) == 2:
        return table([left(f"{lines[1]} {lines[0]}")])
    rows = [left(line) for line in lines]
    if counts and (node.params or node.macs):
        rows.append(left(bars(node, colour)))
    return table(rows)


def badges(node: Node) -> list[str]:
    return [text for text in (f"×{node.copies}" if node.copies > 1 else "", clip(node.badge)) if text]


def about(node: Node, drawing: Drawing) -> str:
    if node.kind in (OUTPUT, STUB, FOLDED):
        return node.text
    if node.kind == INPUT:
        return "input"
    return node.text if "config" in drawing.show else node.class_name


def bars(node: Node, colour: Colours) -> str:
    """Two quiet bars: parameters in the family's colour, multiply-accumulates in grey."""
    faint = node.emphasis == "faint"
    cells = bar(node.params_share, colour["faint" if faint else f"{node.family} line"], colour["track"])
    cells += '<TD FIXEDSIZE="TRUE" WIDTH="5" HEIGHT="3"></TD>'
    cells += bar(node.macs_share, colour["faint" if faint else "macs"], colour["track"])
    fixed = f'ALIGN="LEFT" FIXEDSIZE="TRUE" WIDTH="{2 * BAR + 5}" HEIGHT="3"'
    return table([cells], 0).replace("<TABLE", f"<TABLE {fixed}", 1)


def bar(share: float, filled: str, track: str) -> str:
    done = min(BAR, max(round(share * BAR), 1 if share else 0))
    pieces = [(done, filled), (BAR - done, track)]
    return "".join(
        f'<TD FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="3" BGCOLOR="{fill}"></TD>' for width, fill in pieces if width
    )


def box_label(box: Box, colour: Colours) -> str:
    """A box's name and size in short lines, so that tensors that enter at its middle do not run through them."""
    ink = colour["block line"] if box.kind == "block" else colour["ink"]
    copies = font(f"×{box.copies}&#160; ", ink, NAME, bold=True) if box.copies > 1 else ""
    parts = [font(plain(clip(part)), colour["quiet"], SMALL) for part in box.about.split(" · ")]
    if box.kind == "block":  # its layers' names stand below
        return table([left(line) for line in (copies, *parts) if line], 0)
    rows = [left(copies + font(plain(clip(box.name)), colour["ink"], TEXT, bold=True)), *map(left, parts)]
    if box.badge:
        rows.append(left(font(plain(box.badge), colour["tie"], SMALL)))
    if box.hatched:
        rows.append(left(font(f"<I>{plain(clip(box.hatched, 2 * LONGEST_TEXT))}</I>", colour["quiet"], SMALL)))
    return table(rows, 0)


def caption(drawing: Drawing, colour: Colours) -> str:
    """The model's name and size, and what the colours, bars and signs mean."""
    ink, quiet = colour["ink"], colour["quiet"]
    name = font(plain(clip(drawing.title)), ink, 14, bold=True)
    rows = ['<TD HEIGHT="12"></TD>', left(f"{name}{font(f'&#160;  {plain(drawing.about)}', quiet, 10)}")]
    keys = [key(FAMILIES[family].title, colour[f"{family} line"], quiet) for family in drawing.families]
    rows += [left("".join(keys[at : at + ROW])) for at in range(0, len(keys), ROW)]
    if signs := list(explain(drawing)):
        rows.append(left(font(plain(" · ".join(signs)), quiet, SMALL)))
    rows += [left(font(plain(line), quiet, SMALL)) for note in drawing.notes for line in lines_of(note)]
    return table(rows, 2)


def lines_of(note: str) -> list[str]:
    """A note in lines as wide as the legend; what is longer than a few lines is cut."""
    from textwrap import wrap

    return wrap(note, NOTE_WIDTH, max_lines=MOST_NOTE_LINES, placeholder=" …")


def key(text: str, colour: str, quiet: str) -> str:
    return f"{font('■', colour, 12)}{font(f'&#160;{plain(text)}&#160;&#160;&#160;&#160;', quiet, SMALL)}"


def explain(drawing: Drawing) -> Iterable[str]:
    """What the signs mean that are in the drawing."""
    if any(edge.label for edge in drawing.edges):
        yield "on the edges: shapes after the batch"
    if "params" in drawing.show and any(node.params_share for node in drawing.nodes):
        yield "bars: parameters, multiply-accumulates, of the largest layer"
    if any(box.copies > 1 for box in drawing.boxes) or any(node.copies > 1 for node in drawing.nodes):
        yield "×N: so many equal blocks"
    if any(edge.kind == "tie" for edge in drawing.edges):
        yield "dashed: calls of one layer"
    if any(node.hatched for node in drawing.nodes) or any(box.hatched for box in drawing.boxes):
        yield "dashed frame: its inside is not known"
