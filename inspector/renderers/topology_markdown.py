"""A topology in Markdown: the verdict, the parts as a list inside lists, the facts."""

from __future__ import annotations

from ..views.topology import TopologyView
from .markdown import items, plain


def render_topology_markdown(view: TopologyView) -> str:
    """A page that GitHub renders; names and reasons from the file stand in it as plain text."""
    name, about = view.header()
    word, text = view.verdict()
    lines = [f"# {plain(name)}", "", plain(about), "", f"**{word}**: {plain(text)}", "", "## Parts", ""]
    for row in view.rows:
        size = f", {row.size}" if row.size else ""
        lines.append(f"{'  ' * row.level}- {plain(row.name)} ({plain(row.class_name)}): **{row.verdict}**{size}")
        lines += [f"{'  ' * (row.level + 1)}- {plain(text)}" for _, text in row.below]
    if view.hidden:
        lines.append(f"- … and {view.hidden:,} more parts")
    facts = items(view.facts())
    return "\n".join([*lines, *(["", "## Facts", "", *facts] if facts else [])]).rstrip("\n")
