"""``kinspect extract``: the submodel from the inputs, or from the middle, to layers of a model, with its weights."""

from __future__ import annotations

import os
from typing import Any

import click

from ..errors import NotExtractable, UsageError
from .model_argument import code_request, find_model, is_code, read_model, takes_model
from .output import report, write_out
from .progress import progress_line
from .settings import Settings, settings_of


@click.command("extract")
@takes_model
@click.option("-l", "--layer", "layers", multiple=True, metavar="[NAME=]LAYER",
              help="An output of the submodel: a layer, a path into a model (encoder/conv2d_1), a glob (block*_pool), "
                   "a call (dense@1), a tensor (lstm:1), or a block's common prefix (block3).")  # fmt: skip
@click.option("--all", "every", is_flag=True, help="Every layer's output.")
@click.option("--from", "starts", multiple=True, metavar="LAYER",
              help="Start behind this layer: its output becomes an input of the submodel.")  # fmt: skip
@click.option("--outputs", type=click.Choice(["list", "dict"]),
              help="The structure of several outputs [list; dict where names are given].")  # fmt: skip
@click.option("--prove/--no-prove", default=None,
              help="Run the model and the submodel with Keras and compare [where Keras is installed].")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="What to print [text].")
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="The file to write.")
@click.option("--force", is_flag=True, help="Let -o replace a file.")
@click.pass_context
def extract_command(ctx: click.Context, /, model: str | None, **options: Any) -> int:
    """Cut a feature model out of MODEL and write it to FILE, without TensorFlow.

    The submodel leads from the inputs to the layers that are named, and holds nothing else. The ending of FILE says its
    form, .keras or .h5, and Keras loads it as it is; a file of Keras 2 becomes one of Keras 3 in .keras. Where Keras is
    installed, both are then run on the same inputs; the exit code is 1 where the outputs differ.

    A model in code is cut out of the graph that is recovered from it. Where it has none, and FILE has no ending, a
    SavedModel folder is written whose function 'serve' runs the model and returns what the layers give.
    """
    settings = settings_of(ctx)
    if not options["layers"] and not options["every"]:
        raise UsageError("say what to extract", hint="--layer NAME, or --all; kinspect summary lists the layers")
    if options["output"] is None:
        raise UsageError("say where to write the submodel", hint="-o features.keras")
    from ..surgery.write import refuse_taken

    refuse_taken(options["output"], force=options["force"])
    name = find_model() if model is None else model
    try:
        submodel = cut_out(settings, name, options)
    except NotExtractable:
        if os.path.splitext(options["output"])[1] or not (is_code(name) or options["custom"] or options["live"]):
            raise
        submodel = tap(settings, name, options)
    show(settings, submodel, options["form"])
    return 1 if submodel.proof["ok"] is False else 0


def cut_out(settings: Settings, name: str, options: dict[str, Any]) -> Any:
    """Cut, write, prove."""
    from ..surgery.extract import extract

    submodel = extract(
        open_model(settings, name, options), options["layers"], every=options["every"], starts=options["starts"],
        outputs=options["outputs"],
    )  # fmt: skip
    for target in submodel.targets:
        if target.block and not settings.quiet:
            exit_name = submodel.spell(target.tensors[0])
            note(f"{target.block!r} is a block of {target.members} layers, and {exit_name!r} its exit")
    for told in [] if settings.quiet else submodel.describe_notes():
        note(f"note: {told['message']}")
    submodel.save(options["output"], force=options["force"])
    if wants_proof(options["prove"]):
        with progress_line(settings) as say:
            submodel.prove(
                custom=options["custom"], time_limit=options["timeout"], say=say, demanded=bool(options["prove"])
            )
    return submodel


def tap(settings: Settings, name: str, options: dict[str, Any]) -> Any:
    """The whole model with its layers tapped, where it has no graph to cut."""
    if options["every"] or options["starts"]:
        raise UsageError(f"{name}: it has no graph, and --all and --from need one", hint="name layers with --layer")
    from ..surgery.tapped import tap_layers

    with progress_line(settings) as say:
        return tap_layers(name, options["layers"], options["output"], code_request(name, options), say)


def open_model(settings: Settings, name: str, options: dict[str, Any]) -> Any:
    """The model to cut: read from its file; recovered by a worker where it is code, or subclassed and has its class."""
    if not is_code(name) and not options["live"]:
        found = read_model(settings, name, {**options, "custom": ()})  # --custom is for the proof here
        if found.graph.kind != "subclassed" or not options["custom"]:
            return found
    from ..surgery.recovered import recover_parent

    settings.subject = None
    with progress_line(settings) as say:
        return recover_parent(name, code_request(name, options), say)


def wants_proof(asked: bool | None) -> bool:
    """Whether to run Keras: as asked, else where it can be found; nothing is imported to find out."""
    if asked is not None:
        return asked
    from importlib.util import find_spec

    return find_spec("keras") is not None and any(map(find_spec, ("tensorflow", "jax", "torch")))


def show(settings: Settings, submodel: Any, form: str) -> None:
    if form == "json":
        from ..renderers.json import render_json

        write_out(settings, render_json(submodel.to_dict()), data=True)
        return
    from ..renderers.escaping import escape
    from ..views.extract import describe

    if not settings.quiet:
        lines = describe(submodel.to_dict(), submodel.dropped, submodel.opened, verbose=settings.verbose)
        write_out(settings, "\n".join(map(escape, lines)))
    if submodel.proof["ok"] is False:
        from ..surgery.notes import MASK_LOST

        lost = any(told["code"] == MASK_LOST for told in submodel.to_dict().get("notes", ()))
        hint = "start before the mask is made" if lost else "please report this as a bug"
        report(settings, f"{submodel.output}: its outputs differ from the model's", hint)


def note(text: str) -> None:
    click.echo(text, err=True)


__all__ = ["extract_command"]
