"""One page that holds a model: its drawing on sheets that open one another, its layers as a table, its notes.

The page loads nothing: style and script stand in it, and a policy in it forbids the rest. Names reach it escaped, by
Jinja in the markup and as JSON without ``<`` in the data; the script puts them into the page as text alone.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any, NamedTuple

from ..analyses.facts import Facts, LayerFacts
from ..errors import UsageError
from ..views.cards import about_model
from ..views.drawing import TIE, Box, Drawing, Node
from ..views.frames import Sheet
from ..views.quantities import count_text, shape_text
from ..views.tracing import Tracer
from .dot import render_dot
from .engine import draw, options_for
from .escaping import escape
from .palette import LIGHT
from .svg import AUTO, dark_rules, find_marks, finish, hatch

MOST_SHEETS = 200
MOST_TEXT = 4_000  # characters of one config
SHOW = frozenset(("shapes", "params", "config"))
COLUMNS = ("Layer", "Class", "Output shape", "Params", "Trainable", "MACs", "Dtype")
NUMBERS = ("Params", "MACs")
END = re.compile(r"</svg>\s*")
SIZE = re.compile(r'(<svg[^>]*?) width="([\d.]+)pt" height="([\d.]+)pt"')


class PageOptions(NamedTuple):
    """What of a drawing may be asked for in a page too; by default each nested model is on a sheet of its own."""

    depth: int | None = 0  # levels of nested models that a sheet opens itself; None is all
    fold: bool = True
    rankdir: str = "TB"
    show: frozenset[str] = SHOW
    sized: bool = False
    highlight: str | None = None  # the page opens on the first sheet with a match
    first: str | None = None  # of the model's own sheet, only what lies between
    last: str | None = None


def render_page(
    facts: Facts,
    record: Mapping[str, Any],
    theme: str = AUTO,
    engine: str | None = None,
    options: PageOptions = PageOptions(),  # noqa: B008  # it is immutable
) -> str:
    """The page of a model; it follows the reader's light or dark setting unless ``theme`` says otherwise."""
    from jinja2 import Environment

    drawings, trails = draw_sheets(facts, dict(record), options)
    start = highlight(drawings, options.highlight) if options.highlight else Sheet()
    names = {sheet: f"s{number}" for number, sheet in enumerate(drawings)}
    pictures = picture_sheets(list(drawings.values()), engine)
    data = {
        "start": [names[sheet] for sheet in trails[start]],
        "sheets": {names[sheet]: describe_sheet(drawing, names) for sheet, drawing in drawings.items()},
        "layers": [describe_layer(fact, entry) for fact, entry in zip(facts.layers, record["layers"], strict=True)],
    }
    folder = files(__package__).joinpath("page")
    style, script, page = (
        folder.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js", "page.html")
    )
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(page)
    return template.render(
        title=escape(record["model"]["name"] or "?"), about=escape(about_model(dict(record))), theme=theme,
        source=escape(str(record["model"]["source"]).rpartition("/")[2]),
        style=style + themes(), script=script, digest=digest(script), hatch=hatch(LIGHT),
        sheets=list(zip(names.values(), pictures, strict=True)), data=as_json(data), columns=COLUMNS, numbers=NUMBERS,
        rows=[table_row(entry) for entry in record["layers"]],
        notes=[(note["code"], escape(note["layer"] or ""), escape(note["message"])) for note in record["notes"]],
    )  # fmt: skip


def draw_sheets(
    facts: Facts, record: dict[str, Any], options: PageOptions
) -> tuple[dict[Sheet, Drawing], dict[Sheet, list[Sheet]]]:
    """The model's own sheet, then every sheet that something on a sheet opens; and the way to each of them."""
    found: dict[Sheet, Drawing] = {}
    trails = {Sheet(): [Sheet()]}
    for sheet in (waiting := [Sheet()]):  # it grows
        if len(found) >= MOST_SHEETS:
            break
        whole = sheet.last is None
        drawing = Tracer(facts, record, depth=options.depth, fold=whole and options.fold).trace(sheet)
        drawing.show, drawing.rankdir, drawing.sized = options.show, options.rankdir, options.sized
        if sheet == Sheet() and (options.first or options.last):
            drawing.keep_part(options.first, options.last)
        if sheet.owner is not None or not whole:
            drawing.title, drawing.about = name_sheet(facts, record, sheet)
        found[sheet] = drawing
        things: list[Node | Box] = [*drawing.nodes, *drawing.boxes]
        for thing in things:
            if thing.opens is not None and thing.opens not in trails:
                trails[thing.opens] = [*trails[sheet], thing.opens]
                waiting.append(thing.opens)
    return found, trails


