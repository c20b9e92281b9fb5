"""``kinspect topology``: what is a DAG, what is subclassed, what is dynamic or opaque, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from .model_argument import read_model, takes_model
from .output import write_file, write_out
from .settings import Settings, settings_of

FORMATS = ("text", "json", "markdown")
SUFFIXES = {"json": "json", "md": "markdown", "markdown": "markdown"}
VERDICTS: dict[str, dict[str, Any]] = {
    "declared": {"fg": "green"}, "recovered": {"fg": "green"}, "dynamic": {"fg": "yellow", "bold": True},
    "opaque": {"fg": "magenta", "bold": True}, "place": {"fg": "cyan"}, "flag": {"dim": True}, "same": {"dim": True},
}  # fmt: skip
SOME = 5  # parts that the line on stderr names


@click.command("topology")
@takes_model
@click.option(
    "--fail-on",
    multiple=True,
    type=click.Choice(["dynamic", "opaque"]),
    help="Exit with 1 if any part has this verdict; repeatable.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), help="The form [by the ending of -o, else text].")
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write a file instead of printing.")
@click.option("--force", is_flag=True, help="Let -o replace a file.")
@click.pass_context
def topology_command(ctx: click.Context, /, model: str | None, **options: Any) -> int:
    """Show what is a DAG in MODEL, what is subclassed, dynamic or opaque, and why.

    \b
    declared   the graph stands in the file, or is stated by the Functional API
    recovered  the graph of a subclassed part, recovered from its code and proven
    dynamic    it cannot be one DAG: the reasons say why, with file and line
    opaque     nothing is known of its inside: the reasons say what would tell more
    """
    settings = settings_of(ctx)
    output = options["output"] if options["output"] != "-" else None
    form = options["form"] or SUFFIXES.get((output or "").rpartition(".")[2].lower(), "text")
    from ..analyses.topology import find_topology

    record = find_topology(read_model(settings, model, options))
    text = render(settings, record, form, printed=output is None)
    if output is None:
        write_out(settings, text, data=form != "text")
    else:
        write_file(output, text, force=options["force"])
    return judge(settings, record, options["fail_on"])


def render(settings: Settings, record: Mapping[str, Any], form: str, *, printed: bool) -> str:
    if form == "json":
        from ..renderers.json import render_json

        return render_json(record)
    from ..views.topology import TopologyView

    view = TopologyView(record, every=settings.verbose)
    if form == "markdown":
        from ..renderers.topology_markdown import render_topology_markdown

        return render_topology_markdown(view)
    from ..renderers.topology import render_topology
    from .manner import manner_of

    manner = manner_of(settings, printed=printed, colours=VERDICTS)
    return "\n".join(render_topology(view, manner))


def judge(settings: Settings, record: Mapping[str, Any], verdicts: tuple[str, ...]) -> int:
    """The exit code: 1 where a part has one of the verdicts, and a line on stderr that says which."""
    code = 0
    for verdict in dict.fromkeys(verdicts):
        paths = [part["path"] or "the model itself" for part in record["parts"] if part["verdict"] == verdict]
        if paths:
            code = 1
            more = f" and {len(paths) - SOME:,} more" if len(paths) > SOME else ""
            from ..renderers.escaping import escape

            if not settings.quiet:
                click.echo(f"{verdict}: {escape(', '.join(paths[:SOME]))}{more}", err=True)
    return code
