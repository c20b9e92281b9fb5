"""Every object of every JSON document in a file, met once, each with its place: what the safety rules look at.

One walk with a stack of its own; nothing in a document can make it recurse, and more than `MAX_CONTAINERS` are not
looked at, which is said. Texts that begin like bytecode, a pickle or an archive are collected on the way.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ..readers.documents import StoredDocument

MAX_CONTAINERS = 300_000
MAX_PATH, MAX_SHOWN, HEAD = 300, 60, 64
LISTED = ("layers", "config")  # what a model's list of layers is called; "config" is Keras 1's
HELD = ("layer", "cell", "cells", "forward_layer", "backward_layer", "layers")
PLACES = {"training": "the training config", "metadata": "the metadata", "keras-metadata": "a note of Keras"}
CODED = ("4w", "Yw", "UE", "gA")  # base64 of the first bytes of bytecode, of a zip archive, of a pickle
PICKLED = re.compile(rb"\x80[\x02-\x05](?:\x95.{8})?[(}\]cX\x8c\x8aNKGBqMh.]", re.S)
PLAIN = re.compile(r"[A-Za-z0-9+/=\s]*")


class Node:
    """An object or list of a document: what it is, under which key of which other it stands, and in which layer."""

    __slots__ = ("key", "layer", "parent", "role", "value")

    def __init__(self, value: Any, parent: Node | None, key: str | int, layer: str | None, role: str) -> None:
        self.value = value
        self.parent = parent
        self.key = key
        self.layer = layer  # the path of the layer it stands in
        self.role = role  # of the document

    @property
    def class_name(self) -> str | None:
        name = self.value.get("class_name")
        return name if isinstance(name, str) else None

    @property
    def config(self) -> Mapping[str, Any]:
        config = self.value.get("config")
        return config if isinstance(config, dict) else {}

    @property
    def is_listed(self) -> bool:
        """Whether it is an entry of a model's list of layers."""
        return self.parent is not None and isinstance(self.parent.value, list) and self.parent.key in LISTED

    @property
    def is_layer(self) -> bool:
        """Whether it stands where a layer or a model stands: at the root, in a list of layers, or in a wrapper."""
        if self.class_name is None:
            return False
        return self.parent is None or self.is_listed or self.key in HELD or self.parent.key in HELD

    @property
    def name(self) -> Any:
        name = self.value.get("name")
        return self.config.get("name") if name is None else name

    def pointer(self, *more: str | int) -> str:
        """The JSON pointer of the object, or of what is below it."""
        parts: list[str | int] = list(reversed(more))
        node: Node | None = self
        while node is not None and node.parent is not None:
            parts.append(node.key)
            node = node.parent
        return "".join(f"/{escaped(part)}" for part in reversed(parts))

    def above(self) -> Iterator[Node]:
        """The object itself and all that it stands in, up to the root."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def purpose(self) -> str | None:
        """The key that says what it is for: ``activation`` of ``config/activation``."""
        for node in self.above():
            if isinstance(node.key, str) and node.key not in ("config", "args", "items") and node.parent is not None:
                return node.key if len(node.key) <= MAX_SHOWN and node.key.isprintable() else shown(node.key)
        return None

    def owner(self) -> str:
        """What it belongs to, for a message: ``Dense 'head'``."""
        for node in self.above():
            if isinstance(node.value, dict) and node.is_layer and node.parent is not None:
                return f"{shown_class(node)} {shown(node.name)}" if node.name else shown_class(node)
            if node.key == "compile_config":
                return "the compile config"
        return PLACES.get(self.role, "the model")


class Text(NamedTuple):
    """A text that begins like ``bytecode``, a ``pickle`` or a ``zip`` archive, and where it stands."""

    node: Node
    key: str | int
    kind: str


class ConfigObjects:
    """The objects of a file's documents, and the telling texts among them. ``unread`` says what was not looked at."""

    def __init__(self, documents: Iterable[StoredDocument]) -> None:
        self.nodes: list[Node] = []
        self.texts: list[Text] = []
        self.unread: str | None = None
        left = MAX_CONTAINERS
        for document in documents:
            if document.error is None and left > 0:
                left = self.walk(Node(document.value, None, "", None, document.role), left)
        if left <= 0:
            self.unread = f"its configs hold more than {MAX_CONTAINERS:,} objects and lists; the rest was not looked at"

    def walk(self, root: Node, left: int) -> int:
        """Every object below a root, in the order in which they stand; how many more may be looked at."""
        stack = [root]
        while stack and left > 0:
            left -= 1
            node = stack.pop()
            value = node.value
            if isinstance(value, dict):
                if node.is_listed:
                    node.layer = path_of(node)
                self.nodes.append(node)
                items: Iterable[tuple[str | int, Any]] = value.items()
            else:
                items = enumerate(value)
            inner = []
            for key, item in items:
                if isinstance(item, str):
                    if len(item) > 15 and (kind := kind_of(item)):
                        self.texts.append(Text(node, key, kind))
                elif isinstance(item, (dict, list)) and item:
                    inner.append(Node(item, node, key, node.layer, node.role))
            stack += reversed(inner)
        return left

    @cached_property
    def named(self) -> list[Node]:
        """The objects that say of which class they are."""
        return [node for node in self.nodes if node.class_name is not None]


def path_of(node: Node) -> str | None:
    """The path of a listed layer: the names of the models it stands in and its own, cut where they are too long."""
    name = node.name
    if not isinstance(name, str):
        return node.layer
    name = name[:MAX_PATH]
    return name if node.layer is None else f"{node.layer}/{name}"[-MAX_PATH:]


def kind_of(text: str) -> str | None:
    """What a text holds by its first bytes, in base64 or as bytes taken for Latin-1; nothing is decoded but these."""
    if text[0] in "\xe3c" and text[2:5] == "\0\0\0":
        return "bytecode"
    start = text[:2] if text[0] > " " else text.lstrip()[:2]
    if start not in CODED:
        return None
    head = "".join(text[: 4 * HEAD].split())[:HEAD]
    if not PLAIN.fullmatch(head):
        return None
    try:
        data = binascii.a2b_base64(head[: len(head) // 4 * 4])
    except ValueError:
        return None
    if data[0] in b"\xe3c" and data[2:5] == b"\0\0\0":
        return "bytecode"
    if data.startswith(b"PK\3\4"):
        return "zip"
    return "pickle" if PICKLED.match(data) else None


def escaped(part: str | int) -> str:
    """A part of a JSON pointer (RFC 6901)."""
    return part.replace("~", "~0").replace("/", "~1") if isinstance(part, str) else str(part)


def shown(value: Any) -> str:
    """A value from a file as a message shows it: quoted and short."""
    if isinstance(value, str):
        return repr(value if len(value) <= MAX_SHOWN else f"{value[: MAX_SHOWN - 1]}…")
    return f"a {type(value).__name__}" if isinstance(value, (dict, list)) else repr(value)[:MAX_SHOWN]


def shown_class(node: Node) -> str:
    """A class as a message names it: bare where that is safe, else quoted."""
    name = node.class_name or "object"
    return name if len(name) <= MAX_SHOWN and name.isprintable() else shown(name)


__all__ = ["HELD", "ConfigObjects", "Node", "Text", "kind_of", "shown", "shown_class"]