def highlight(drawings: Mapping[Sheet, Drawing], pattern: str) -> Sheet:
    """Set off what matches, on the sheets that have it; the first of these sheets."""
    hits = [sheet for sheet, drawing in drawings.items() if drawing.matches(pattern)]
    if not hits:
        raise UsageError(f"--highlight {pattern}: no layer of the drawing matches")
    for sheet in hits:
        drawings[sheet].highlight(pattern)
    return hits[0]


def name_sheet(facts: Facts, record: Mapping[str, Any], sheet: Sheet) -> tuple[str, str]:
    if sheet.owner is None:
        name = str(record["model"]["name"] or "?")
        return name, "repeated blocks, layer by layer"
    entry = record["layers"][sheet.owner]
    about = "repeated blocks, layer by layer" if sheet.last is not None else f"{entry['class_name'] or ''}"
    return entry["path"], about


def picture_sheets(drawings: Sequence[Drawing], engine: str | None) -> list[str]:
    """All sheets in one run of the engine, those we lay out in another; ids begin with the sheet's number."""
    dots = [render_dot(drawing) for drawing in drawings]
    found: dict[int, str] = {}
    for placed in (False, True):
        numbers = [number for number, drawing in enumerate(drawings) if drawing.placed == placed]
        if not numbers:
            continue
        options = options_for(drawings[numbers[0]])
        drawn = draw("\n".join(dots[number] for number in numbers), "svg", engine, options).decode()
        pictures = [part for part in END.split(drawn) if "<svg " in part]
        for number, picture in zip(numbers, pictures, strict=True):
            svg = finish(
                f"{picture}</svg>",
                drawings[number],
                LIGHT,
                find_marks(drawings[number]),
                prefix=f"s{number}-",
                within=True,
            )
            found[number] = SIZE.sub(r'\1 style="--width:\2pt" data-width="\2" data-height="\3"', svg, count=1)
    return [found[number] for number in range(len(drawings))]


def describe_sheet(drawing: Drawing, names: Mapping[Sheet, str]) -> dict[str, Any]:
    """What the script must know of a sheet."""
    things = {}
    drawn: list[Node | Box] = [*drawing.nodes, *drawing.boxes]
    for thing in drawn:
        things[thing.id] = {
            "path": escape(thing.path), "name": escape(thing.name), "layer": thing.layer,
            "opens": names.get(thing.opens) if thing.opens is not None else None,
        }  # fmt: skip
    edges = [(edge.tail.id, edge.head.id) for edge in drawing.edges if edge.kind != TIE]
    return {"title": escape(drawing.title), "about": escape(drawing.about), "things": things, "edges": edges}


def describe_layer(fact: LayerFacts, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What a click on a layer shows."""
    facts = [("class", entry["class_name"] or "?"), ("module", entry["module"] or ""), ("dtype", entry["dtype"] or "")]
    facts += [("params", count_text(entry["params"])), ("MACs", count_text(entry["macs"]))]
    calls = [
        [", ".join(map(escape, call["connected_to"])) or "nothing", escape(shape_text(call["output_shape"]))]
        for call in entry["calls"]
    ]
    weights = [[escape(weight.name), escape(shape_text(weight.shape)), weight.dtype] for weight in fact.weights or ()]
    config = json.dumps(fact.layer.config, indent=1, default=repr, ensure_ascii=False)
    return {
        "path": escape(entry["path"]), "facts": [[name, escape(text)] for name, text in facts if text], "calls": calls,
        "weights": weights if fact.layer.inner is None else [],
        "config": "\n".join(map(escape, config[:MOST_TEXT].split("\n"))) if fact.layer.inner is None else "",
        "unknown": [[name, escape(why)] for name, why in entry["unknown"].items()],
    }  # fmt: skip


def table_row(entry: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """A layer's cells: what they show, and what they sort by."""
    texts = [entry["path"], entry["class_name"] or "?", shape_text(entry["output_shape"]), count_text(entry["params"])]
    texts += ["yes" if entry["trainable"] else "no", count_text(entry["macs"]), entry["dtype"] or ""]
    keys = [None, None, None, entry["params"], None, entry["macs"], None]
    return [(escape(text), -1 if key is None else key) for text, key in zip(texts, keys, strict=True)]


def themes() -> str:
    """The dark colours of the drawings, on screens alone: what is printed is light."""
    by_reader = dark_rules(":root[data-theme=auto] .sheet ")
    chosen = dark_rules(":root[data-theme=dark] .sheet ")
    return f"@media screen and (prefers-color-scheme:dark){{{by_reader}}}@media screen{{{chosen}}}"


def digest(script: str) -> str:
    return b64encode(sha256(script.encode()).digest()).decode()


def as_json(data: Any) -> str:
    """Data that can stand in a script element: nothing in it can end the element."""
    return (
        json.dumps(data, separators=(",", ":")).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    )
