"""The JSON documents that stand in a model file, as they stand there: for those who look at all of it.

The readers of models decode a config; what only says something about a file, such as a key that stands twice, or a
part that no reader looks at, is found here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import UnreadableModel
from ..graph import Note
from .archive import Archive, Range
from .json_config import MAX_BYTES, load_json
from .keras_archive import CONFIG, METADATA, METADATA_BYTES, SHARDS, Folder, open_box
from .probe import Probe

MODEL, TRAINING, ABOUT, WEIGHTS = "model", "training", "metadata", "weights"
KERAS_METADATA = "keras-metadata"  # what Keras 2 notes of one object in a SavedModel
MAX_NOTED = 100_000


class StoredDocument(NamedTuple):
    """A JSON object in a file. ``role`` tells what Keras takes it for; ``error`` why it could not be read."""

    name: str  # the member or attribute it stands in
    role: str
    value: Mapping[str, Any]
    notes: tuple[Note, ...] = ()
    error: UnreadableModel | None = None

    @property
    def is_model(self) -> bool:
        return self.role == MODEL and self.error is None


def read_documents(probe: Probe) -> tuple[StoredDocument, ...]:
    """The documents of a file or folder, in the order in which Keras reads them. One that is broken says so.

    Raises `UnreadableModel` where what holds them cannot be opened.
    """
    folder = find_folder(probe)
    if folder is not None:
        return tuple(read_noted(folder))
    if probe.is_directory or probe.is_zip:
        return tuple(read_archived(probe))
    if probe.is_hdf5:
        return tuple(read_attributes(probe))
    if probe.is_json:
        return (read_plain(probe),)
    return ()


def read_archived(probe: Probe) -> Iterator[StoredDocument]:
    if probe.names is not None and CONFIG not in probe.names:
        return
    box = open_box(probe)
    try:
        for name, role, cap in (
            (METADATA, ABOUT, METADATA_BYTES),
            (CONFIG, MODEL, MAX_BYTES),
            (SHARDS, WEIGHTS, MAX_BYTES),
        ):
            if name in box.members:
                yield read_member(box, name, role, cap)
    finally:
        box.close()


def read_noted(folder: Path) -> Iterator[StoredDocument]:
    """What Keras 2 notes of its objects in a SavedModel, one document an object."""
    from .saved_model_parts import METADATA as NOTED
    from .saved_model_parts import read_keras_nodes

    try:
        for node in islice(read_keras_nodes(folder), MAX_NOTED):
            if node.text:
                yield stored(node.text, f"{node.file}/{node.path}", KERAS_METADATA)
    except UnreadableModel as error:
        yield StoredDocument(NOTED, KERAS_METADATA, {}, (), error)


def find_folder(probe: Probe) -> Path | None:
    """The folder of a SavedModel; an unzipped ``.keras`` folder is none, whatever else is in it."""
    if probe.names is not None and CONFIG in probe.names:
        return None
    from .saved_model_parts import find_folder

    return find_folder(probe)


def read_member(box: Archive | Folder, name: str, role: str, cap: int) -> StoredDocument:
    try:
        return stored(box.read(name, cap), name, role)
    except UnreadableModel as error:
        return StoredDocument(name, role, {}, (), error)


def stored(data: bytes | str, name: str, role: str) -> StoredDocument:
    try:
        document = load_json(data, name)
    except UnreadableModel as error:
        return StoredDocument(name, role, {}, (), error)
    return StoredDocument(name, role, document.value, document.notes)


def read_attributes(probe: Probe) -> Iterator[StoredDocument]:
    """What stands in the root attributes of a legacy file."""
    from .hdf5 import Window, open_hdf5
    from .legacy_h5 import CONFIG as MODEL_CONFIG
    from .legacy_h5 import TRAINING as TRAINING_CONFIG
    from .legacy_h5 import read_attribute, read_joined

    with Window(probe.path) as window:
        attributes = open_hdf5(window).root.attributes
        for name, role in ((MODEL_CONFIG, MODEL), (TRAINING_CONFIG, TRAINING)):
            if read_attribute(attributes, name) is not None:
                try:
                    yield stored(read_joined(attributes, name), name, role)
                except UnreadableModel as error:
                    yield StoredDocument(name, role, {}, (), error)


def read_plain(probe: Probe) -> StoredDocument:
    """A JSON file of its own: a model's config, or a map of shards."""
    source = Range(str(probe.path), 0, probe.size)
    if probe.size > MAX_BYTES:
        error = UnreadableModel(f"JSON of {probe.size:,} bytes; more than {MAX_BYTES:,} are not read")
        return StoredDocument(probe.path.name, MODEL, {}, (), error)
    with source.open() as file:
        document = stored(file.read(), probe.path.name, MODEL)
    return document._replace(role=WEIGHTS) if "weight_map" in document.value else document


__all__ = ["ABOUT", "KERAS_METADATA", "MODEL", "TRAINING", "WEIGHTS", "StoredDocument", "read_documents"]
