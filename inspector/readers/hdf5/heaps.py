"""The heaps: local (names of old groups), global (strings of variable length), fractal (dense links, attributes)."""

from __future__ import annotations

import struct

from .source import MALFORMED, UNDEFINED, Source, pair, u16, u32, u64
from .trees import read_records
from .window import Hdf5Error, NotCovered

MAX_NAME_BYTES = 65_536
_REFERENCE = struct.Struct("<IQI").unpack_from  # length, collection, index
_GLOBAL_OBJECT = struct.Struct("<HHIQ").unpack_from


class LocalHeap:
    """The names of one old group: text that ends at NUL, addressed by its offset."""

    __slots__ = ("end", "source", "start")

    def __init__(self, source: Source, address: int) -> None:
        position = source.at(address, "local heap")
        buffer = source.window.buffer
        if buffer[position : position + 4] != b"HEAP":
            raise Hdf5Error(f"broken HDF5: no local heap at byte {position - source.window.start}")
        size, _, segment = struct.unpack_from("<QQQ", buffer, position + 8)
        self.source = source
        self.start = source.extent(segment, size, "local heap")
        self.end = self.start + size

    def text(self, offset: int) -> bytes:
        """The bytes from ``offset`` up to the next NUL."""
        start = self.start + offset
        end = self.source.window.buffer.find(b"\0", start, min(self.end, start + MAX_NAME_BYTES))
        if end < 0:
            raise Hdf5Error(f"broken HDF5: name without an end at byte {start - self.source.window.start}")
        self.source.charge(end - start)
        return self.source.window.buffer[start:end]


def read_variable(source: Source, position: int) -> str:
    """The string that the 16 bytes at ``position`` refer to; text that is not UTF-8 keeps its bytes as surrogates."""
    length, address, index = _REFERENCE(source.window.buffer, position)
    if length == 0 or address in (0, UNDEFINED):
        return ""
    objects = source.collections.get(address)
    if objects is None:
        objects = source.collections[address] = _read_collection(source, address)
    start, size = objects.get(index, (0, -1))
    if length > size:
        raise Hdf5Error(f"broken HDF5: no string {index} of {length} bytes in the global heap at address {address:#x}")
    source.charge(length)
    return source.window.buffer[start : start + length].decode("utf-8", "surrogateescape")


def _read_collection(source: Source, address: int) -> dict[int, tuple[int, int]]:
    """Position and size of each object of a global heap collection, by index."""
    position = source.at(address, "global heap")
    buffer = source.window.buffer
    objects: dict[int, tuple[int, int]] = {}
    try:
        if buffer[position : position + 4] != b"GCOL":
            raise ValueError("no global heap where one should be")
        size = u64(buffer, position + 8)[0]
        end = source.extent(address, size, "global heap") + size
        position += 16
        while position + 16 <= end:
            index, _, _, size = _GLOBAL_OBJECT(buffer, position)
            if index == 0:  # what is left is free
                break
            source.spend(1)
            position += 16
            if position + size > end:
                raise ValueError(f"object of {size} bytes does not fit")
            objects[index] = (position, size)
            position += size + -size % 8
    except MALFORMED as error:
        source.malformed("global heap", position, error)
    return objects


