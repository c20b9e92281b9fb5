"""Tensors that do not lie in one piece, as bytes: chunks put in order, compression undone, a band of rows at a time.

Only what h5py's own filters write is undone here, with zlib alone. What the built-in reader does not know of, newer
indices of chunks above all, is read as values by the bounded child process, up to a limit.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, NamedTuple

from ..errors import NotExtractable
from ..graph import Weight, flatten
from ..readers.archive import Range
from ..readers.hdf5 import Dataset, Group, Window, open_hdf5
from ..readers.hdf5.trees import read_leaves
from ..readers.stores import turn

DEFLATE, SHUFFLE, FLETCHER32 = 1, 2, 3
FILTERS = {DEFLATE: "deflate", SHUFFLE: "shuffle", FLETCHER32: "fletcher32", 4: "szip", 32000: "lzf"}
MAX_BAND = 256 << 20  # bytes of chunks side by side that are held at once
MAX_VALUES = 16 << 20  # bytes of a tensor that is read as values
CODES = {
    "float16": "e", "float32": "f", "float64": "d", "int8": "b", "int16": "h", "int32": "i", "int64": "q", "uint8": "B",
    "uint16": "H", "uint32": "I", "uint64": "Q", "bool": "?",
}  # fmt: skip
HINT = "load the model with Keras and save it again"
Offsets = tuple[int, ...]


class Chunk(NamedTuple):
    """Where a chunk lies in the file, how many bytes it has there, and which filters it was not put through."""

    position: int
    size: int
    skipped: int


def decode_blocks(source: Range, weight: Weight) -> Callable[[], Iterator[bytes]]:
    """A function that yields a tensor's bytes, little-endian and in order. Raises `NotExtractable` when it is made."""
    with Window(source.path, source.offset, source.size) as window:
        node = find_dataset(window, weight.path)
        unknown = [FILTERS.get(number, str(number)) for number in node.filters if number not in (1, 2, 3)]
        if unknown or node.external or node.layout == "virtual":
            what = f"with {' and '.join(unknown)}" if unknown else "in another file"
            raise NotExtractable(f"{weight.path!r} is stored {what}, which is not undone", hint=HINT)
        if node.layout != "chunked" or not node._layout.rank:
            data = pack_values(node, weight)
            return lambda: iter((data,))
        chunk_shape(node, read_chunks(node), weight)  # whether it can be done at all

    def blocks() -> Iterator[bytes]:
        with Window(source.path, source.offset, source.size) as window:
            node = find_dataset(window, weight.path)
            chunks = read_chunks(node)
            yield from decode_bands(node, chunks, chunk_shape(node, chunks, weight), weight)

    return blocks


def find_dataset(window: Window, path: str) -> Dataset:
    node: Any = open_hdf5(window).root
    for part in path.split("/"):
        node = node.children.get(part) if isinstance(node, Group) else None
    if not isinstance(node, Dataset):
        raise NotExtractable(f"{path!r} is no tensor of the file")
    return node


def pack_values(node: Dataset, weight: Weight) -> bytes:
    """The bytes of a small tensor, from its values."""
    if weight.nbytes > MAX_VALUES or weight.dtype not in CODES:
        raise NotExtractable(f"{weight.path!r} is stored in a form that is read up to {MAX_VALUES >> 20} MB alone",
                             hint=HINT)  # fmt: skip
    values = flatten(node.read_small(MAX_VALUES))
    return struct.pack(f"<{len(values)}{CODES[weight.dtype]}", *values)


def read_chunks(node: Dataset) -> dict[Offsets, Chunk]:
    """The chunks by the index of their first element."""
    source, layout = node._source, node._layout
    found: dict[Offsets, Chunk] = {}
    rank = layout.rank - 1  # the last dimension is the bytes of an element
    for key, address in read_leaves(source, layout.address, 1, 8 + 8 * layout.rank):
        size, skipped = struct.unpack_from("<II", source.window.buffer, key)
        offsets = struct.unpack_from(f"<{rank}Q", source.window.buffer, key + 8)
        position = source.extent(address, size, "chunk")
        found[offsets] = Chunk(position, size, skipped)
    return found


