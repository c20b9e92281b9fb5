"""``kinspect plot``: the graph of a model as a picture, or as text in the terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from .model_argument import read_model, takes_model
from .output import terminal_size, write_file, write_out
from .settings import Settings, is_terminal, no_such, settings_of, style
from .summary import Depth

if TYPE_CHECKING:
    from ..views.drawing import Drawing

FORMATS = ("text", "svg", "png", "pdf", "dot", "mermaid", "html")
SUFFIXES = {"svg": "svg", "png": "png", "pdf": "pdf", "dot": "dot", "gv": "dot", "mmd": "mermaid", "mermaid": "mermaid",
            "html": "html", "htm": "html", "txt": "text"}  # fmt: skip
BINARY = ("png", "pdf")
SHOWN = ("shapes", "params", "dtype", "config")
RANKDIRS = ("TB", "LR", "BT", "RL")
MANY = 80  # layers; of more, repeated blocks are drawn once unless all are asked for
WIDE = 100_000  # columns of a text that goes into a file


class Shown(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """What to write on nodes and edges, separated by commas."""

    name = "NAMES"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[str]:
        names = [name.strip() for name in value.split(",") if name.strip()]
        for name in names:
            if name not in (*SHOWN, "none"):
                raise no_such("thing to show", name, (*SHOWN, "none"))
        return frozenset(names) - {"none"}


@click.command("plot")
@takes_model
@click.option("--depth", type=Depth(), help="Levels of nested models to open [all; html: each on a sheet of its own].")
@click.option("--fold/--no-fold", default=None, help=f"Draw repeated blocks once, as ×N [above {MANY} layers; text].")
@click.option("--rankdir", type=click.Choice(RANKDIRS), default="TB", help="Where the graph runs to [TB].")
@click.option(
    "--show",
    type=Shown(),
    default="shapes,params,config",
    help=f"What to write: {', '.join(SHOWN)}, or none [shapes,params,config].",
)
@click.option("--highlight", metavar="GLOB", help="Set off the layers whose path, name or class matches.")
@click.option("--from", "first", metavar="LAYER", help="Only what LAYER leads to.")
@click.option("--to", "last", metavar="LAYER", help="Only what leads to LAYER.")
@click.option("--weights", is_flag=True, help="Size the layers by their parameters.")
@click.option(
    "--theme",
    type=click.Choice(["auto", "light", "dark"]),
    default="auto",
    help="Colours; auto follows the reader's setting in svg and html, and is light elsewhere.",
)
@click.option(
    "--engine",
    type=click.Choice(["dot", "graphviz-pure"]),
    help="The program that lays out [dot if it is installed, else graphviz-pure].",
)
@click.option("--format", "form", type=click.Choice(FORMATS), help="The form [by the ending of -o, else text].")
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write a file instead of printing.")
@click.option("--force", is_flag=True, help="Let -o replace a file.")
@click.pass_context
def plot_command(ctx: click.Context, /, model: str | None, **options: Any) -> None:
    """Draw MODEL: one node a call, one edge a tensor, nested models as boxes, repeated blocks once.

    The form follows the ending of -o: .svg, .png, .pdf, .dot, .mmd or .html, one page that needs nothing else.
    Without -o the graph is drawn as text. MODEL is as for 'kinspect summary'.
    """
    settings = settings_of(ctx)
    form = options["form"] or form_of(options["output"])
    check_options(form, options)
    from ..api import Summary

    summary = Summary(read_model(settings, model, options))
    content = render(settings, summary, form, options)
    if options["output"] not in (None, "-"):
        write_file(options["output"], content, force=options["force"])
    else:
        write_out(settings, content, data=form != "text")


def form_of(output: str | None) -> str:
    """The form that the ending of a file names; text where nothing is written."""
    if output in (None, "-"):
        return "text"
    suffix = output.rpartition(".")[2].lower() if "." in output else ""
    if suffix not in SUFFIXES:
        endings = ", ".join(f".{name}" for name in SUFFIXES)
        raise UsageError(f"{output}: its ending names no form of a picture", hint=f"use --format, or one of {endings}")
    return SUFFIXES[suffix]


def check_options(form: str, options: dict[str, Any]) -> None:
    output = options["output"]
    if output not in (None, "-") and os.path.lexists(output) and os.path.isfile(output) and not options["force"]:
        raise UsageError(f"{output}: exists already", hint="add --force to replace it")
    if form in BINARY and output in (None, "-") and is_terminal(sys.stdout):
        raise UsageError(f"{form} is not for a terminal", hint=f"write it to a file: -o model.{form}")
    check_meaning(form, options)


def check_meaning(form: str, options: dict[str, Any]) -> None:
    """Nothing that was asked for is left out in silence."""
    laid_out = form not in ("dot", "mermaid", "text")
    for name, given, means in (
        ("--weights", options["weights"], form not in ("mermaid", "text")),
        ("--rankdir", options["rankdir"] != RANKDIRS[0], form != "text"),
        ("--theme", options["theme"] != "auto", form != "text"),
        ("--engine", options["engine"], laid_out),
    ):
        if given and not means:
            raise UsageError(f"{name} means nothing for --format {form}")


def render(settings: Settings, summary: Any, form: str, options: dict[str, Any]) -> str | bytes:
    """The model in the form asked for."""
    if form == "html":
        return render_html(summary, options)
    drawing = draw(summary, form, options)
    if form == "text":
        return render_terminal(settings, drawing, options)
    if form == "mermaid":
        from ..renderers.mermaid import MOST_EDGES, TOO_MANY, render_mermaid

        content: str | bytes = render_mermaid(drawing, options["theme"])
        if len(drawing.edges) > MOST_EDGES:
            drawing.notes.append(TOO_MANY)
    else:
        content = render_picture(drawing, form, options)
    for note in () if settings.quiet else drawing.notes:
        say(settings, note)
    return content


def draw(summary: Any, form: str, options: dict[str, Any]) -> Drawing:
    """The drawing that the options ask for."""
    from ..views.tracing import Tracer

    fold = options["fold"]
    if fold is None:
        fold = not asks_for_part(options) and (form == "text" or len(summary.record["layers"]) > MANY)
    drawing = Tracer(summary.facts, summary.record, depth=depth_of(options), fold=fold).trace()
    drawing.rankdir, drawing.show, drawing.sized = options["rankdir"], options["show"], options["weights"]
    if asks_for_part(options):
        drawing.keep_part(options["first"], options["last"])
    if options["highlight"] and not drawing.highlight(options["highlight"]):
        raise UsageError(f"--highlight {options['highlight']}: no layer of the drawing matches")
    return drawing


def asks_for_part(options: dict[str, Any]) -> bool:
    return bool(options["first"] or options["last"])


def depth_of(options: dict[str, Any]) -> int | None:
    """Levels of nested models to open; ``None`` is all, also where nothing was said."""
    depth: int | None = options["depth"]
    return None if depth == -1 else depth


def render_html(summary: Any, options: dict[str, Any]) -> str:
    """The page, nested models and folded blocks on sheets of their own unless they are asked for on the first."""
    from ..renderers.html_page import PageOptions, render_page

    part = asks_for_part(options)
    page = PageOptions(
        depth=0 if options["depth"] is None and not part else depth_of(options),
        fold=not part if options["fold"] is None else options["fold"],
        rankdir=options["rankdir"], show=options["show"], sized=options["weights"], highlight=options["highlight"],
        first=options["first"], last=options["last"],
    )  # fmt: skip
    return render_page(summary.facts, summary.record, options["theme"], options["engine"], page)


def render_picture(drawing: Drawing, form: str, options: dict[str, Any]) -> str | bytes:
    theme, engine = options["theme"], options["engine"]
    if form == "svg":
        from ..renderers.svg import render_svg

        return render_svg(drawing, theme, engine)
    plain_theme = "light" if theme == "auto" else theme
    if form == "dot":
        from ..renderers.dot import render_dot

        return render_dot(drawing, plain_theme).rstrip("\n")
    from ..renderers.raster import render_pdf, render_png

    return (render_png if form == "png" else render_pdf)(drawing, plain_theme, engine)


def render_terminal(settings: Settings, drawing: Drawing, options: dict[str, Any]) -> str:
    """The graph as text, fitted to the terminal where there is one."""
    from ..renderers.graph_text import render_graph

    printed = options["output"] in (None, "-")
    size = terminal_size() if printed else None
    coloured = settings.color == "always" or (printed and settings.coloured(sys.stdout))
    lines = render_graph(drawing, size[0] if size else WIDE, style if coloured else None)
    return "\n".join(lines)


def say(settings: Settings, text: str) -> None:
    click.echo(f"{style('note:', 'label')} {text}", err=True, color=settings.coloured(sys.stderr))
