"""B-trees: version 1 of old groups and of chunks, version 2 of dense links, attributes and huge objects."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from .source import MALFORMED, UNDEFINED, Source, u16, u32, u64
from .window import Hdf5Error

MAX_DEPTH = 64
_NODE_V2 = 10  # signature, version, type and checksum


def read_leaves(source: Source, address: int, kind: int, key_size: int) -> Iterator[tuple[int, int]]:
    """Position of the key and address of the child of every leaf entry of a version 1 B-tree, left to right.

    ``kind`` is 0 for groups, 1 for chunks. Levels must fall by one on the way down, so there is no way round.
    """
    if address == UNDEFINED:
        return
    buffer, stride = source.window.buffer, key_size + 8
    stack = [(address, -1)]
    while stack:
        address, expected = stack.pop()
        node = source.at(address, "B-tree node")
        try:
            if buffer[node : node + 4] != b"TREE" or buffer[node + 4] != kind:
                raise ValueError("no B-tree node where one should be")
            level, used = buffer[node + 5], u16(buffer, node + 6)[0]
            if level != expected and (expected >= 0 or level > MAX_DEPTH):
                raise ValueError(f"level {level} of a B-tree where {expected} is due")
            source.spend(used + 1)
            entries = [
                (at, u64(buffer, at + key_size)[0]) for at in range(node + 24, node + 24 + used * stride, stride)
            ]
        except MALFORMED as error:
            source.malformed("B-tree", node, error)
        if level:
            stack.extend((child, level - 1) for _, child in reversed(entries))
        else:
            yield from entries


def read_records(source: Source, address: int, kind: int) -> list[int]:
    """Positions of all records of the version 2 B-tree of type ``kind`` at ``address``, in no order."""
    position = source.at(address, "B-tree")
    try:
        return _read_records(source, position, kind)
    except MALFORMED as error:
        source.malformed("B-tree", position, error)


def _read_records(source: Source, position: int, kind: int) -> list[int]:
    buffer = source.window.buffer
    if buffer[position : position + 6] != bytes((*b"BTHD", 0, kind)):
        raise ValueError("no B-tree where one should be")
    node_size, record_size, depth = struct.unpack_from("<IHH", buffer, position + 6)
    root, count = struct.unpack_from("<QH", buffer, position + 16)
    if not record_size or node_size < _NODE_V2 + record_size or depth > MAX_DEPTH:
        raise ValueError("node and record sizes do not fit")
    pointers = _pointer_widths(node_size, record_size, depth)
    positions: list[int] = []
    stack = [(root, count, depth)] if count or depth else []
    while stack:
        address, count, level = stack.pop()
        source.spend(count + 1)
        size = 6 + count * record_size + ((count + 1) * (8 + sum(pointers[level])) if level else 0)
        node = source.extent(address, size, "B-tree node")
        if buffer[node : node + 4] != (b"BTIN" if level else b"BTLF") or buffer[node + 5] != kind:
            raise ValueError("no B-tree node where one should be")
        node += 6
        end = node + count * record_size
        positions.extend(range(node, end, record_size))
        if level:
            width, total_width = pointers[level]
            for at in range(end, end + (count + 1) * (8 + width + total_width), 8 + width + total_width):
                child_count = int.from_bytes(buffer[at + 8 : at + 8 + width], "little")
                stack.append((u64(buffer, at)[0], child_count, level - 1))
    return positions


def _pointer_widths(node_size: int, record_size: int, depth: int) -> list[tuple[int, int]]:
    """Bytes of the two counts that follow a child's address, by level: records in the child, and below it in all."""
    most = (node_size - _NODE_V2) // record_size
    count_width = _width_of(most)
    widths, total, total_width = [(0, 0)], most, 0
    for _ in range(depth):
        widths.append((count_width, total_width))
        pointer = 8 + count_width + total_width
        most = (node_size - _NODE_V2 - pointer) // (record_size + pointer)
        if most < 1:
            raise ValueError("node and record sizes do not fit")
        total = (most + 1) * total + most
        total_width = _width_of(total)
    return widths


def _width_of(limit: int) -> int:
    return (limit.bit_length() - 1) // 8 + 1


def stored_chunk_bytes(source: Source, address: int, rank: int) -> int:
    """Bytes of all chunks of a version 1 index. ``rank`` counts the size of an element as one more dimension."""
    try:
        return sum(u32(source.window.buffer, key)[0] for key, _ in read_leaves(source, address, 1, 8 + 8 * rank))
    except MALFORMED as error:
        raise Hdf5Error(f"broken HDF5: index of chunks: {error}") from None
