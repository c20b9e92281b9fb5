"""HDF5 files written without libhdf5, in the layout that Keras's own files have.

Superblock 0, groups as symbol tables, contiguous datasets, attributes in object headers; names of structures and
fields are those of the HDF5 File Format Specification, version 3.0. All metadata come first and the data of every
dataset behind them in order, so a file is written front to back into anything that takes bytes. Why not h5py: it
cannot write into an archive that is open for writing, it would hold whole tensors in memory, and it takes 63 ms.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import NamedTuple

from ..errors import KinspectError

UNDEFINED = b"\xff" * 8
LEAF, INTERNAL = 4, 16  # symbols in a leaf of a group's tree and children of a node, each times two
DATASPACE, DATATYPE, FILL_VALUE, LAYOUT, ATTRIBUTE, SYMBOL_TABLE = 0x01, 0x03, 0x05, 0x08, 0x0C, 0x11
MAX_MESSAGE = 64_512  # of an attribute, as in Keras; HDF5 itself ends at 65,535
MAX_HEAP = 1 << 15
BFLOAT16 = "bfloat16"
FLOATS = {2: (15, 10, 5, 10, 15), 4: (31, 23, 8, 23, 127), 8: (63, 52, 11, 52, 1023)}
INTEGERS = {
    "int8": (1, 1), "int16": (2, 1), "int32": (4, 1), "int64": (8, 1),
    "uint8": (1, 0), "uint16": (2, 0), "uint32": (4, 0), "uint64": (8, 0),
}  # fmt: skip

Attribute = str | list[str]


class Dataset(NamedTuple):
    """A tensor to be written: ``blocks`` yields its ``nbytes`` little-endian bytes when it is its turn."""

    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    blocks: Callable[[], Iterable[bytes | memoryview]]

    @property
    def itemsize(self) -> int:
        """Bytes of one element; 0 where there is none."""
        return self.nbytes // prod(self.shape) if self.nbytes else 0


class Group:
    """A group to be written: children by name, and attributes that are a text or a list of names."""

    def __init__(self, attributes: Mapping[str, Attribute] | None = None) -> None:
        self.children: dict[str, Group | Dataset] = {}
        self.attributes: dict[str, Attribute] = dict(attributes or {})

    def group(self, path: str) -> Group:
        """The group at a path below, made where it is not there yet."""
        found = self
        for part in path.split("/") if path else ():
            child = found.children.setdefault(part, Group())
            if not isinstance(child, Group):
                raise KinspectError(f"{path!r} is a group and a dataset at once")
            found = child
        return found


class Layout(NamedTuple):
    """The metadata of a file, the datasets whose bytes follow in this order, and the size of the whole."""

    metadata: bytes
    datasets: tuple[Dataset, ...]
    size: int


def lay_out(root: Group) -> Layout:
    """Place everything in a file. Raises `KinspectError` for a dtype or a name that has no place in one."""
    return Writer().write(root)


def write_hdf5(layout: Layout, write: Callable[[bytes | memoryview], object]) -> None:
    """Write the file front to back; only one block of one tensor is held at a time."""
    write(layout.metadata)
    for dataset in layout.datasets:
        for block in dataset.blocks():
            write(block)
        if padding := -dataset.nbytes % 8:
            write(bytes(padding))


class Writer:
    """The metadata as they grow, and the places in them that wait for an address."""

    def __init__(self) -> None:
        self.out = bytearray(96)
        self.datasets: list[Dataset] = []
        self.data_size = 0
        self.waiting: list[
            tuple[int, int]
        ] = []  # where the address of data goes, and its distance from the data's start
        self.texts: dict[str, tuple[int, int]] = {}  # where each text lies: the address of a heap, and its number there

    def write(self, root: Group) -> Layout:
        order = [root]
        for group in order:  # children before their parents: an object's address must be known where it is named
            order.extend(child for child in group.children.values() if isinstance(child, Group))
        self.add_texts({value for group in order for value in group.attributes.values() if isinstance(value, str)})
        addresses: dict[int, tuple[int, bytes]] = {}
        for group in reversed(order):
            addresses[id(group)] = self.add_group(group, addresses)
        metadata_size = len(self.out)
        for position, distance in self.waiting:
            struct.pack_into("<Q", self.out, position, metadata_size + distance)
        size = metadata_size + self.data_size
        head = b"\x89HDF\r\n\x1a\n" + struct.pack("<8BHHI", 0, 0, 0, 0, 0, 8, 8, 0, LEAF, INTERNAL, 0)
        address, scratch = addresses[id(root)]
        entry = struct.pack("<QQII", 0, address, 1, 0) + scratch
        self.out[:96] = head + struct.pack("<Q8sQ8s", 0, UNDEFINED, size, UNDEFINED) + entry
        return Layout(bytes(self.out), tuple(self.datasets), size)

    def add(self, data: bytes) -> int:
        """Append a structure, padded to eight bytes: its address."""
        address = len(self.out)
        self.out += data + bytes(-len(data) % 8)
        return address

    def add_texts(self, texts: set[str]) -> None:
        """Texts of attributes go to heaps of their own: a header has no room for a long one."""
        objects: list[tuple[str, bytes]] = []
        size = 0
        for text in [*sorted(texts), BFLOAT16]:
            data = text.encode()
            objects.append(
                (text, struct.pack("<HHIQ", len(objects) + 1, 1, 0, len(data)) + data + bytes(-len(data) % 8))
            )
            size += len(objects[-1][1])
            if size > MAX_HEAP:
                self.add_heap(objects)
                objects, size = [], 0
        self.add_heap(objects)

    def add_heap(self, objects: list[tuple[str, bytes]]) -> None:
        body = b"".join(data for _, data in objects)
        size = max(4096, 32 + len(body))
        rest = size - 16 - len(body)
        heap = self.add(
            b"GCOL" + struct.pack("<B3xQ", 1, size) + body + struct.pack("<HHIQ", 0, 0, 0, rest) + bytes(rest - 16)
        )
        self.texts |= {text: (heap, number) for number, (text, _) in enumerate(objects, 1)}

    def add_group(self, group: Group, addresses: Mapping[int, tuple[int, bytes]]) -> tuple[int, bytes]:
        """A group whose children groups are there already: its header's address, and its symbol table's scratch."""
        heap, offsets = bytearray(8), []
        entries = []
        for name in sorted(group.children, key=str.encode):
            child = group.children[name]
            offsets.append(len(heap))
            text = checked(name)
            heap += text + bytes(8 - len(text) % 8)
            if isinstance(child, Group):
                address, scratch = addresses[id(child)]
                entries.append(struct.pack("<QQII", offsets[-1], address, 1, 0) + scratch)
            else:
                entries.append(struct.pack("<QQII16x", offsets[-1], self.add_dataset(child), 0, 0))
        data_address = self.add(bytes(heap))
        heap_address = self.add(b"HEAP" + struct.pack("<B3xQQQ", 0, len(heap), 1, data_address))
        tree_address = self.add_tree(entries, offsets)
        scratch = struct.pack("<QQ", tree_address, heap_address)
        messages = [(SYMBOL_TABLE, scratch)]
        messages += [(ATTRIBUTE, self.attribute(name, value)) for name, value in group.attributes.items()]
        return self.add(header(messages)), scratch

    def add_tree(self, entries: list[bytes], offsets: list[int]) -> int:
        """The B-tree over a group's symbols, leaves first: the address of its top node."""
        level: list[tuple[int, int]] = []  # address, and the heap offset of the last name below it
        for start in range(0, len(entries), 2 * LEAF):
            part = entries[start : start + 2 * LEAF]
            leaf = b"SNOD" + struct.pack("<BxH", 1, len(part)) + b"".join(part) + bytes(40 * (2 * LEAF - len(part)))
            level.append((self.add(leaf), offsets[start + len(part) - 1]))
        height = 0
        while True:
            nodes = [level[start : start + 2 * INTERNAL] for start in range(0, len(level), 2 * INTERNAL)] or [[]]
            level = self.add_nodes(nodes, height)
            if len(level) == 1:
                return level[0][0]
            height += 1

    def add_nodes(self, nodes: list[list[tuple[int, int]]], height: int) -> list[tuple[int, int]]:
        """One level of the tree; its nodes stand one behind the other and name their neighbours."""
        size = 24 + 16 * 2 * INTERNAL + 8
        base, first, made = len(self.out), 0, []
        for index, children in enumerate(nodes):
            left = struct.pack("<Q", base + (index - 1) * size) if index else UNDEFINED
            right = struct.pack("<Q", base + (index + 1) * size) if index + 1 < len(nodes) else UNDEFINED
            node = b"TREE" + struct.pack("<BBH", 0, height, len(children)) + left + right + struct.pack("<Q", first)
            for address, last in children:
                node += struct.pack("<QQ", address, last)
                first = last
            made.append((self.add(node + bytes(size - len(node))), first))
        return made

    def add_dataset(self, dataset: Dataset) -> int:
        """A dataset's header; the address of its data waits until all metadata are there."""
        messages = [
            (DATASPACE, dataspace(dataset.shape)), (DATATYPE, encode_datatype(dataset.dtype, dataset.itemsize)),
            (FILL_VALUE, struct.pack("<4BI", 2, 2, 2, 1, 0)),
            (LAYOUT, struct.pack("<BB8sQ", 3, 1, UNDEFINED, dataset.nbytes)),
        ]  # fmt: skip
        if dataset.dtype == BFLOAT16:
            messages.append((ATTRIBUTE, self.attribute("dtype", BFLOAT16)))
        address = self.add(header(messages))
        if dataset.nbytes:
            position = address + 16 + sum(8 + padded(len(data)) for _, data in messages[:3]) + 8 + 2
            self.waiting.append((position, self.data_size))
            self.datasets.append(dataset)
            self.data_size += padded(dataset.nbytes)
        return address

    def attribute(self, name: str, value: Attribute) -> bytes:
        """An attribute message: a text, which lies in a heap, or a list of names of one width."""
        if isinstance(value, str):
            datatype = struct.pack("<B3BI", 0x19, 1, 1, 0, 16) + struct.pack("<B3BI", 0x13, 0x10, 0, 0, 1)
            return message_of(
                name, datatype, dataspace(()), struct.pack("<IQI", len(value.encode()), *self.texts[value])
            )
        texts = [text.encode() for text in value]
        width = max(map(len, texts), default=0) or 1
        datatype = struct.pack("<B3BI", 0x13, 0x11, 0, 0, width)
        data = b"".join(text.ljust(width, b"\0") for text in texts)
        if len(data) > MAX_MESSAGE:
            raise KinspectError(f"the attribute {name!r} is too long for HDF5")
        return message_of(name, datatype, dataspace((len(texts),)), data)