class FractalHeap:
    """Objects by heap ID. Managed ones lie in blocks of doubling size, huge ones by themselves, tiny ones in the ID."""

    __slots__ = (
        "direct_rows",
        "huge",
        "huge_tree",
        "length_bytes",
        "offset_bytes",
        "root",
        "rows",
        "source",
        "start_size",
        "width",
    )

    def __init__(self, source: Source, address: int) -> None:
        self.source = source
        position = source.at(address, "fractal heap")
        buffer = source.window.buffer
        if buffer[position : position + 5] != b"FRHP\0":
            raise Hdf5Error(f"broken HDF5: no fractal heap at byte {position - source.window.start}")
        if u16(buffer, position + 7)[0]:
            raise NotCovered("a fractal heap with filters")
        max_managed = u32(buffer, position + 10)[0]
        self.huge_tree = u64(buffer, position + 22)[0]
        self.width = u16(buffer, position + 110)[0]
        self.start_size, max_direct = pair(buffer, position + 112)
        max_bits = u16(buffer, position + 128)[0]
        self.root = u64(buffer, position + 132)[0]
        self.rows = u16(buffer, position + 140)[0]
        if not self.width or not self.start_size or max_direct < self.start_size or max_bits > 64:
            raise Hdf5Error(f"broken HDF5: fractal heap at byte {position - source.window.start}")
        self.offset_bytes = (max_bits + 7) // 8
        self.length_bytes = min(_width_of(max_direct), _width_of(max_managed))
        self.direct_rows = max_direct.bit_length() - self.start_size.bit_length() + 2
        self.huge: dict[int, tuple[int, int]] | None = None

    def locate(self, position: int, id_length: int) -> tuple[int, int]:
        """Position and size of the object whose heap ID stands at ``position``."""
        identifier = self.source.window.buffer[position : position + id_length]
        kind = identifier[0] >> 4 & 3
        if kind == 0:
            end = 1 + self.offset_bytes
            offset = int.from_bytes(identifier[1:end], "little")
            return self._managed(offset, int.from_bytes(identifier[end : end + self.length_bytes], "little"))
        if kind == 1:
            return self._huge(identifier)
        if kind == 2:
            raise NotCovered("objects within heap IDs")
        raise Hdf5Error(f"broken HDF5: heap ID at byte {position - self.source.window.start}")

    def _managed(self, offset: int, size: int) -> tuple[int, int]:
        source, buffer = self.source, self.source.window.buffer
        address, rows = self.root, self.rows
        head = 13 + self.offset_bytes  # signature, version, address of the heap, offset of the block
        while rows:
            source.spend(1)
            block = source.at(address, "fractal heap block")
            if buffer[block : block + 4] != b"FHIB":
                raise Hdf5Error(f"broken HDF5: no indirect block at byte {block - source.window.start}")
            row, column, inside, row_size = self._slot(offset)
            if row >= rows:
                raise Hdf5Error("broken HDF5: a heap ID beyond its heap")
            address = u64(buffer, block + head + 8 * (row * self.width + column))[0]
            offset = inside
            if row < self.direct_rows:
                break
            rows = row_size.bit_length() - (self.start_size * self.width).bit_length() + 1
        block = source.extent(address, offset + size, "fractal heap object")
        if buffer[block : block + 4] != b"FHDB":
            raise Hdf5Error(f"broken HDF5: no direct block at byte {block - source.window.start}")
        return block + offset, size

    def _slot(self, offset: int) -> tuple[int, int, int, int]:
        """Row and column of the block that holds ``offset``, the offset within it, and the block's size."""
        first_row = self.start_size * self.width
        row = max(0, offset.bit_length() - first_row.bit_length() + 1)
        size = self.start_size << max(0, row - 1)
        row_offset = first_row << (row - 1) if row else 0
        column, inside = divmod(offset - row_offset, size)
        return row, column, inside, size

    def _huge(self, identifier: bytes) -> tuple[int, int]:
        if len(identifier) >= 17:  # room for address and length themselves
            address, size = pair(identifier, 1)
        else:
            if self.huge is None:
                buffer, records = self.source.window.buffer, read_records(self.source, self.huge_tree, 1)
                self.huge = {u64(buffer, at + 16)[0]: pair(buffer, at) for at in records}
            number = int.from_bytes(identifier[1:], "little")
            if number not in self.huge:
                raise Hdf5Error(f"broken HDF5: no huge object {number} in its heap")
            address, size = self.huge[number]
        return self.source.extent(address, size, "heap object"), size


def _width_of(limit: int) -> int:
    """Bytes that hold numbers up to ``limit``, as libhdf5 counts them."""
    return (limit.bit_length() - 1) // 8 + 1
