"""Pages of rules, for a terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .escaping import pad
from .table import break_line
from .text import Manner

READABLE = 100  # columns; longer lines are hard to read


def render_list(records: Sequence[Mapping[str, Any]], manner: Manner) -> str:
    """One line a rule, by category."""
    lines: list[str] = []
    size = max(len(record["name"]) for record in records)
    category = None
    for record in records:
        if record["category"] != category:
            category = record["category"]
            lines += ["", manner.style(category, "title")] if lines else [manner.style(category, "title")]
        severity = record["severity"] + ("" if record["on_by_default"] else ", off")
        lines.append(f"  {record['code']}  {pad(record['name'], size)}  {severity}")
    return "\n".join(lines)


def render_page(record: Mapping[str, Any], manner: Manner) -> str:
    room = min(manner.room or READABLE, READABLE)
    on = "on by default" if record["on_by_default"] else "off by default"
    lines = [
        manner.style(f"{record['code']} {record['name']}", "title"),
        manner.style(f"{record['severity']}, {on} · {record['category']}", "label"),
        "",
        *paragraphs(record["summary"], room),
        "",
        *paragraphs(record["explanation"], room),
    ]
    for title, key in (("Flagged", "flags"), ("Allowed", "allows")):
        for example in record[key]:
            head = f"{title}: {example['title']}" if example["title"] else title
            lines += ["", *(manner.style(line.strip(), "name") for line in break_line(head, room))]
            lines += [part for line in example["code"].split("\n") for part in break_code(f"    {line}".rstrip(), room)]
    return "\n".join(lines)


def break_code(line: str, room: int) -> list[str]:
    """A line of Python broken inside of brackets, so that it stays the same code; else left as it is."""
    parts = []
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    depth = 0
    while len(line) > room:
        end, depth = find_break(line, room, depth)
        if end <= len(indent):
            break
        parts.append(line[:end])
        line = indent + line[end:].lstrip()
    return [*parts, line]


def find_break(line: str, room: int, depth: int) -> tuple[int, int]:
    """Behind which bracket or comma in brackets, and outside of texts, a line may end, else 0; and how deep that is."""
    found, quote = (0, depth), ""
    for place, char in enumerate(line[:room]):
        if quote:
            quote = "" if char == quote and line[place - 1] != "\\" else quote
            continue
        quote = char if char in "\"'" else ""
        depth += (char in "([{") - (char in ")]}")
        if char in "([{" or (depth > 0 and line[place : place + 2] == ", "):
            found = place + 1, depth
    return found


def paragraphs(text: str, room: int) -> list[str]:
    """Text with its lines joined and broken anew, paragraph by paragraph."""
    lines: list[str] = []
    for part in text.split("\n\n"):
        if lines:
            lines.append("")
        lines += [line.strip() for line in break_line(" ".join(part.split()), room)]
    return lines


def render_markdown(record: Mapping[str, Any], level: int = 1) -> str:
    """A page of the documentation."""
    on = "on by default" if record["on_by_default"] else "off by default"
    parts = [
        f"{'#' * level} {record['name']} ({record['code']})",
        f"*{record['severity']}, {on}* · {record['category']}",
        record["summary"],
        "\n\n".join(" ".join(part.split()) for part in record["explanation"].split("\n\n")),
    ]
    for title, key in (("Flagged", "flags"), ("Allowed", "allows")):
        for example in record[key]:
            head = f"**{title}**: {example['title']}" if example["title"] else f"**{title}**"
            parts.append(f"{head}\n\n```python\n{example['code']}\n```")
    return "\n\n".join(part for part in parts if part)
