"""Object headers, versions 1 and 2: the messages of which every object of an HDF5 file consists."""

from __future__ import annotations

import struct

from .source import MALFORMED, Source, pair, u64
from .window import Hdf5Error, NotCovered

DATASPACE, LINK_INFO, DATATYPE, EXTERNAL_FILES, LINK, LAYOUT = 0x01, 0x02, 0x03, 0x07, 0x06, 0x08
FILTERS, ATTRIBUTE, CONTINUATION, SYMBOL_TABLE, DRIVER_INFO, ATTRIBUTE_INFO = 0x0B, 0x0C, 0x10, 0x11, 0x14, 0x15
CACHE_IMAGE = 0x18
SHARED = 0x02  # flag of a message that stands elsewhere
MAX_MESSAGES = 200_000

_OLD_PREFIX = struct.Struct("<I4x").unpack_from
_OLD_MESSAGE = struct.Struct("<HHB3x").unpack_from
_NEW_MESSAGE = struct.Struct("<BHB").unpack_from
_CHUNK_SIZE = {0: "<B", 1: "<H", 2: "<I", 3: "<Q"}

Message = tuple[int, int, int, int]  # flags, position, size, creation order


class Header:
    """The messages of one object: the first of each kind, and all links and attributes."""

    __slots__ = ("attributes", "first", "links")

    def __init__(self) -> None:
        self.first: dict[int, Message] = {}
        self.links: list[Message] = []
        self.attributes: list[Message] = []


def read_header(source: Source, address: int) -> Header:
    """All messages of the object at ``address``, in the order of the file."""
    position = source.at(address, "object header")
    buffer = source.window.buffer
    try:
        if buffer[position] == 1:
            size = _OLD_PREFIX(buffer, position + 8)[0]
            return _read_old(source, position + 16, size)
        if buffer[position : position + 4] == b"OHDR":
            return _read_new(source, position)
    except MALFORMED as error:
        source.malformed("object header", position, error)
    raise Hdf5Error(f"broken HDF5: no object header at byte {position - source.window.start}")


def _read_old(source: Source, start: int, size: int) -> Header:
    header = Header()
    first, links, attributes = header.first, header.links, header.attributes
    buffer, count, seen = source.window.buffer, 0, {start}
    blocks = [(start, start + size)]
    # As libhdf5 does: all of a block is messages, whatever count the prefix states.
    for at, end in blocks:
        if end > source.end:
            raise ValueError("a block of messages runs past the end of the file")
        while at + 8 <= end:
            kind, size, flags = _OLD_MESSAGE(buffer, at)
            at += 8
            count += 1
            if at + size > end or count > MAX_MESSAGES:
                raise ValueError("messages do not fit")
            if kind == CONTINUATION:
                blocks.append(_continuation(source, seen, *pair(buffer, at)))
            elif kind:
                message = (flags, at, size, count)
                if kind == ATTRIBUTE:
                    attributes.append(message)
                elif kind == LINK:
                    links.append(message)
                if kind not in first:
                    first[kind] = message
            at += size
    source.spend(count)
    return header


def _read_new(source: Source, start: int) -> Header:
    buffer = source.window.buffer
    version, flags = buffer[start + 4], buffer[start + 5]
    if version != 2:
        raise NotCovered(f"object header version {version} is not known")
    start += 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    size = struct.unpack_from(_CHUNK_SIZE[flags & 3], buffer, start)[0]
    prefix = 6 if flags & 4 else 4
    header, count, seen = Header(), 0, {start}
    blocks = [(start + width, start + width + size)]
    for at, end in blocks:
        if end > source.end:
            raise ValueError("a block of messages runs past the end of the file")
        while at + prefix <= end:  # what is shorter is a gap
            kind, size, message_flags = _NEW_MESSAGE(buffer, at)
            count += 1
            order = buffer[at + 4] | buffer[at + 5] << 8 if prefix == 6 else count
            at += prefix
            if at + size > end or count > MAX_MESSAGES:
                raise ValueError("messages do not fit")
            if kind == CONTINUATION:
                block, block_end = _continuation(source, seen, *pair(buffer, at))
                if buffer[block : block + 4] != b"OCHK":
                    raise ValueError("no continuation where one should be")
                blocks.append((block + 4, block_end - 4))
            elif kind:
                message = (message_flags, at, size, order)
                if kind == ATTRIBUTE:
                    header.attributes.append(message)
                elif kind == LINK:
                    header.links.append(message)
                header.first.setdefault(kind, message)
            at += size
    source.spend(count)
    return header


def _continuation(source: Source, seen: set[int], address: int, length: int) -> tuple[int, int]:
    start = source.extent(address, length, "object header continuation")
    if start in seen:
        raise ValueError("a continuation leads back to itself")
    seen.add(start)
    return start, start + length


def locate(source: Source, message: Message, kind: int) -> tuple[int, int]:
    """Position and size of a message's body, at the place that a shared one points to."""
    flags, position, size, _ = message
    if not flags & SHARED:
        return position, size
    buffer = source.window.buffer
    version, where = buffer[position], buffer[position + 1]
    if version > 3 or (version == 3 and where != 2) or (version == 2 and where == 1):
        raise NotCovered("shared object header messages")
    address = u64(buffer, position + (16 if version == 1 else 2))[0]
    flags, position, size, _ = read_header(source, address).first.get(kind, (SHARED, 0, 0, 0))
    if flags & SHARED:
        raise Hdf5Error(f"broken HDF5: a shared message leads to address {address:#x}, where there is none")
    return position, size
