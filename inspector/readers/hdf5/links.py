"""The links of a group: symbol tables of old groups, link messages of new ones, in the header or in a fractal heap."""

from __future__ import annotations

import struct

from .headers import LINK_INFO, SYMBOL_TABLE, Header
from .heaps import MAX_NAME_BYTES, FractalHeap, LocalHeap
from .source import MALFORMED, UNDEFINED, Source, pair, u16, u32, u64
from .trees import read_leaves, read_records
from .window import NotCovered

_ENTRY = struct.Struct("<QQI").unpack_from  # name, address of the object, kind of cache
_SOFT = 2  # kind of cache of a soft link in a symbol table
_LENGTHS = ("<B", "<H", "<I", "<Q")
_DENSE_RECORD, _DENSE_ID = 5, 7  # type of the B-tree by name, bytes of a heap ID


class Link:
    """A link that is not followed: ``kind`` is soft, external, user, or hard (a group that was walked already).

    ``target`` is the path that it names, ``file:path`` for an external one, the link class for a user-defined one.
    """

    __slots__ = ("kind", "path", "target")

    def __init__(self, path: str, kind: str, target: str) -> None:
        self.path = path
        self.kind = kind
        self.target = target

    def __repr__(self) -> str:
        return f"Link({self.path!r}, {self.kind!r}, {self.target!r})"


Target = int | tuple[str, str]  # address of an object, or kind and target of a link


def read_links(source: Source, header: Header) -> dict[str, Target]:
    """Name → target of all links of a group, in h5py's order: by creation where the file keeps it, else by name."""
    position = source.origin
    try:
        table = header.first.get(SYMBOL_TABLE)
        if table is not None:
            position = table[1]
            return _read_symbol_table(source, *pair(source.window.buffer, position))
        info = header.first.get(LINK_INFO)
        position = info[1] if info else position
        return _read_link_messages(source, header, position if info else None)
    except MALFORMED as error:
        source.malformed("group", position, error)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _read_symbol_table(source: Source, tree: int, heap_address: int) -> dict[str, Target]:
    buffer, heap = source.window.buffer, LocalHeap(source, heap_address)
    links: dict[str, Target] = {}
    for _, address in read_leaves(source, tree, 0, 8):
        node = source.at(address, "symbol table node")
        if buffer[node : node + 4] != b"SNOD":
            raise ValueError("no symbol table node where one should be")
        count = u16(buffer, node + 6)[0]
        source.spend(count + 1)
        for at in range(node + 8, node + 8 + 40 * count, 40):
            name, target, cache = _ENTRY(buffer, at)
            link: Target = ("soft", _text(heap.text(u32(buffer, at + 24)[0]))) if cache == _SOFT else target
            _add(links, heap.text(name), link)
    return links


def _read_link_messages(source: Source, header: Header, info: int | None) -> dict[str, Target]:
    buffer, tracked = source.window.buffer, False
    places = [(position, size) for _, position, size, _ in header.links]
    if info is not None:
        if buffer[info] != 0:
            raise NotCovered(f"link info version {buffer[info]} is not known")
        tracked = bool(buffer[info + 1] & 1)
        heap_address, tree = pair(buffer, info + (10 if tracked else 2))
        if heap_address != UNDEFINED:
            heap = FractalHeap(source, heap_address)
            places.extend(heap.locate(record + 4, _DENSE_ID) for record in read_records(source, tree, _DENSE_RECORD))
    source.spend(len(places))
    found = [_read_link(source, *place) for place in places]
    found.sort(key=(lambda link: link[:1]) if tracked else (lambda link: link[1:2]))
    links: dict[str, Target] = {}
    for _, name, target in found:
        _add(links, name, target)
    return links


def _add(links: dict[str, Target], name: bytes, target: Target) -> None:
    """Refuse what libhdf5 never writes, and could not find again by the path that we would state."""
    text = _text(name)
    if not name or b"/" in name or b"\0" in name or text in links:
        raise ValueError(f"a link with the name {text[:100]!r}, which cannot be or is taken")
    links[text] = target


def _read_link(source: Source, position: int, size: int) -> tuple[int, bytes, Target]:
    """Creation order (0 if not kept), name and target of the link message at ``position``."""
    buffer, end = source.window.buffer, position + size
    if buffer[position] != 1:
        raise NotCovered(f"link version {buffer[position]} is not known")
    flags, at, kind, order = buffer[position + 1], position + 2, 0, 0
    if flags & 8:
        kind = buffer[at]
        at += 1
    if flags & 4:
        order = u64(buffer, at)[0]
        at += 8
    at += 1 if flags & 16 else 0
    length = struct.unpack_from(_LENGTHS[flags & 3], buffer, at)[0]
    at += 1 << (flags & 3)
    name, at = buffer[at : at + length], at + length
    if length > MAX_NAME_BYTES or at > end:
        raise ValueError("a name that does not fit")
    source.charge(size)
    if kind == 0:
        return order, name, u64(buffer, at)[0]
    value = buffer[at + 2 : min(end, at + 2 + u16(buffer, at)[0])]
    if kind == 1:
        return order, name, ("soft", _text(value))
    if kind == 64:
        file, _, path = value[1:].partition(b"\0")
        return order, name, ("external", f"{_text(file)}:{_text(path.rstrip(bytes(1)))}")
    return order, name, ("user", f"link class {kind}")
