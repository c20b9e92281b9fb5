"""The directory of a zip archive as it stands there: every entry, doubles and odd ones too, and nothing unpacked.

`zipfile` keeps the last of several entries of one name, cuts names at NUL and gives up on names that are not text. What
says something about a file needs all of it. The directory is found as `zipfile` finds it, since Keras reads through it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple

from ..errors import UnreadableModel
from .archive import BLOCK, CUT_HINT, MAX_MEMBERS, MAX_RATIO, RATIO_FLOOR, Keeper, Range
from .plain_zip import DEFLATED, END, END_MAGIC, ENTRY, ENTRY_MAGIC, LOCAL, LOCAL_MAGIC, STORED, UTF8

MAX_DIRECTORY = 64 << 20
LOCATOR, LOCATOR_MAGIC = struct.Struct("<4sLQL"), b"PK\6\7"
END64, END64_MAGIC = struct.Struct("<4sQ2H2L4Q"), b"PK\6\6"
ZIP64_EXTRA, LIMIT_32 = 1, 0xFFFFFFFF
ENCRYPTED = 1
PACKED_A_TIME = 1 << 16


class Entry(NamedTuple):
    """An entry of the directory. ``offset`` is where its local header should be, ``mode`` what Unix calls so."""

    name: str  # bytes that are no text are kept as surrogates
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    mode: int
    offset: int

    @property
    def is_encrypted(self) -> bool:
        return bool(self.flags & ENCRYPTED)


class ZipDirectory:
    """An archive's entries in the directory's order, and their bytes as far as they are asked for."""

    def __init__(self, source: Range) -> None:
        """Raises `UnreadableModel` where there is no directory, or one that is broken or too large to be true."""
        self.source = source
        self.file = source.open()
        try:
            self.entries = tuple(read_entries(self.file, source.size))
        except BaseException:
            self.file.close()
            raise

    def __enter__(self) -> ZipDirectory:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def read_head(self, entry: Entry, count: int) -> bytes:
        """The first bytes of a member, unpacked. Raises `UnreadableModel` where they cannot be had."""
        head = b""
        for block in self.unpack(entry, count):
            head += block
            if len(head) >= count:
                break
        return head[:count]

    def find_damage(self, entry: Entry) -> str | None:
        """What is wrong with a member's bytes as a whole, after the size and the checksum that the directory states."""
        size = crc = 0
        try:
            for block in self.unpack(entry, BLOCK):
                size += len(block)
                crc = zlib.crc32(block, crc)
                if size > entry.size:
                    return f"holds more than the {entry.size:,} bytes that the archive states"
        except UnreadableModel as error:
            return error.message
        if size != entry.size:
            return f"has {size:,} bytes and should have {entry.size:,}"
        return None if crc == entry.crc else "does not fit its checksum: its bytes were changed or damaged"

    def unpack(self, entry: Entry, most: int) -> Iterator[bytes]:
        """A member's bytes in blocks of at most ``most``, never more than a block ahead of who reads them."""
        if entry.packed > self.source.size:
            raise UnreadableModel(f"should have {entry.packed:,} bytes, more than the file", hint=CUT_HINT)
        place, left = self.locate(entry), entry.packed
        if entry.is_encrypted:
            raise UnreadableModel("is encrypted", hint="Keras does not read encrypted archives")
        if entry.method not in (STORED, DEFLATED):
            raise UnreadableModel(f"is packed by method {entry.method}, which Keras never uses and which is not read")
        inflater = zlib.decompressobj(-15) if entry.method == DEFLATED else None
        try:
            while left > 0:
                self.file.seek(place)
                data = self.file.read(min(left, most if inflater is None else min(PACKED_A_TIME, most)))
                if not data:
                    raise UnreadableModel("is cut short", hint=CUT_HINT)
                place, left = place + len(data), left - len(data)
                if inflater is None:
                    yield data
                    continue
                while data:
                    if block := inflater.decompress(data, most):
                        yield block
                    data = inflater.unconsumed_tail
                if inflater.eof:
                    return
            while inflater and (block := inflater.decompress(b"", most)):  # what it still held back
                yield block
        except zlib.error:
            raise UnreadableModel("cannot be unpacked: its bytes are broken", hint=CUT_HINT) from None

    def place(self, entry: Entry) -> Range:
        """A member as a file: in place where it is stored, else unpacked to a temporary file, if it is no bomb."""
        if entry.packed > self.source.size:
            raise UnreadableModel(f"should have {entry.packed:,} bytes, more than the file", hint=CUT_HINT)
        start = self.locate(entry)
        if entry.method == STORED and not entry.is_encrypted:
            if entry.size != entry.packed or start + entry.size > self.source.size:
                raise UnreadableModel(f"is cut short: it should have {entry.size:,} bytes", hint=CUT_HINT)
            return Range(self.source.path, self.source.offset + start, entry.size, self.source.keeper)
        if entry.size > max(RATIO_FLOOR, MAX_RATIO * entry.packed):
            raise UnreadableModel(f"unpacks {entry.packed:,} bytes to {entry.size:,}: a decompression bomb")
        import tempfile  # 4 ms, which archives as Keras writes them need not pay

        handle, path = tempfile.mkstemp(prefix="kinspect-")
        keeper, count = Keeper(path), 0
        with open(handle, "wb") as target:
            for block in self.unpack(entry, BLOCK):
                count += len(block)
                if count > entry.size:
                    raise UnreadableModel(f"holds more than the {entry.size:,} bytes that the archive states")
                target.write(block)
        return Range(path, 0, count, keeper)

    def locate(self, entry: Entry) -> int:
        """Where a member's bytes begin, after its local header."""
        self.file.seek(max(entry.offset, 0))
        header = self.file.read(LOCAL.size)
        if entry.offset < 0 or len(header) < LOCAL.size or not header.startswith(LOCAL_MAGIC):
            raise UnreadableModel("has no header where the archive says", hint=CUT_HINT)
        fields = LOCAL.unpack(header)
        return entry.offset + LOCAL.size + int(fields[9]) + int(fields[10])


