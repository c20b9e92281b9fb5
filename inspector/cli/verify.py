"""``kinspect verify``: is the model that comes back the model that was saved?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from ..errors import UsageError
from ..renderers.escaping import escape
from .code_options import takes_model, without
from .model_argument import check_file, code_request, find_model, is_code, refuse_nameless
from .output import write_file, write_out
from .settings import Settings, settings_of

KINDS = ("keras", "h5", "weights", "savedmodel", "json")
STATUSES: dict[str, dict[str, Any]] = {
    "kept": {"fg": "green"}, "lost": {"fg": "red", "bold": True}, "by-design": {"fg": "yellow"},
    "unknown": {"fg": "magenta"}, "place": {"fg": "cyan"},
}  # fmt: skip


def read_tolerances(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, float]:
    """``1e-4`` for all outputs, or ``name:1e-4`` for one, by its key or its place."""
    found = {}
    for text in values:
        name, _, number = text.rpartition(":")
        try:
            found[name] = float(number)
        except ValueError:
            raise click.BadParameter(f"{text!r} is not [OUTPUT:]NUMBER", ctx, param) from None
        if not 0 <= found[name] < float("inf"):
            raise click.BadParameter(f"{number!r} is no tolerance", ctx, param)
    return found


@click.command("verify")
@takes_model
@click.option("--to", "kinds", multiple=True, type=click.Choice(KINDS), help="The form to save in; repeatable [keras].")
@click.option("--same-process", is_flag=True, help="Load in the process that saved, too.")
@click.option("--into", metavar="CODE", help="Load the weights into the model of other code.")
@click.option("--static", is_flag=True, help="Read the file alone, and run nothing.")
@click.option("--models-only", is_flag=True, help="With --static: pass over files that hold no model of Keras.")
@click.option("--strict", is_flag=True, help="Fail on what Keras changes by design, too.")
@click.option("--rtol", multiple=True, metavar="[OUTPUT:]X", callback=read_tolerances,
              help="Relative tolerance of outputs, or of one [1e-5].")  # fmt: skip
@click.option("--atol", multiple=True, metavar="[OUTPUT:]X", callback=read_tolerances,
              help="Absolute tolerance of outputs, or of one [1e-6].")  # fmt: skip
@click.option("--memory", type=click.FloatRange(min=0.5), metavar="GB", help="Memory of each process [the machine's].")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), help="The form [by the ending of -o, else text]."
)
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write a file instead of printing.")
@click.option("--force", is_flag=True, help="Let -o replace a file.")
@click.pass_context
def verify_command(ctx: click.Context, /, models: tuple[str, ...], **options: Any) -> int:
    """Save MODEL, load it in a fresh process, and tell what was lost.

    Weights are compared bit for bit, configs attribute by attribute, outputs on random inputs. A process that loads
    code imports the module that defines it, as whoever loads the model must. Exit code 1 where something was lost.
    With --static, several files may be named.

    \b
    kept       as it was
    lost       not as it was: the hint says what to do
    by-design  Keras changes it on purpose; fails with --strict alone
    unknown    not compared, and why
    """
    settings = settings_of(ctx)
    if not options["static"]:
        if len(models) > 1 or options["models_only"]:
            raise UsageError("several models and --models-only go with --static", hint="or verify one after the other")
        record = run(settings, models[0] if models else find_model(), options)
        return show(settings, record, [record], options)
    targets = list(models) or [find_model()]
    if options["models_only"]:
        targets = pick_models(settings, targets)
    records = [read_statically(settings, target, options) for target in targets]
    if len(records) == 1 and not options["models_only"]:
        return show(settings, records[0], records, options)
    together = {"schema_version": 1, "ok": all(record["ok"] for record in records), "models": records}
    return show(settings, together, records, options)


def pick_models(settings: Settings, targets: list[str]) -> list[str]:
    """Those that hold a model of Keras; of the others, a note."""
    from ..linting.discovery import find_models

    found = list(find_models(targets))
    for one in found:
        if one.why is not None and not settings.quiet:
            click.echo(f"note: {escape(one.path)}: {one.why}", err=True)
    return [one.path for one in found if one.why is None]


def show(settings: Settings, record: Mapping[str, Any], parts: Sequence[Mapping[str, Any]], options: Any) -> int:
    """Print or write the record, or as text its parts one after the other."""
    output = options["output"] if options["output"] != "-" else None
    form = options["form"] or ("json" if (output or "").endswith(".json") else "text")
    if form == "json":
        text = render(settings, record, form, printed=output is None)
    else:
        texts = [render(settings, part, form, printed=output is None) for part in parts]
        named = [f"{escape(part['model']['source'])}\n{text}" for part, text in zip(parts, texts, strict=True)]
        text = "\n\n".join(named if len(parts) > 1 else texts)
    if output is not None:
        write_file(output, text, force=options["force"])
    elif text:
        write_out(settings, text, data=form == "json")
    return 0 if record["ok"] else 1


without(verify_command, "model", "live", "expand")
verify_command.params.insert(
    0, click.Argument(["models"], nargs=-1, metavar="[MODEL]", type=click.Path(readable=False))
)


def run(settings: Settings, target: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Let two processes make the round trip."""
    from ..verify.report import make_record
    from ..verify.session import Plan, verify
    from .progress import progress_line

    into = options["into"]
    if into is not None and not is_code(into):
        raise UsageError(f"--into {into}: it is not written FILE.py:NAME or MODULE:NAME")
    kinds = tuple(dict.fromkeys(options["kinds"])) or (("weights",) if into else ("keras",))
    if into and kinds != ("weights",):
        raise UsageError("--into takes weights alone: it goes with --to weights")
    memory = int(options["memory"] * 2**30) if options["memory"] else None
    request = code_request(target, options)
    plan = Plan(target, request, kinds, options["same_process"], options["rtol"], options["atol"], into, memory)
    with progress_line(settings) as say:
        fingerprint, checks = verify(plan, say)
    return make_record(target, fingerprint, checks, strict=options["strict"])


def read_statically(settings: Settings, target: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """What the file alone tells."""
    if is_code(target):
        raise UsageError(f"{target}: --static reads a file, and this is code")
    for name in ("kinds", "same_process", "into", "custom", "arg", "input_shape", "rtol", "atol"):
        if options.get(name):
            spelled = "--to" if name == "kinds" else f"--{name.replace('_', '-')}"
            raise UsageError(f"{spelled} needs Keras, and --static runs nothing")
    from ..readers import read
    from ..verify.static import verify_file

    settings.subject = target
    check_file(target)
    refuse_nameless(target)
    record: dict[str, Any] = verify_file(read(target), strict=options["strict"])
    return record


def render(settings: Settings, record: Mapping[str, Any], form: str, *, printed: bool) -> str:
    if form == "json":
        from ..renderers.json import render_json

        return render_json(record)
    from ..renderers.verify import render_verify
    from ..views.verify import VerifyView
    from .manner import manner_of

    manner = manner_of(settings, printed=printed, colours=STATUSES)
    return "\n".join(render_verify(VerifyView(record, every=settings.verbose), manner))
