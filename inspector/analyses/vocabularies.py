"""Layers that look words up in a table, and where a file keeps the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..graph import Layer, Model
from ..readers.keras_archive import open_box
from ..readers.probe import look_at
from ..readers.weight_paths import name_groups
from .legacy_dialect import is_archive_of_keras_2
from .parts import walk_held
from .roles import is_own

LOOKUPS = ("StringLookup", "IntegerLookup", "TextVectorization")
NAME = "vocabulary.txt"
SMALL = 4_096  # bytes: what holds no more than the words for unknown and missing values is shorter


class Wordless(NamedTuple):
    """A lookup layer without its words: its path, what is wrong, what comes of it, and what to do."""

    path: str
    layer: Layer
    what: str
    then: str
    hint: str


def find_wordless(model: Model) -> Iterator[Wordless]:
    """Lookup layers of Keras's own that neither state their words nor find them in the file."""
    lookups = [(path, layer) for path, layer in find_lookups(model) if not layer.config.get("vocabulary")]
    if not lookups or model.graph.kind not in ("functional", "sequential"):
        return
    if model.format == "h5":
        for path, layer in lookups:
            yield Wordless(path, layer, "is stored without its vocabulary", "the model loads, and its call fails",
                           "save as .keras, which keeps the vocabulary, or state it: vocabulary=[…]")  # fmt: skip
    elif model.format in ("keras", "keras-dir") and not is_archive_of_keras_2(model):
        files = read_vocabularies(model, [path for path, _ in lookups])
        for path, layer in lookups:
            if path in files and is_empty(files[path], layer):
                what = "has no vocabulary, as it was not adapted" if files[path] else "lost its vocabulary"
                yield Wordless(path, layer, what, "the file cannot be loaded",
                               "call layer.adapt(data) before saving, or state the words: vocabulary=[…]")  # fmt: skip


def find_lookups(model: Model) -> Iterator[tuple[str, Layer]]:
    """Every lookup layer of Keras's own, with its path."""
    for path, _, layer in walk_held(model):
        if layer.class_name in LOOKUPS and is_own(layer):
            yield path, layer


def read_vocabularies(model: Model, paths: list[str]) -> dict[str, bytes | None]:
    """The stored vocabulary of each of these layers, cut short; `None` where the archive has no file for it."""
    found: dict[str, bytes | None] = {}
    groups, probe = name_groups(model.graph), look_at(model.source)
    box = open_box(probe)
    try:
        for path in paths:
            if path not in groups:
                continue
            name = f"assets/{groups[path]}/{NAME}"
            member = box.members.get(name)
            if member is None:
                found[path] = None
                continue
            place = box.locate(name) if probe.is_directory else None
            size = place.size if place is not None else getattr(member, "size", 0)
            found[path] = b"?" if size > SMALL else box.read(name, SMALL)
    finally:
        box.close()
    return found


def is_empty(content: bytes | None, layer: Layer) -> bool:
    """Whether a stored vocabulary holds no word but those that stand for what is missing or not known."""
    if content is None:
        return True
    config, special = layer.config, {"", "[UNK]", "-1", "0"}
    special |= {str(config.get(key)) for key in ("mask_token", "oov_token")}
    return all(line in special for line in content.decode("utf-8", "replace").splitlines())


__all__ = ["Wordless", "find_lookups", "find_wordless"]
