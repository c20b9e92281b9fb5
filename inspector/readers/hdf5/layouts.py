"""Where the bytes of a dataset lie, and through which filters they go."""

from __future__ import annotations

import struct

from .headers import SHARED, Message
from .heaps import LocalHeap
from .source import MALFORMED, UNDEFINED, Source, pair, u16, u32, u64
from .trees import stored_chunk_bytes
from .window import Hdf5Error, NotCovered

MAX_EXTERNAL = 20  # files that are named
_SINGLE_CHUNK, _SINGLE_FILTERED = 1, 2  # kind of chunk index; flag of a single chunk that went through filters


class Layout:
    """``kind`` of layout; ``address`` of data or chunk index; ``stored`` bytes, None until the chunks are counted."""

    __slots__ = ("address", "kind", "position", "rank", "stored")

    def __init__(self, kind: str, address: int = UNDEFINED, stored: int | None = None) -> None:
        self.kind = kind
        self.address = address
        self.stored = stored
        self.position = 0  # of compact data, in the map
        self.rank = 0  # of a version 1 chunk index; 0 for the other indices

    def count_chunks(self, source: Source) -> int:
        """Bytes that the chunks take up in the file."""
        if self.address == UNDEFINED:
            return 0
        if not self.rank:
            raise NotCovered("a chunk index of the newer kinds")
        return stored_chunk_bytes(source, self.address, self.rank)


def read_layout(source: Source, position: int, size: int, nbytes: int) -> Layout:
    """The data layout message of a dataset of ``nbytes`` logical bytes."""
    buffer = source.window.buffer
    version = buffer[position]
    if version in (1, 2):
        return _read_old(source, position, nbytes)
    if version not in (3, 4, 5):
        raise NotCovered(f"data layout version {version} is not known")
    kind = buffer[position + 1]
    if kind == 0:
        return _compact(source, position + 4, u16(buffer, position + 2)[0], position + size)
    if kind == 1:
        return _contiguous(source, *pair(buffer, position + 2))
    if kind == 2:
        return _chunked(source, position) if version == 3 else _newer_chunked(source, position)
    if kind == 3:
        return Layout("virtual", stored=0)
    raise NotCovered(f"data layout class {kind} is not known")


def _read_old(source: Source, position: int, nbytes: int) -> Layout:
    buffer = source.window.buffer
    rank, kind = buffer[position + 1], buffer[position + 2]
    if kind == 0:
        at = position + 8 + 4 * rank
        return _compact(source, at + 4, u32(buffer, at)[0], source.end)
    address = u64(buffer, position + 8)[0]
    if kind == 1:
        return _contiguous(source, address, nbytes)
    if kind != 2:
        raise NotCovered(f"data layout class {kind} is not known")
    layout = Layout("chunked", address)
    layout.rank = rank
    return layout


def _compact(source: Source, start: int, size: int, end: int) -> Layout:
    if start + size > end:
        raise Hdf5Error(f"broken HDF5: compact data of {size} bytes at byte {start - source.window.start} do not fit")
    layout = Layout("compact", stored=size)
    layout.position = start
    return layout


def _contiguous(source: Source, address: int, size: int) -> Layout:
    if address == UNDEFINED:  # nothing was ever written
        return Layout("contiguous", stored=0)
    source.extent(address, size, "data")
    return Layout("contiguous", address, size)


def _chunked(source: Source, position: int) -> Layout:
    layout = Layout("chunked", u64(source.window.buffer, position + 3)[0])
    layout.rank = source.window.buffer[position + 2]
    return layout


def _newer_chunked(source: Source, position: int) -> Layout:
    buffer = source.window.buffer
    flags, rank, width = buffer[position + 2], buffer[position + 3], buffer[position + 4]
    at = position + 5 + rank * width
    if buffer[at] == _SINGLE_CHUNK:
        if flags & _SINGLE_FILTERED:
            stored, address = u64(buffer, at + 1)[0], u64(buffer, at + 13)[0]
        else:
            stored, address = 1, u64(buffer, at + 1)[0]
            for n in range(position + 5, at, width):
                stored *= int.from_bytes(buffer[n : n + width], "little")
        if address == UNDEFINED:
            stored = 0
        return Layout("chunked", address, stored)
    return Layout("chunked", 0)


def read_external_files(source: Source, message: Message) -> tuple[str, ...]:
    """Names of the files that keep the data of a dataset; fewer where they cannot be read."""
    flags, position, size, _ = message
    names = []
    try:
        if flags & SHARED or source.window.buffer[position] != 1:
            return ()
        heap = LocalHeap(source, u64(source.window.buffer, position + 8)[0])
        for at in range(position + 16, position + min(size, 16 + 24 * MAX_EXTERNAL), 24):
            name = heap.text(u64(source.window.buffer, at)[0])
            names.append(name.decode("utf-8", "surrogateescape"))
    except (Hdf5Error, *MALFORMED):  # the data lie outside all the same
        pass
    return tuple(dict.fromkeys(names))


def read_filters(source: Source, position: int) -> tuple[int, ...]:
    """Numbers of the filters, in the order of writing: 1 deflate, 2 shuffle, 3 fletcher32 … as registered with HDF5."""
    buffer = source.window.buffer
    version, count = buffer[position], buffer[position + 1]
    if version not in (1, 2):
        raise NotCovered(f"filter pipeline version {version} is not known")
    at, filters = position + (8 if version == 1 else 2), []
    for _ in range(count):
        number = u16(buffer, at)[0]
        filters.append(number)
        if version == 1 or number >= 256:
            name_size, _, values = struct.unpack_from("<HHH", buffer, at + 2)
            at += 8
        else:
            name_size, _, values = 0, *struct.unpack_from("<HH", buffer, at + 2)
            at += 6
        if version == 1:
            name_size += -name_size % 8
            values += values & 1
        at += name_size + 4 * values
    return tuple(filters)
