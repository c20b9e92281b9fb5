"""Layers that look words up in a table, and where a file keeps the table."""

from __future__ import annotations

from collections.abc import Iterator

from ..graph import Layer, Model
from ..readers.weight_paths import name_groups
from .parts import walk_held
from .roles import is_own

LOOKUPS = ("StringLookup", "IntegerLookup", "TextVectorization")
NAME = "vocabulary.txt"


def find_lookups(model: Model) -> Iterator[tuple[str, Layer]]:
    """Every lookup layer of Keras's own, with its path."""
    for path, _, layer in walk_held(model):
        if layer.class_name in LOOKUPS and is_own(layer):
            yield path, layer


def vocabulary_file(model: Model, path: str) -> str | None:
    """Where a ``.keras`` archive keeps the vocabulary of a layer; `None` where that is not known."""
    group = name_groups(model.graph).get(path)
    return None if group is None else f"assets/{group}/{NAME}"


def is_empty(content: bytes | None, layer: Layer) -> bool:
    """Whether a stored vocabulary holds no word but those that stand for what is missing or not known."""
    if content is None:
        return True
    config, special = layer.config, {"", "[UNK]", "-1", "0"}
    special |= {str(config.get(key)) for key in ("mask_token", "oov_token")}
    return all(line in special for line in content.decode("utf-8", "replace").splitlines())


__all__ = ["find_lookups", "is_empty", "vocabulary_file"]
