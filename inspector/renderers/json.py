"""Records as JSON, safe to print: what does not print as itself is escaped as JSON escapes it."""

from __future__ import annotations

import json
from typing import Any


def render_json(record: Any) -> str:
    """One object, indented, in UTF-8; numbers that JSON lacks cannot stand in a record."""
    text = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)
    if text.replace("\n", "").isprintable():
        return text
    return "".join(char if char == "\n" or char.isprintable() else spell(char) for char in text)


def spell(char: str) -> str:
    """As JSON spells it in a string: characters beyond the first plane take two escapes."""
    return json.dumps(char)[1:-1] if ord(char) > 0x7F else f"\\u{ord(char):04x}"
