"""The line on a terminal that says what a worker is doing; it is gone when the work is done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from ..renderers.escaping import escape
from .settings import Settings, is_terminal

CLEAR = "\r\x1b[2K"


@contextmanager
def progress_line(settings: Settings) -> Iterator[Callable[[str], None] | None]:
    """A function that shows one line on stderr and replaces the last one; ``None`` off a terminal and with -q."""
    if settings.quiet or not is_terminal(sys.stderr):
        yield None
        return
    from shutil import get_terminal_size

    width = get_terminal_size().columns

    def say(text: str) -> None:
        line = escape(text)[: width - 2]
        click.echo(f"{CLEAR}{line}…", err=True, nl=False, color=True)

    try:
        yield say
    finally:
        click.echo(CLEAR, err=True, nl=False, color=True)
