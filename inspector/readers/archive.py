"""Zip archives from strangers: members found, never extracted by name, read through a cap.

A member that is stored uncompressed is used where it lies; a deflated one is unpacked to a temporary file first.
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
import weakref
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from ..errors import UnreadableModel
from ..graph import Note
from .plain_zip import open_zip

if TYPE_CHECKING:
    import zipfile  # 6 ms, which plain archives need not pay

MAX_MEMBERS = 100_000
MAX_RATIO, RATIO_FLOOR = 100, 64 << 20  # larger than the floor and compressed by more is taken for a bomb
MAX_UNPACKED = 16 << 30
LOCAL_HEADER, LOCAL_MAGIC = 30, b"PK\3\4"
BLOCK = 1 << 20
CUT_HINT = "the file was cut or changed: copy it, download it or save it again"
STORED = 0  # zipfile's number for a member that is not compressed
BROKEN = (
    RuntimeError, NotImplementedError, zlib.error, EOFError, OverflowError, ValueError, struct.error, MemoryError,
    LookupError, OSError,
)  # fmt: skip


class Range(NamedTuple):
    """Bytes of a file on disk. ``keeper`` removes the file, where it is a temporary one, once nobody holds it."""

    path: str
    offset: int
    size: int
    keeper: object = None

    def open(self) -> IO[bytes]:
        return io.BufferedReader(RangeFile(self))


class RangeFile(io.RawIOBase):
    """A range as a read-only file of its own."""

    def __init__(self, source: Range) -> None:
        super().__init__()
        self.file = open(source.path, "rb")  # noqa: SIM115 - closed with this object
        self.source = source
        self.position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.position = max(0, offset + (0, self.position, self.source.size)[whence])
        return self.position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = max(0, min(len(buffer), self.source.size - self.position))
        self.file.seek(self.source.offset + self.position)
        data = self.file.read(count)
        buffer[: len(data)] = data
        self.position += len(data)
        return len(data)

    def close(self) -> None:
        self.file.close()
        super().close()


class Archive:
    """An open zip archive. As in Keras, the last of several members of one name counts."""

    def __init__(self, source: Range) -> None:
        self.source = source
        self.file = source.open()
        try:
            with broken_is_unreadable("the archive"):
                self.zip: Any = open_zip(self.file, source.size)
                self.members = {member.filename: member for member in self.zip.infolist()}
        except BaseException:
            self.file.close()
            raise
        if len(self.zip.infolist()) > MAX_MEMBERS:
            self.close()
            raise UnreadableModel(f"the archive has more than {MAX_MEMBERS:,} members")

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.zip.close()
        self.file.close()

    def read(self, name: str, cap: int) -> bytes:
        """A member's bytes, at most ``cap``; `UnreadableModel` where there are more or they are broken."""
        member = self.members[name]
        self.check_member(member)
        with broken_is_unreadable(name), self.zip.open(member) as stream:
            data: bytes = stream.read(cap + 1)
        if len(data) > cap:
            raise UnreadableModel(f"{name} is larger than {cap:,} bytes, which is not believable")
        return data

    def locate(self, name: str) -> Range:
        """Where a member's bytes lie: in place when stored, else unpacked to a temporary file."""
        member = self.members[name]
        self.check_member(member)
        if member.compress_type != STORED:
            return self.unpack(member)
        with broken_is_unreadable(name):
            self.file.seek(member.header_offset)
            header = self.file.read(LOCAL_HEADER)
            if len(header) < LOCAL_HEADER or not header.startswith(LOCAL_MAGIC):
                raise ValueError("its local header is not where the archive says")
            name_size, extra_size = struct.unpack("<HH", header[26:30])
            start = member.header_offset + LOCAL_HEADER + name_size + extra_size
        if start + member.file_size > self.source.size or member.file_size != member.compress_size:
            raise UnreadableModel(f"{name} is cut short: it should have {member.file_size:,} bytes", hint=CUT_HINT)
        return Range(self.source.path, self.source.offset + start, member.file_size, self.source.keeper)

    def check_member(self, member: zipfile.ZipInfo) -> None:
        """Refuse what is encrypted, and what claims to be larger than it can be."""
        if member.flag_bits & 1:
            raise UnreadableModel(f"{member.filename} is encrypted", hint="Keras does not read encrypted archives")
        packed, size = member.compress_size, member.file_size
        if packed > self.source.size:
            raise UnreadableModel(f"{member.filename} should have {packed:,} bytes, more than the file", hint=CUT_HINT)
        if size > RATIO_FLOOR and size > MAX_RATIO * packed:
            raise UnreadableModel(f"{member.filename} unpacks {packed:,} bytes to {size:,}: a decompression bomb")

    def unpack(self, member: zipfile.ZipInfo) -> Range:
        """A deflated member in a temporary file, which goes when the last holder of the range does."""
        if member.file_size > MAX_UNPACKED:
            raise UnreadableModel(f"{member.filename} unpacks to {member.file_size:,} bytes, more than is unpacked")
        import tempfile

        handle, path = tempfile.mkstemp(prefix="kinspect-")
        keeper = Keeper(path)
        count = 0
        with open(handle, "wb") as target, broken_is_unreadable(member.filename), self.zip.open(member) as stream:
            while block := stream.read(BLOCK):
                count += len(block)
                if count > member.file_size:
                    raise ValueError("it holds more than it says")
                target.write(block)
        return Range(path, 0, count, keeper)

    def find_oddities(self) -> list[Note]:
        """What Keras never writes: names twice, names that lead outside, bytes before the archive."""
        notes = []
        counts = Counter(member.filename for member in self.zip.infolist())
        for name, count in counts.items():
            if count > 1:
                message = f"the archive holds {count} members named {name!r}; the last counts"
                notes.append(Note("duplicate-member", message))
            if leads_outside(name):
                notes.append(Note("archive-traversal", f"the archive's member {name!r} names a place outside of it"))
        first = min((member.header_offset for member in self.zip.infolist()), default=0)
        if first > 0:
            notes.append(Note("archive-prefix", f"{first:,} bytes stand before the archive's first member"))
        return notes


class Keeper:
    """Owns a temporary file: it is removed with its owner, or when Python ends."""

    def __init__(self, path: str) -> None:
        self.remove = weakref.finalize(self, discard, path)


def discard(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)


@contextlib.contextmanager
def broken_is_unreadable(what: str) -> Iterator[None]:
    """Everything zipfile raises on broken bytes, as one line."""
    try:
        yield
    except UnreadableModel:
        raise
    except Exception as error:
        if not isinstance(error, BROKEN) and type(error).__name__ != "BadZipFile":
            raise
        said = str(error.args[0]) if isinstance(error, LookupError) and error.args else str(error)
        reason = said or type(error).__name__
        raise UnreadableModel(f"{what} is broken: {reason[:1].lower()}{reason[1:200]}", hint=CUT_HINT) from None


def leads_outside(name: str) -> bool:
    """Whether a member's name is absolute, climbs, or hides a separator."""
    parts = name.replace("\\", "/").split("/")
    return name.startswith("/") or ".." in parts or "\\" in name or ":" in parts[0] or "\0" in name