def read_entries(file: IO[bytes], size: int) -> Iterator[Entry]:
    end_at, length, offset, extra = find_end(file, size)
    start = end_at - length - extra  # wherever it is said to be: bytes may stand before the archive
    if start < 0:
        raise UnreadableModel("the directory of the archive is longer than the file", hint=CUT_HINT)
    if length > MAX_DIRECTORY:
        raise UnreadableModel(f"the archive has a directory of {length:,} bytes, more than is read")
    shift = start - offset
    file.seek(start)
    data = file.read(length)
    place = count = 0
    while place < len(data):
        count += 1
        if count > MAX_MEMBERS:
            raise UnreadableModel(f"the archive has more than {MAX_MEMBERS:,} members")
        try:
            entry, place = read_entry(data, place, shift)
        except struct.error:
            raise UnreadableModel("the directory of the archive is broken", hint=CUT_HINT) from None
        yield entry


def refuse_many(file: IO[bytes], size: int) -> None:
    """Raise `UnreadableModel` for more members than are looked at; what else is wrong is not said here."""
    try:
        end_at, length, _, extra = find_end(file, size)
    except UnreadableModel:
        return
    if length <= MAX_MEMBERS * ENTRY.size:
        return
    if length > MAX_DIRECTORY:
        raise UnreadableModel(f"the archive has a directory of {length:,} bytes, more than is read")
    file.seek(max(end_at - length - extra, 0))
    data, place, count = file.read(length), 0, 0
    while place + ENTRY.size <= len(data):
        place += ENTRY.size + sum(struct.unpack_from("<3H", data, place + 28))
        count += 1
        if count > MAX_MEMBERS:
            raise UnreadableModel(f"the archive has more than {MAX_MEMBERS:,} members")


def find_end(file: IO[bytes], size: int) -> tuple[int, int, int, int]:
    """Where the end record is, the directory's length and stated offset, and the bytes of ZIP64's records between."""
    file.seek(max(size - END.size, 0))
    tail = file.read(END.size)
    at = size - END.size
    if not (len(tail) == END.size and tail.startswith(END_MAGIC) and tail.endswith(b"\0\0")):
        start = max(size - 65_536 - END.size, 0)
        file.seek(start)
        data = file.read(65_536 + END.size)
        found = data.rfind(END_MAGIC)
        tail, at = data[found : found + END.size], start + found
        if found < 0 or len(tail) < END.size:
            raise UnreadableModel("the archive is broken: it has no directory", hint=CUT_HINT)
    _, _, _, _, _, length, offset, _ = END.unpack(tail)
    before = LOCATOR.size + END64.size
    if at >= before:
        file.seek(at - before)
        data = file.read(before)
        if data[END64.size :].startswith(LOCATOR_MAGIC) and data.startswith(END64_MAGIC):
            *_, length, offset = END64.unpack(data[: END64.size])
            return at, length, offset, before
    return at, length, offset, 0


def read_entry(data: bytes, place: int, shift: int) -> tuple[Entry, int]:
    fields = ENTRY.unpack_from(data, place)
    magic, _, _, flags, method, _, _, crc, packed, size, *sizes, _, _, attr, offset = fields
    if magic != ENTRY_MAGIC:
        raise struct.error
    at = place + ENTRY.size
    name_size, extra_size, comment_size = sizes
    name, extra = data[at : at + name_size], data[at + name_size : at + name_size + extra_size]
    if LIMIT_32 in (packed, size, offset):
        size, packed, offset = read_zip64(extra, size, packed, offset)
    text = name.decode("utf-8", "surrogateescape") if flags & UTF8 else name.decode("cp437")
    entry = Entry(text, flags, method, crc, packed, size, attr >> 16, offset + shift)
    return entry, at + name_size + extra_size + comment_size


def read_zip64(extra: bytes, *small: int) -> list[int]:
    """The numbers that do not fit into 32 bits, from the extra field; those that it lacks as they are."""
    numbers, at = list(small), 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == ZIP64_EXTRA:
            held = extra[at + 4 : at + 4 + length]
            for index, number in enumerate(numbers):
                if number == LIMIT_32 and len(held) >= 8:
                    numbers[index] = int.from_bytes(held[:8], "little")
                    held = held[8:]
            break
        at += 4 + length
    return numbers


__all__ = ["Entry", "ZipDirectory"]
