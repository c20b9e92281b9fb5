"""The command line. A command is one file of this folder and one name here; a file is opened when it is asked for."""

from __future__ import annotations

from importlib import import_module

import click

from .output import print_version
from .settings import add_global_options, no_such

COMMANDS = ("summary", "topology", "plot", "extract", "freeze", "verify", "check", "rule", "completion")


class Commands(click.Group):
    """The commands by name, each imported at its first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"{__name__}.{cmd_name}"), f"{cmd_name}_command")
        return add_global_options(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise no_such("command", args[0], COMMANDS)
        return super().resolve_command(ctx, args)


@click.command(
    "kinspect", cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=print_version, help="Show the version."
)
@click.pass_context
def kinspect(ctx: click.Context) -> int | None:
    """Inspect Keras models. No TensorFlow is needed, and nothing from a file is executed."""
    if ctx.invoked_subcommand is not None:
        return None
    click.echo(ctx.get_help(), err=True)
    return 2


add_global_options(kinspect)
