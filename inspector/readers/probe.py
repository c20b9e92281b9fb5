"""The first look at a path: what it is on disk, and its first bytes. Nothing that blocks is ever opened."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from ..errors import UnknownFormat, UnreadableModel

if TYPE_CHECKING:
    from pathlib import Path  # 2.5 ms, which a file named plainly need not pay

HEAD, BLOCK = 4096, 1 << 20
BEFORE_JSON = b"\xff\xfe\0 \t\r\n"  # white space and the marks of UTF-16 and UTF-32
HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
ZIP_MAGICS, ZIP_END, ZIP_TAIL = (b"PK\3\4", b"PK\5\6", b"PK\7\x08"), b"PK\5\6", 22 + 65_535
KINDS = ((stat.S_ISFIFO, "a FIFO"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"))


class Probe(NamedTuple):
    """A regular file with its first bytes, or a directory with the names in it."""

    place: str
    size: int
    head: bytes = b""
    names: frozenset[str] | None = None

    @property
    def path(self) -> Path:
        """Its place, to be asked for its parts."""
        from pathlib import Path

        return Path(self.place)

    @property
    def suffix(self) -> str:
        """The ending of its name, with the dot, as ``Path.suffix`` has it."""
        name = os.path.basename(self.place)
        at = name.rfind(".")
        return name[at:] if 0 < at < len(name) - 1 else ""

    @property
    def is_directory(self) -> bool:
        return self.names is not None

    @property
    def is_hdf5(self) -> bool:
        """HDF5 starts with its magic, or with a user block of 512 bytes or a power of two times that."""
        if self.head.startswith(HDF5_MAGIC):
            return True
        return not self.is_directory and any(self.bytes_at(512 << n, 8) == HDF5_MAGIC for n in range(12))

    @property
    def is_json(self) -> bool:
        """Whether a JSON object may begin here, in any encoding that Keras's loader takes."""
        if self.is_directory:
            return False
        start = self.head.removeprefix(b"\xef\xbb\xbf").lstrip(BEFORE_JSON)
        at = len(self.head)
        while not start and at < self.size and self.head.strip(b"\0"):  # padded with white space
            start = self.bytes_at(at, BLOCK).lstrip(BEFORE_JSON)
            at += BLOCK
        return start[:1] == b"{"

    @property
    def is_tar(self) -> bool:
        return self.head[257:262] == b"ustar"

    @property
    def is_zip(self) -> bool:
        """A zip archive is found by its end; anything may stand before it. In doubt the name decides, as in Keras."""
        if self.head.startswith(ZIP_MAGICS):
            return not (self.suffix in (".h5", ".hdf5") and self.is_hdf5)
        if self.is_directory:
            return False
        if self.suffix != ".keras" and (self.is_json or self.is_hdf5 or self.is_tar):
            return False
        return ZIP_END in self.bytes_at(max(0, self.size - ZIP_TAIL), min(self.size, ZIP_TAIL))

    def bytes_at(self, offset: int, count: int) -> bytes:
        """Bytes beyond the head too; fewer where the file ends."""
        if offset + count <= len(self.head):
            return self.head[offset : offset + count]
        if offset >= self.size:
            return b""
        with open(self.place, "rb") as file:
            file.seek(offset)
            return file.read(count)


def look_at(path: str | os.PathLike[str]) -> Probe:
    """The probe of a path. Raises `UnreadableModel` for what is not there, is not a file, or may not be read."""
    place = plain_path(path)
    try:
        status = os.stat(place)
        if stat.S_ISDIR(status.st_mode):
            return Probe(place, 0, names=frozenset(os.listdir(place)))
        for is_kind, kind in KINDS:
            if is_kind(status.st_mode):
                raise UnknownFormat(f"{kind}, not a file", hint="name a file or a directory that holds a model")
        head = read_head(place)
    except FileNotFoundError:
        if os.path.islink(place):
            raise UnreadableModel(f"a symbolic link to {os.readlink(place)!r}, which is not there") from None
        raise UnreadableModel("no such file", hint=suggest_names(place)) from None
    except PermissionError:
        raise UnreadableModel("permission denied", hint="ask its owner for the right to read it") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableModel(f"cannot be opened: {reason[:1].lower()}{reason[1:]}") from None
    if not status.st_size:
        raise UnknownFormat("an empty file", hint="save the model again: nothing was written here")
    return Probe(place, status.st_size, head)


def plain_path(path: str | os.PathLike[str]) -> str:
    """A path as `pathlib` writes it, which is asked only where that may be otherwise."""
    text = os.fspath(path)
    if os.sep == "/" and isinstance(text, str) and not {"", "."}.intersection(text.removeprefix("/").split("/")):
        return text
    from pathlib import Path

    return str(Path(path))


def read_head(path: str) -> bytes:
    """The first bytes, opened so that a FIFO put in the file's place meanwhile would not block."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(None, "not a regular file")
        return file.read(HEAD)


def suggest_names(place: str) -> str | None:
    """Names in the folder that are close to a name that is not there."""
    from pathlib import Path

    path = Path(place)
    folder = path.parent
    try:
        names = os.listdir(folder)
    except OSError:
        return f"there is no folder {str(folder)!r}"
    import difflib

    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.75)
    same_stem = [name for name in sorted(names) if name.split(".")[0] == path.name.split(".")[0] and name not in near]
    found = (near + same_stem)[:3]
    return f"did you mean {' or '.join(repr(str(folder / name)) for name in found)}?" if found else None
