"""``kinspect completion``: the script that completes commands, options and columns in a shell."""

from __future__ import annotations

import click

from .output import write_out
from .settings import settings_of


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for a SHELL; load it from the shell's start-up file.

    \b
    bash: eval "$(kinspect completion bash)"   in ~/.bashrc
    zsh:  eval "$(kinspect completion zsh)"    in ~/.zshrc
    fish: kinspect completion fish > ~/.config/fish/completions/kinspect.fish
    """
    from click.shell_completion import ShellComplete, get_completion_class

    complete = get_completion_class(shell)
    assert complete is not None
    script = complete(ctx.find_root().command, {}, "kinspect", "_KINSPECT_COMPLETE")
    # The base class's own: bash's asks an installed bash for its version, and the script needs none to be printed.
    write_out(settings_of(ctx), ShellComplete.source(script))
