"""Every HDF5 file that a model file is, holds or names: the weights in an archive, shards, a legacy file itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..errors import UnreadableModel
from .archive import Range
from .documents import WEIGHTS, read_documents
from .hdf5 import Hdf5Error, Window
from .hdf5.inventory import Inventory, is_unread, list_objects
from .members import FILE, StoredMember
from .probe import HDF5_MAGIC, Probe
from .shards import MAP, MAX_SHARDS
from .stores import explain
from .zip_directory import Entry, ZipDirectory

ENDINGS = (".h5", ".hdf5")
MAX_FILES = 1_000


class Hdf5Contents(NamedTuple):
    """The objects of one HDF5 file. ``name`` is the member's or the shard's, empty for the file itself."""

    name: str
    inventory: Inventory = Inventory(())
    error: UnreadableModel | None = None
    unread: bool = False  # the error says what is not read, not what is broken

    def pointer(self, path: str) -> str:
        """Where an object stands: its HDF5 path, after the name of the member that it is in."""
        return f"{self.name}/{path}"


def read_hdf5_contents(probe: Probe, members: Sequence[StoredMember] = ()) -> tuple[Hdf5Contents, ...]:
    """The contents of each, ``members`` being those of the file; what cannot be opened says why.

    Raises `UnreadableModel` where the container is broken.
    """
    return tuple(find_contents(probe, members))


def find_contents(probe: Probe, members: Sequence[StoredMember]) -> Iterator[Hdf5Contents]:
    held = [member for member in members if member.kind == FILE and not member.archive and is_hdf5(member)][:MAX_FILES]
    if probe.is_directory:
        for member in held:
            yield look_into(Range(str(probe.path / member.name), 0, -1), member.name)
        return
    if probe.is_hdf5:
        yield look_into(Range(str(probe.path), 0, probe.size), "")
    if held:
        with ZipDirectory(Range(str(probe.path), 0, probe.size)) as directory:
            for member in held:
                if member.entry is not None:
                    yield unpack_and_look(directory, member.entry)
    elif probe.is_json and f'"{MAP}"'.encode() in probe.head:
        for name in list_present(probe):
            yield look_into(Range(str(probe.path.parent / name), 0, -1), name)


def unpack_and_look(directory: ZipDirectory, entry: Entry) -> Hdf5Contents:
    try:
        return look_into(directory.place(entry), entry.name)
    except UnreadableModel as error:
        return Hdf5Contents(entry.name, error=UnreadableModel(f"{entry.name} {error.message}", hint=error.hint))


def is_hdf5(member: StoredMember) -> bool:
    return member.head.startswith(HDF5_MAGIC) or member.name.endswith(ENDINGS)


def look_into(source: Range, name: str) -> Hdf5Contents:
    try:
        size = None if source.size < 0 else source.size
        with Window(source.path, source.offset, size) as window:
            return Hdf5Contents(name, list_objects(window))
    except Hdf5Error as error:
        return Hdf5Contents(name, error=explain(error, name or "the HDF5 file"), unread=is_unread(error))


def list_present(probe: Probe) -> list[str]:
    """The shards that a map names and that stand beside it."""
    names: dict[str, None] = {}
    for document in read_documents(probe):
        weight_map = document.value.get(MAP) if document.role == WEIGHTS else None
        for value in weight_map.values() if isinstance(weight_map, dict) else ():
            for name in value if isinstance(value, list) else (value,):
                if isinstance(name, str) and name and not set(name) & set("/\\\0:") and name not in (".", ".."):
                    names[name] = None
    return [name for name in list(names)[:MAX_SHARDS] if (probe.path.parent / name).is_file()][:MAX_FILES]


__all__ = ["Hdf5Contents", "read_hdf5_contents"]
