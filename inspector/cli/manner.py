"""How a command writes: the room there is, the colours, how much of it; told to the renderers in one word."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from .output import terminal_size
from .settings import Settings, style

if TYPE_CHECKING:
    from ..renderers.text import Manner, Style

NONE: Mapping[str, dict[str, Any]] = {}


def manner_of(
    settings: Settings, *, printed: bool, colours: Mapping[str, dict[str, Any]] = NONE, every: bool = False
) -> Manner:
    """The manner of what goes to the terminal (``printed``) or into a file; ``colours`` are a command's own roles."""
    from ..renderers.text import Manner, unstyled

    size = terminal_size() if printed else None
    coloured = settings.color == "always" or (printed and settings.coloured(sys.stdout))
    return Manner(size[0] if size else None, painter(colours) if coloured else unstyled, settings.quiet, every)


def painter(colours: Mapping[str, dict[str, Any]]) -> Style:
    """A function that puts a text into the colour of its role: the command's own, or that of every command."""

    def paint(text: str, role: str) -> str:
        options = colours.get(role)
        return click.style(text, **options) if options and text.strip() else style(text, role)

    return paint
