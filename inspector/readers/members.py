"""What a model file consists of as a container: the members of an archive, or the files of a folder, with first bytes.

Nothing is unpacked beyond these first bytes, nothing but regular files is opened, and no link is followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..errors import UnreadableModel
from .archive import MAX_MEMBERS, Archive, Range
from .keras_archive import NPZ
from .probe import Probe
from .zip_directory import Entry, ZipDirectory

HEAD = 512
NPY_HEAD = 4096
DESCENDED = ("assets", "assets.extra", "variables")  # folders that Keras and TensorFlow look into
FILE, FOLDER, LINK = "file", "folder", "symbolic link"
KINDS = ((stat.S_ISREG, FILE), (stat.S_ISDIR, FOLDER), (stat.S_ISLNK, LINK), (stat.S_ISFIFO, "FIFO"),
         (stat.S_ISSOCK, "socket"), (stat.S_ISCHR, "device"), (stat.S_ISBLK, "device"))  # fmt: skip


class StoredMember(NamedTuple):
    """A member of an archive, doubles too, or a file of a folder.

    ``archive`` is empty, or names the member that is an archive itself and holds this one. ``packed`` are the bytes
    that it takes up. ``head`` are its first bytes, unpacked; ``problem`` says why there are none. ``target`` is where a
    symbolic link of a folder leads. ``entry`` is what a zip archive's directory states; a folder has none.
    """

    name: str
    archive: str = ""
    kind: str = FILE
    size: int = 0
    packed: int = 0
    head: bytes = b""
    problem: str | None = None
    target: str | None = None
    entry: Entry | None = None

    @property
    def place(self) -> str:
        """Its name, after that of the archive that it stands in, as a path inside of the file."""
        return f"{self.archive}/{self.name}" if self.archive else self.name


def read_members(probe: Probe) -> tuple[StoredMember, ...]:
    """Every member, in the directory's order; those of an archive in the archive follow it.

    Nothing for what is no container. Raises `UnreadableModel` where its directory is broken, or too large to be true.
    """
    if probe.is_directory:
        return tuple(read_folder(probe.path))
    return tuple(read_archive(Range(str(probe.path), 0, probe.size), "")) if probe.is_zip else ()


def read_archive(source: Range, name: str) -> Iterator[StoredMember]:
    with ZipDirectory(source) as directory:
        for entry in directory.entries:
            member = read_entry(directory, entry, name)
            yield member
            if not name and member.name == NPZ and member.head.startswith(b"PK"):
                yield from read_inner(source, member)


def read_inner(source: Range, outer: StoredMember) -> Iterator[StoredMember]:
    """The arrays of an npz member. One that cannot be opened says why in a member of no name."""
    try:
        with Archive(source) as archive:
            place = archive.locate(outer.name)
        yield from read_archive(place, outer.name)
    except UnreadableModel as error:
        yield StoredMember("", outer.name, problem=error.message)


def read_entry(directory: ZipDirectory, entry: Entry, archive: str) -> StoredMember:
    member = StoredMember(entry.name, archive, kind_of(entry), entry.size, entry.packed, entry=entry)
    if member.kind != FILE or not entry.size:
        return member
    try:
        return member._replace(head=directory.read_head(entry, NPY_HEAD if archive else HEAD))
    except UnreadableModel as error:
        return member._replace(problem=error.message)


def kind_of(entry: Entry) -> str:
    if entry.name.endswith("/"):
        return FOLDER
    if not stat.S_IFMT(entry.mode) or stat.S_ISREG(entry.mode):
        return FILE
    return next((kind for is_kind, kind in KINDS if is_kind(entry.mode)), FILE)


def read_folder(path: Path) -> Iterator[StoredMember]:
    """The files at the top, and those in the folders that are looked into."""
    waiting = [("", os.fspath(path))]
    count = 0
    for prefix, place in waiting:
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            yield StoredMember(prefix.rstrip("/"), kind=FOLDER, problem=f"cannot be listed: {error.strerror}".lower())
            continue
        for entry in entries:
            count += 1
            if count > MAX_MEMBERS:
                raise UnreadableModel(f"the folder holds more than {MAX_MEMBERS:,} files")
            member = read_file(entry, prefix)
            yield member
            if member.kind == FOLDER and (prefix or entry.name in DESCENDED):
                waiting.append((f"{member.name}/", entry.path))


def read_file(entry: os.DirEntry[str], prefix: str) -> StoredMember:
    name = f"{prefix}{entry.name}"
    try:
        status = entry.stat(follow_symlinks=False)
        kind = next((kind for is_kind, kind in KINDS if is_kind(status.st_mode)), "device")
        if kind == LINK:
            return StoredMember(name, kind=kind, target=os.readlink(entry.path))
        if kind != FILE:
            return StoredMember(name, kind=kind)
        return StoredMember(name, "", kind, status.st_size, status.st_size, read_start(entry.path))
    except OSError as error:
        return StoredMember(name, problem=f"cannot be opened: {error.strerror}".lower())


def read_start(path: str) -> bytes:
    """The first bytes of a file; what was put in its place meanwhile is neither followed nor waited for."""
    flags = ("O_RDONLY", "O_NONBLOCK", "O_NOFOLLOW", "O_BINARY")
    with open(os.open(path, sum(getattr(os, flag, 0) for flag in flags)), "rb") as file:
        return file.read(HEAD) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else b""


def name_special(path: str) -> str | None:
    """What a path is that is neither file nor folder; `None` where it is one, or is not there."""
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, PermissionError, NotADirectoryError, ValueError):
        return None
    except OSError:
        return "a symbolic link that leads back to itself" if os.path.islink(path) else None
    kind = next((kind for is_kind, kind in KINDS if is_kind(mode)), "device")
    return None if kind in (FILE, FOLDER) else f"a {kind}"


__all__ = ["FILE", "FOLDER", "LINK", "StoredMember", "name_special", "read_members"]
