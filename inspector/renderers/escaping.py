"""Text from a file is shown, never obeyed: control characters, escape sequences and bidi marks become visible."""

from __future__ import annotations

from collections.abc import Sequence

FIRST_COMBINING = "\u0300"  # below it every character takes one column


def escape(text: str) -> str:
    r"""Every character that does not print as itself as ``\x1b``, ``\u202e`` …; lone surrogates too."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else spell(char) for char in text)


def spell(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def escape_markup(text: str) -> str:
    """The same for HTML, SVG and Graphviz's labels: nothing in it is markup."""
    text = escape(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("'", "&#x27;")


def width(text: str) -> int:
    """Columns that a text takes on a terminal: East Asian wide characters take two, combining ones none."""
    if text.isascii() or max(text) < FIRST_COMBINING:
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def widest(texts: Sequence[str]) -> tuple[int, bool]:
    """The columns of the widest text, and whether each character of all of them takes one."""
    together = "".join(texts)
    if together.isascii() or max(together) < FIRST_COMBINING:
        return max(map(len, texts), default=0), True
    return max(map(width, texts)), False


def pad(text: str, to: int, right: bool = False) -> str:
    space = " " * (to - width(text))
    return space + text if right else text + space
