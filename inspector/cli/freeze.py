"""``kinspect freeze``: the recovered functional model of a subclassed one, as a file, proven equal."""

from __future__ import annotations

import os
from typing import Any

import click

from ..errors import UsageError
from ..renderers.escaping import escape
from .model_argument import code_request, find_model, takes_model
from .output import link, write_out
from .settings import Settings, settings_of


@click.command("freeze")
@takes_model
@click.option("-o", "--output", metavar="FILE", required=True, type=click.Path(), help="The .keras file to write.")
@click.option("--force", is_flag=True, help="Let -o replace a file.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="The form of the report.")
@click.pass_context
def freeze_command(ctx: click.Context, /, model: str | None, output: str, form: str, **options: Any) -> int:
    """Write the functional model that a subclassed MODEL amounts to, and prove that it computes the same.

    The model's graph is recovered, written as a .keras file, loaded again, and run beside the model on random
    inputs. Layers made of layers are opened, so that the file needs the user's classes as seldom as can be. Exit
    code 1 where nothing could be recovered, or the outputs differ; then nothing is written.
    """
    settings = settings_of(ctx)
    target = model if model is not None else find_model()
    check_output(output, options["force"])
    record = ask(settings, target, output, options)
    if form == "json":
        from ..renderers.json import render_json

        write_out(settings, render_json(record), data=True)
    else:
        write_out(settings, "\n".join(escape(line) for line in describe(record)))
    return 0 if record["output"] else 1


def check_output(output: str, force: bool) -> None:
    if not output.endswith(".keras"):
        raise UsageError(f"{output}: the file that is written ends in .keras")
    if not os.path.isdir(os.path.dirname(output) or "."):
        raise UsageError(f"{output}: its folder does not exist")
    if os.path.isdir(output):
        raise UsageError(f"{output}: is a directory")
    if os.path.lexists(output) and not force:
        raise UsageError(f"{output}: exists already", hint="add --force to replace it")


def ask(settings: Settings, target: str, output: str, options: dict[str, Any]) -> dict[str, Any]:
    """Let the worker write a draft beside the output; it takes the output's place once it is proven."""
    from ..readers.source_code import freeze_code
    from .progress import progress_line

    request = code_request(target, options)
    draft = os.path.abspath(f"{output}.{os.getpid()}.tmp.keras")
    try:
        with progress_line(settings) as say:
            record = freeze_code(target, draft, request, say)
        proven = record["proof"]["ok"] is True
        if proven and options["force"]:
            os.replace(draft, output)
        elif proven:
            link(draft, output, UsageError(f"{output}: exists already", hint="add --force to replace it"))
        return {"schema_version": 1, **record, "output": output if proven else None}
    finally:
        if os.path.lexists(draft):
            os.unlink(draft)


def describe(record: dict[str, Any]) -> list[str]:
    """What was written and how it was proven, or why nothing was."""
    proof, lines = record["proof"], []
    if record["output"]:
        lines.append(f"{record['output']}: {record['layers']} layers, {record['weights']['tensors']} weights")
        lines.append(f"equal outputs on random inputs, largest difference {proof['max_abs_diff']:g}")
    elif proof["ran"]:
        largest = proof["max_abs_diff"]
        how = "shapes differ" if largest is None else f"largest difference {largest:g}"
        lines.append(f"{record['source']}: nothing written: the outputs of the frozen model differ ({how})")
    else:
        known = record["verdict"] in ("recovered", "declared")
        why = "graph is known, and no file can hold it" if known else f"graph is {record['verdict']}"
        lines.append(f"{record['source']}: nothing written: the {record['class_name']}'s {why}")
        lines += [f"  {told(reason)}" for reason in record["reasons"]]
    if record["output"] and record["needs"]:
        lines.append(f"to load it, these classes are needed: {', '.join(record['needs'])}")
    elif record["output"]:
        lines.append("it loads without the classes of its code")
    if record["output"] and record["constants"]:
        lines.append(f"used directly, so constants now and no longer trained: {', '.join(record['constants'])}")
    return [*lines, *(f"note: {note}" for note in record["notes"])]


def told(reason: dict[str, Any]) -> str:
    place = f" ({reason['file']}:{reason['line']})" if reason.get("file") else ""
    return f"{reason['code']}: {reason['message']}{place}"