def chunk_shape(node: Dataset, chunks: dict[Offsets, Chunk], weight: Weight) -> tuple[int, ...]:
    """The shape of every chunk, as their places tell it. Raises `NotExtractable` where some are missing."""
    shape = []
    for axis, dim in enumerate(node.shape):
        starts = sorted({offsets[axis] for offsets in chunks})
        shape.append(starts[1] if len(starts) > 1 else dim)
    count = size_of(-(-dim // step) for dim, step in zip(node.shape, shape, strict=True))
    expected = product(*(range(0, dim, step) for dim, step in zip(node.shape, shape, strict=True)))
    if count == len(chunks) and all(map(chunks.__contains__, expected)):
        return tuple(shape)
    raise NotExtractable(f"{weight.path!r} is stored in pieces, and not all of them are there", hint=HINT)


def size_of(shape: Any) -> int:
    total = 1
    for dim in shape:
        total *= dim
    return total


def decode_bands(node: Dataset, chunks: dict[Offsets, Chunk], step: tuple[int, ...], weight: Weight) -> Iterator[bytes]:
    """The rows of one row of chunks after the other."""
    row = size_of(node.shape[1:]) * node.itemsize
    if row * step[0] > MAX_BAND:
        raise NotExtractable(f"{weight.path!r} is stored in pieces that are too large to be put in order", hint=HINT)
    for start in range(0, node.shape[0], step[0]):
        rows = min(step[0], node.shape[0] - start)
        band = bytearray(rows * row)
        for offsets in (place for place in chunks if place[0] == start):
            data = undo_filters(node, chunks[offsets], size_of(step) * node.itemsize, weight)
            place_chunk(band, data, offsets, step, node)
        whole = memoryview(band)
        yield turn(whole, node.itemsize) if node.byteorder == ">" and node.itemsize > 1 else bytes(whole)


def undo_filters(node: Dataset, chunk: Chunk, nbytes: int, weight: Weight) -> bytes:
    """The bytes of a chunk, which must be as many as its shape asks for."""
    buffer = node._source.window.buffer
    data = bytes(buffer[chunk.position : chunk.position + chunk.size])
    for place, number in reversed(list(enumerate(node.filters))):
        if chunk.skipped >> place & 1:
            continue
        if number == DEFLATE:
            try:
                data = zlib.decompressobj().decompress(data, nbytes + 5)  # and the checksum, where there is one
            except zlib.error:
                raise NotExtractable(f"a piece of {weight.path!r} is broken") from None
        elif number == SHUFFLE:
            data = unshuffle(data, node.itemsize)
        else:
            data = data[:-4]
    if len(data) != nbytes:
        raise NotExtractable(f"a piece of {weight.path!r} has {len(data)} bytes, and not {nbytes}")
    return data


def unshuffle(data: bytes, width: int) -> bytes:
    """First all first bytes, then all second ones: element by element again."""
    count = len(data) // width
    made = bytearray(data)
    for byte in range(width):
        made[byte : count * width : width] = data[byte * count : (byte + 1) * count]
    return bytes(made)


def place_chunk(band: bytearray, data: bytes, offsets: Offsets, step: tuple[int, ...], node: Dataset) -> None:
    """Copy the runs of a chunk along the last axis to their places; what hangs over the tensor's edge is left out."""
    width = node.itemsize
    inside = [min(size, dim - at) for size, dim, at in zip(step, node.shape, offsets, strict=True)]
    strides, chunk_strides = [width], [width]
    for dim, size in zip(reversed(node.shape[1:]), reversed(step[1:]), strict=True):
        strides.insert(0, strides[0] * dim)
        chunk_strides.insert(0, chunk_strides[0] * size)
    run = inside[-1] * width
    for index in product(*map(range, inside[:-1])):
        source = sum(i * stride for i, stride in zip(index, chunk_strides, strict=False))
        at = [offsets[axis] if axis else 0 for axis in range(len(step))]
        target = sum((i + o) * stride for i, o, stride in zip((*index, 0), at, strides, strict=True))
        band[target : target + run] = data[source : source + run]