def message_of(name: str, datatype: bytes, space: bytes, data: bytes) -> bytes:
    text = name.encode() + b"\0"
    parts = (text, datatype, space)
    return struct.pack("<BxHHH", 1, *map(len, parts)) + b"".join(part + bytes(-len(part) % 8) for part in parts) + data


def header(messages: list[tuple[int, bytes]]) -> bytes:
    """A version 1 object header."""
    body = b"".join(
        struct.pack("<HHB3x", kind, padded(len(data)), 0) + data + bytes(-len(data) % 8) for kind, data in messages
    )
    return struct.pack("<BxHII4x", 1, len(messages), 1, len(body)) + body


def dataspace(shape: tuple[int, ...]) -> bytes:
    return struct.pack("<BBB5x", 1, len(shape), 0) + b"".join(struct.pack("<Q", dim) for dim in shape)


def encode_datatype(dtype: str, itemsize: int = 0) -> bytes:
    """The datatype message of a dtype of Keras, as h5py writes it. Raises `KinspectError` for another one.

    Opaque elements are copied as such: legacy files of Keras hold bfloat16 so, and do not say what it is.
    """
    if dtype in INTEGERS:
        size, signed = INTEGERS[dtype]
        return struct.pack("<B3BIHH", 0x10, 8 * signed, 0, 0, size, 0, 8 * size)
    if dtype in ("float16", "float32", "float64"):
        size = int(dtype[5:]) // 8
        sign, exponent_at, exponent, mantissa, bias = FLOATS[size]
        head = struct.pack("<B3BI", 0x11, 0x20, sign, 0, size)
        return head + struct.pack("<HHBBBBI", 0, 8 * size, exponent_at, exponent, 0, mantissa, bias)
    if dtype == "bool":  # h5py's: an enumeration of int8
        base = encode_datatype("int8")
        return struct.pack("<B3BI", 0x18, 2, 0, 0, 1) + base + b"FALSE\0\0\0TRUE\0\0\0\0\0\1"
    if dtype == BFLOAT16:  # h5py's: two opaque bytes, and Keras says in an attribute what they are
        return struct.pack("<B3BI", 0x15, 0, 0, 0, 2)
    if dtype == "opaque" and itemsize:
        return struct.pack("<B3BI", 0x15, 0, 0, 0, itemsize)
    raise KinspectError(f"weights of dtype {dtype!r} are not written")


def checked(name: str) -> bytes:
    data = name.encode()
    if not data or b"\0" in data or "/" in name or name == ".":
        raise KinspectError(f"HDF5 holds nothing named {name!r}")
    return data


def padded(size: int) -> int:
    return size + -size % 8
