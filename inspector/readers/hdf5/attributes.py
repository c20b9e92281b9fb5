"""Attributes of a group or dataset: names at once, values when asked for."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any

from .datatypes import Datatype, Shape, decode, read_dataspace, read_datatype
from .headers import ATTRIBUTE_INFO, DATATYPE, SHARED, Header, Message, locate
from .heaps import FractalHeap
from .source import MALFORMED, UNDEFINED, Source, u32, u64
from .trees import read_records
from .window import Hdf5Error, NotCovered

_HEAD = struct.Struct("<BBHHH").unpack_from
_TRACKED = 1  # flag of the attribute info message: creation order is kept
_DENSE_RECORD, _DENSE_ID = 8, 8  # type of the B-tree by name, bytes of a heap ID


class _Attribute:
    """Where the parts of one attribute message stand; they are decoded when the value is asked for."""

    __slots__ = ("end", "flags", "name", "order", "parts")

    def __init__(self, source: Source, position: int, size: int, order: int) -> None:
        buffer = source.window.buffer
        version, flags, name_size, type_size, space_size = _HEAD(buffer, position)
        if version not in (1, 2, 3):
            raise NotCovered(f"attribute version {version} is not known")
        start = position + (9 if version == 3 else 8)
        sizes = [n + -n % 8 if version == 1 else n for n in (name_size, type_size, space_size)]
        self.flags = 0 if version == 1 else flags
        self.end = position + size
        self.order = order
        type_at = start + sizes[0]
        space_at = type_at + sizes[1]
        self.parts = (type_at, type_size, space_at, space_size, space_at + sizes[2])
        if self.parts[-1] > self.end:
            raise ValueError("attribute does not fit its message")
        raw = buffer[start : start + name_size].partition(b"\0")[0]
        source.charge(len(raw))
        self.name = raw.decode("utf-8", "surrogateescape")

    def value(self, source: Source) -> Any:
        type_at, type_size, space_at, space_size, data = self.parts
        if self.flags & 2:
            raise NotCovered("attributes with a shared dataspace")
        datatype, shape = _type_and_shape(source, self.flags, type_at, type_size, space_at, space_size)
        return decode(source, datatype, shape, data, self.end - data)


def _type_and_shape(
    source: Source, flags: int, type_at: int, type_size: int, space_at: int, space_size: int
) -> tuple[Datatype, Shape | None]:
    if flags & 1:
        type_at, type_size = locate(source, (SHARED, type_at, type_size, 0), DATATYPE)
    return read_datatype(source, type_at, type_size), read_dataspace(source, space_at, space_size)


class Attributes(Mapping[str, Any]):
    """Name → value, in h5py's order: by creation where the file keeps it, else by name.

    Values are int, float, bool, bytes (fixed strings), str (strings of variable length), None (empty), nested lists of
    these, or ``Undecoded``. Looking one up raises ``Hdf5Error`` when its bytes are broken.
    """

    __slots__ = ("_found", "_path", "_source", "_values")

    def __init__(self, source: Source, path: str, header: Header) -> None:
        self._source = source
        self._path = path
        self._values: dict[str, Any] = {}
        self._found: dict[str, _Attribute | None] = {}
        if header.attributes or ATTRIBUTE_INFO in header.first:
            try:
                self._found = _find(source, header)
            except NotCovered as reason:
                self._values = dict(source.recover(reason).attributes(path))
                self._found = dict.fromkeys(self._values)

    def __getitem__(self, name: str) -> Any:
        attribute = self._found[name]
        if name not in self._values and attribute is not None:
            try:
                self._values[name] = attribute.value(self._source)
            except NotCovered as reason:
                found = self._source.recover(reason).attributes(self._path)
                if name not in found:
                    raise
                self._values[name] = found[name]
            except MALFORMED as error:
                self._source.malformed(f"attribute {name!r}", attribute.parts[0], error)
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        return name in self._found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _find(source: Source, header: Header) -> dict[str, _Attribute | None]:
    dense: list[Message] = []
    tracked = False
    try:
        info = header.first.get(ATTRIBUTE_INFO)
        if info is not None:
            dense, tracked = _find_dense(source, info[1])
        found = []
        for flags, position, size, order in header.attributes + dense:
            if flags & SHARED:
                raise NotCovered("shared attributes")
            found.append(_Attribute(source, position, size, order))
    except MALFORMED as error:
        source.malformed("attribute", header.first.get(ATTRIBUTE_INFO, (0, source.origin))[1], error)
    if tracked:
        found.sort(key=lambda attribute: attribute.order)
    else:
        found.sort(key=lambda attribute: attribute.name.encode("utf-8", "surrogateescape"))
    names: dict[str, _Attribute | None] = {}
    for attribute in found:
        if attribute.name in names:
            raise Hdf5Error(f"broken HDF5: two attributes of the name {attribute.name[:100]!r}")
        names[attribute.name] = attribute
    return names


def _find_dense(source: Source, position: int) -> tuple[list[Message], bool]:
    """The messages that a fractal heap holds, and whether creation order counts."""
    buffer = source.window.buffer
    version, flags = buffer[position], buffer[position + 1]
    if version != 0:
        raise NotCovered(f"attribute info version {version} is not known")
    start = position + (4 if flags & _TRACKED else 2)
    heap_address, tree = u64(buffer, start)[0], u64(buffer, start + 8)[0]
    messages: list[Message] = []
    if heap_address != UNDEFINED:
        heap = FractalHeap(source, heap_address)
        for record in read_records(source, tree, _DENSE_RECORD):
            at, size = heap.locate(record, _DENSE_ID)
            messages.append((buffer[record + _DENSE_ID], at, size, u32(buffer, record + _DENSE_ID + 1)[0]))
    return messages, bool(flags & _TRACKED)
