"""``kinspect summary``: the layer table of a model."""

from __future__ import annotations

import sys
from typing import Any

import click

from ..errors import UsageError
from .model_argument import read_model, takes_model
from .output import terminal_size, write_file, write_out
from .settings import Settings, no_such, settings_of, style

FORMATS = ("table", "tree", "json", "csv", "markdown")
SUFFIXES = {"json": "json", "csv": "csv", "md": "markdown", "markdown": "markdown"}
NAMES = (
    "path", "name", "class", "type", "output", "params", "trainable_params", "trainable", "macs", "bytes", "dtype",
    "weights", "share", "memory", "calls", "receptive", "connected",
)  # fmt: skip


class Depth(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic since click 8.4
    """A number of levels, or ``all`` of them."""

    name = "N|all"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if value == "all":
            return -1
        if not str(value).isdecimal() or len(str(value)) > 6:
            self.fail(f"{value!r} is neither a number of levels nor 'all'", param, ctx)
        return int(value)


class Columns(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """Names of columns, separated by commas."""

    name = "NAMES"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        names = [name.strip() for name in value.split(",") if name.strip()]
        for name in names:
            if name not in NAMES:
                raise no_such("column", name, NAMES)
        if not names:
            self.fail("no column is named", param, ctx)
        return list(dict.fromkeys(names))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        done, _, last = incomplete.rpartition(",")
        lead = f"{done}," if done else ""
        return [CompletionItem(lead + name) for name in NAMES if name.startswith(last)]


@click.command("summary")
@takes_model
@click.option("--columns", type=Columns(), help=f"Columns, separated by commas: {', '.join(NAMES)}.")
@click.option(
    "--depth", type=Depth(), help="Levels of nested models to show [table, csv, markdown: 0; tree, json: all]."
)
@click.option(
    "--filter", "pattern", metavar="GLOB", help="Only layers whose path, name or class matches, at every depth."
)
@click.option("--sort", metavar="COLUMN", help="Sort by a column: numbers from the largest, text from A.")
@click.option(
    "--fold/--no-fold", default=None, help="Show repeated blocks once [on a terminal that the table overflows]."
)
@click.option("--format", "form", type=click.Choice(FORMATS), help="The form [by the ending of -o, else table].")
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write a file instead of printing.")
@click.option("--force", is_flag=True, help="Let -o replace a file.")
@click.pass_context
def summary_command(ctx: click.Context, /, model: str | None, **options: Any) -> None:
    """Show the layers of MODEL: shapes, parameters, multiply-accumulates, connections.

    MODEL is a .keras archive or folder, an .h5 file, a weights file or a config.json; or code, as file.py:name or
    package.module:name, which Keras runs in a process of its own: a model, a function that returns one, or a class.
    Left out, it is the model of pyproject.toml ([tool.kinspect] model = "…"), or the only model file in this folder.
    """
    settings = settings_of(ctx)
    form = options["form"] or SUFFIXES.get((options["output"] or "").rpartition(".")[2].lower(), "table")
    check_options(form, options)
    from ..api import Summary

    summary = Summary(read_model(settings, model, options))
    select = select_layers(summary, form, options)
    if form == "json":
        from ..renderers.json import render_json

        layers = summary.record["layers"]
        picked = layers if select is None else [layers[place] for place in select]
        text = render_json({**summary.record, "layers": picked})
    else:
        text = render(settings, summary, form, select, options)
    if options["output"] not in (None, "-"):
        write_file(options["output"], text, force=options["force"])
    else:
        write_out(settings, text, data=form in ("json", "csv", "markdown"))


def check_options(form: str, options: dict[str, Any]) -> None:
    if form == "json" and options["columns"]:
        raise UsageError("--columns is not for --format json, which always has every field")
    if form in ("json", "csv") and options["fold"]:
        raise UsageError(f"--fold is not for --format {form}, which lists every layer")
    if options["sort"] is not None and options["sort"] not in NAMES:
        raise no_such("column", options["sort"], NAMES)
    if options["fold"] and (options["sort"] or options["pattern"]):
        raise UsageError("--fold shows layers in their order: it cannot go with --sort or --filter")


def shown_depth(summary: Any, form: str, options: dict[str, Any]) -> int | None:
    """Levels to show; ``None`` is all, as it is by default where only the stored weights tell the layers."""
    from ..views.summary import is_told_by_weights

    depth: int | None = options["depth"]
    if depth is None:
        everything = form in ("json", "tree") or options["pattern"] or is_told_by_weights(summary.record)
        return None if everything else 0
    return None if depth < 0 else depth


def select_layers(summary: Any, form: str, options: dict[str, Any]) -> list[int] | None:
    """Places of the layers to list where that is not simply all down to a depth; ``None`` where it is."""
    depth = shown_depth(summary, form, options)
    if not options["pattern"] and not options["sort"] and (form != "json" or depth is None):
        return None
    layers = summary.record["layers"]
    places = [place for place, entry in enumerate(layers) if depth is None or entry["depth"] <= depth]
    if options["pattern"]:
        from fnmatch import fnmatchcase

        texts = ("path", "name", "class_name")
        places = [p for p in places if any(fnmatchcase(layers[p][key] or "", options["pattern"]) for key in texts)]
    return sort_layers(summary, places, options["sort"]) if options["sort"] else places


def sort_layers(summary: Any, places: list[int], name: str) -> list[int]:
    """Numbers from the largest, text from A, what is not known last."""
    from ..views.summary import SummaryView

    view = SummaryView(summary.facts, summary.record, columns=[name], select=places)
    values = {place: view.columns[0].value(row) for place, row in zip(places, view.rows, strict=True)}
    known = [place for place in places if values[place] is not None]
    text = any(isinstance(values[place], str) for place in known)
    known.sort(key=lambda place: str(values[place]).casefold() if text else -float(values[place] or 0))
    return known + [place for place in places if values[place] is None]


def render(settings: Settings, summary: Any, form: str, select: list[int] | None, options: dict[str, Any]) -> str:
    from ..views.summary import SummaryView

    view = SummaryView(
        summary.facts, summary.record, columns=options["columns"], depth=shown_depth(summary, form, options),
        select=select, fold=bool(options["fold"]),
    )  # fmt: skip
    if form == "csv":
        from ..renderers.csv import render_csv

        return render_csv(view)
    if form == "markdown":
        from ..renderers.markdown import render_markdown

        return render_markdown(view)
    return "\n".join(render_lines(settings, view, form, options))


def render_lines(settings: Settings, view: Any, form: str, options: dict[str, Any]) -> list[str]:
    """The table or tree, fitted to the terminal where there is one and folded where it would overflow."""
    from ..renderers.text import Manner, render_text, unstyled

    printed = options["output"] in (None, "-")
    size = terminal_size() if printed else None
    coloured = settings.color == "always" or (printed and settings.coloured(sys.stdout))
    manner = Manner(size[0] if size else None, style if coloured else unstyled, settings.quiet, settings.verbose)
    draw = render_text
    if form == "tree":
        from ..renderers.tree import render_tree

        draw = render_tree
    lines: list[str] = draw(view, manner)
    if size and options["fold"] is None and view.select is None and len(lines) >= size[1]:
        view.fold(True)
        lines = draw(view, manner)
        if len(lines) >= size[1]:
            lines = min(lines, draw(view, manner._replace(wrapping=False)), key=len)
    return lines
