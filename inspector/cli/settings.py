"""The global options, which every command takes: what they say, and who asks them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import click

from ..errors import UsageError

STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True}, "name": {"bold": True}, "rule": {"dim": True}, "label": {"dim": True},
    "path": {"fg": "cyan"}, "connected": {"dim": True}, "error": {"fg": "red", "bold": True}, "hint": {"fg": "yellow"},
}  # fmt: skip


class Settings:
    """What the global options say, and the file that is being worked on, for error messages."""

    def __init__(self) -> None:
        self.quiet = False
        self.verbose = False
        self.debug = False
        self.color = "auto"
        self.subject: str | None = None

    def coloured(self, stream: Any) -> bool:
        if self.color != "auto":
            return self.color == "always"
        return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and is_terminal(stream)


def style(text: str, role: str) -> str:
    """A text in the colour of its role, for terminals."""
    options = STYLES.get(role)
    return click.style(text, **options) if options and text.strip() else text


def is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def settings_of(ctx: click.Context) -> Settings:
    settings = ctx.find_root().ensure_object(Settings)
    assert isinstance(settings, Settings)
    return settings


def remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value and param.name:
        setattr(settings_of(ctx), param.name, value)


def add_global_options(command: click.Command) -> click.Command:
    """Options that every command takes, before and after its name."""
    if any(param.name == "debug" for param in command.params):
        return command
    command.params += [
        flag("-q", "--quiet", help="Only the data itself."),
        flag("-v", "--verbose", help="Every reason and note."),
        flag("--debug", help="Show a traceback on errors."),
        click.Option(
            ["--color"],
            type=click.Choice(["auto", "always", "never"]),
            callback=remember,
            expose_value=False,
            help="When to colour; auto is on a terminal, and never with NO_COLOR.",
        ),
    ]
    return command


def flag(*names: str, help: str) -> click.Option:
    return click.Option(names, is_flag=True, callback=remember, expose_value=False, help=help)


def no_such(what: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a name that does not exist, with the nearest one that does."""
    from difflib import get_close_matches

    names = list(known)
    near = get_close_matches(name, names, 1, 0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}"
    return UsageError(f"no {what} {name!r}", hint=hint)
