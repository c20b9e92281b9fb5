"""The directory of a zip archive as Keras writes it, read without `zipfile`, whose import alone costs 6 ms.

Only the plain form is read here: one disk, no comment, no zip64, no encryption, nothing before the first member,
members stored or deflated. Everything else is left to `zipfile`, which also words what is broken.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import IO, Any, NamedTuple

END, END_MAGIC = struct.Struct("<4s4H2LH"), b"PK\5\6"
ENTRY, ENTRY_MAGIC = struct.Struct("<4s6H3L5H2L"), b"PK\1\2"
LOCAL, LOCAL_MAGIC = struct.Struct("<4s5H3L2H"), b"PK\3\4"
STORED, DEFLATED = 0, 8
NEWEST = 63  # the version of the format, times ten, that `zipfile` reads at most
UTF8, PLAIN_FLAGS = 1 << 11, 1 << 11 | 1 << 3 | 0b110  # UTF-8 names, sizes behind the data, the speed of deflate
MOST_MEMBERS = 1_000
MOST_BYTES = 64 << 20  # of a member that is read into memory; larger ones are streamed by `zipfile`


class Member(NamedTuple):
    """A member, by the names that `zipfile.ZipInfo` uses."""

    filename: str
    flag_bits: int
    compress_type: int
    CRC: int
    compress_size: int
    file_size: int
    header_offset: int


class NotPlain(Exception):
    """The archive, or a member, is not of the plain form."""


class PlainZip:
    """A plain archive, asked as `zipfile.ZipFile` is asked."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self.file = file
        self.members = list(read_directory(file, size))
        self.whole: Any = None

    def infolist(self) -> list[Member]:
        return self.members

    def open(self, member: Member) -> IO[bytes]:
        """The member's bytes, their checksum held; a `ValueError` says what is wrong."""
        if max(member.file_size, member.compress_size) > MOST_BYTES:
            return self.open_large(member)
        self.file.seek(member.header_offset)
        header = LOCAL.unpack(self.file.read(LOCAL.size))
        if header[0] != LOCAL_MAGIC:
            raise ValueError("its local header is not where the archive says")
        if self.file.read(header[9]) != member.filename.encode():
            raise ValueError("its local header has another name")
        self.file.seek(header[10], io.SEEK_CUR)
        data = self.file.read(member.compress_size)
        if member.compress_type == DEFLATED:
            data = zlib.decompressobj(-15).decompress(data, member.file_size + 1)
        if len(data) != member.file_size:
            raise ValueError(f"it has {len(data):,} bytes and should have {member.file_size:,}")
        if zlib.crc32(data) != member.CRC:
            raise ValueError("its checksum does not fit its bytes")
        return io.BytesIO(data)

    def open_large(self, member: Member) -> IO[bytes]:
        import zipfile

        self.whole = self.whole or zipfile.ZipFile(self.file)
        return self.whole.open(member.filename)  # type: ignore[no-any-return]

    def close(self) -> None:
        if self.whole is not None:
            self.whole.close()


def open_zip(file: IO[bytes], size: int) -> Any:
    """A `PlainZip` where the archive is plain, else a `zipfile.ZipFile` with its own errors."""
    try:
        return PlainZip(file, size)
    except (NotPlain, struct.error, UnicodeDecodeError):
        import zipfile

        from .zip_directory import refuse_many

        refuse_many(file, size)  # `zipfile` makes an object of each before anyone can count them
        file.seek(0)
        return zipfile.ZipFile(file)


def read_directory(file: IO[bytes], size: int) -> list[Member]:
    file.seek(max(size - END.size, 0))
    magic, disk, first_disk, here, count, length, start, comment = END.unpack(file.read(END.size))
    if magic != END_MAGIC or disk or first_disk or comment or here != count or count > MOST_MEMBERS:
        raise NotPlain
    if start + length + END.size != size:
        raise NotPlain
    file.seek(start)
    data = file.read(length)
    members = []
    place = 0
    for _ in range(count):
        member, place = read_entry(data, place)
        members.append(member)
    if place != length or min((member.header_offset for member in members), default=0):
        raise NotPlain
    if len({member.filename for member in members}) != count:
        raise NotPlain
    return members


def read_entry(data: bytes, place: int) -> tuple[Member, int]:
    fields = ENTRY.unpack_from(data, place)
    magic, _, needs, flags, method, _, _, crc, packed, size, name_size, extra, comment, disk, _, _, offset = fields
    if needs & 0xFF > NEWEST:
        raise NotPlain
    if magic != ENTRY_MAGIC or flags & ~PLAIN_FLAGS or method not in (STORED, DEFLATED) or comment or disk:
        raise NotPlain
    if 0xFFFFFFFF in (packed, size, offset):
        raise NotPlain
    name = data[place + ENTRY.size : place + ENTRY.size + name_size]
    text = name.decode("utf-8" if flags & UTF8 else "ascii")
    if len(name) != name_size or "\0" in text:
        raise NotPlain
    return Member(text, flags, method, crc, packed, size, offset), place + ENTRY.size + name_size + extra
