"""Where the configs of a file hold compiled Python code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .config_objects import ConfigObjects, Node

CODED = ("function", "output_shape", "mask")  # what of a Lambda's config may be code


class Bytecode(NamedTuple):
    """An object that is code, or holds some under a key; ``is_text`` where it stands as a text that no Lambda owns."""

    node: Node
    key: str | int = ""
    is_text: bool = False


def find_bytecode(objects: ConfigObjects) -> Iterator[Bytecode]:
    """All code: as Keras 3 and as Keras 2 writes it, and any other text that is code."""
    told: set[int] = set()
    for node in objects.named:
        for key in coded_parts(node):
            told.add(id(node))
            yield Bytecode(node, key)
    for text in objects.texts:
        if text.kind == "bytecode" and not any(id(above) in told for above in text.node.above()):
            yield Bytecode(text.node, text.key, is_text=True)


def coded_parts(node: Node) -> Iterator[str]:
    """Where an object holds code: the keys of a Lambda's config, or itself (empty)."""
    if node.class_name == "__lambda__":
        yield ""
    elif node.class_name == "Lambda":
        yield from (key for key in CODED if is_dump(node.config.get(key)))


def is_dump(value: object) -> bool:
    """Whether a value is code, defaults and closure, as Keras 2 writes them: a list, or a tuple in an object."""
    value = value.get("items") if isinstance(value, dict) else value
    return isinstance(value, list) and bool(value) and isinstance(value[0], str)


__all__ = ["CODED", "Bytecode", "find_bytecode"]
