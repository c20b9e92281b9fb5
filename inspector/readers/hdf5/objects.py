"""What an HDF5 file consists of: groups, datasets, named datatypes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .attributes import Attributes
from .datatypes import Datatype, Shape, decode, element_count, read_dataspace, read_datatype
from .headers import (
    DATASPACE,
    DATATYPE,
    EXTERNAL_FILES,
    FILTERS,
    LAYOUT,
    LINK_INFO,
    SHARED,
    SYMBOL_TABLE,
    Header,
    locate,
    read_header,
)
from .layouts import Layout, read_external_files, read_filters, read_layout
from .links import Link, Target, read_links
from .source import MALFORMED, UNDEFINED, Source
from .window import Hdf5Error, NotCovered

SMALL = 65_536


class Spot(NamedTuple):
    """Where an object stands: its file, its path there, and the address of its header, which was read."""

    source: Source
    path: str
    address: int
    header: Header


class _Object:
    """What groups, datasets and named datatypes share: a path, and attributes that are read when asked for."""

    __slots__ = ("_attributes", "_header", "_source", "address", "path")

    def __init__(self, spot: Spot, attributes: Mapping[str, Any] | None = None) -> None:
        self._source, self.path, self.address, self._header = spot
        self._attributes = attributes

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Name → Python value, read when asked for; see ``Attributes``."""
        if self._attributes is None:
            self._attributes = Attributes(self._source, self.path, self._header)
        return self._attributes


class Group(_Object):
    """A group: ``children`` by name, ``attributes`` by name. The root's path is empty."""

    __slots__ = ("_children",)

    def __init__(
        self, spot: Spot, attributes: Mapping[str, Any] | None = None, children: Mapping[str, Node] | None = None
    ) -> None:
        super().__init__(spot, attributes)
        self._children = children

    @property
    def children(self) -> Mapping[str, Node]:
        """Name → object, each read when asked for, in h5py's order: by creation where tracked, else by name."""
        if self._children is None:
            self._children = Children(self._source, self.path, self._header)
        return self._children


class NamedType(_Object):
    """A datatype that was committed to the file under a name."""

    __slots__ = ("dtype",)

    def __init__(self, spot: Spot, dtype: str, attributes: Mapping[str, Any] | None = None) -> None:
        super().__init__(spot, attributes)
        self.dtype = dtype


class Dataset(_Object):
    """A dataset's metadata. No data is read but by ``read_small``.

    ``dtype`` is numpy's name ('float32', 'bool', 'bfloat16'), 'string', 'object' for sequences of variable length,
    'opaque', 'compound', 'reference', 'array'; ``byteorder`` '<' or '>'. ``nbytes`` is what the shape asks for.
    ``offset`` is the position in the window of the contiguous data, None where there are no such ``nbytes`` bytes:
    nothing written, other layouts, external files. ``filters`` are HDF5's numbers. ``external_files`` names the files
    of external data, as far as the names can be read. A null dataspace comes as shape () with no bytes.
    """

    __slots__ = (
        "_datatype", "_layout", "_stored", "byteorder", "dtype", "external", "external_files", "filters", "itemsize",
        "layout", "nbytes", "offset", "shape",
    )  # fmt: skip

    def __init__(
        self,
        spot: Spot,
        shape: Shape | None,
        datatype: Datatype,
        layout: Layout,
        filters: tuple[int, ...],
        external: tuple[str, ...] | None,
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(spot, attributes)
        self.shape = () if shape is None else shape
        self.dtype = datatype.name
        self.itemsize = datatype.size
        self.byteorder = datatype.order
        self.nbytes = 0 if shape is None else element_count(shape) * datatype.size
        self.layout = layout.kind
        self.filters = filters
        self.external = external is not None
        self.external_files = external or ()
        self.offset: int | None = None
        if (
            not self.external
            and layout.kind == "contiguous"
            and layout.address != UNDEFINED
            and (layout.stored or 0) >= self.nbytes > 0
        ):
            self.offset = spot.source.superblock_offset + layout.address
        self._datatype = datatype
        self._layout = layout
        self._stored = layout.stored
        # h5py stores bfloat16 as opaque bytes, and Keras says so in an attribute.
        if self.dtype == "opaque" and self.itemsize == 2 and self.attributes.get("dtype") in ("bfloat16", b"bfloat16"):
            self.dtype = "bfloat16"
            self._datatype = Datatype("bfloat16", 2)

    @property
    def stored(self) -> int:
        """Bytes that the data take up in this file, after compression; 0 for virtual, external and unwritten data."""
        if self._stored is None:
            try:
                self._stored = self._layout.count_chunks(self._source)
            except NotCovered as reason:
                self._stored = self._source.recover(reason).stored(self.path)
        return self._stored

    def read_small(self, limit: int = SMALL) -> Any:
        """The value of a dataset of at most ``limit`` bytes, as Python has it; see ``Attributes`` for the types.

        Raises ``Hdf5Error`` for a larger one, and where the data lie outside of this file.
        """
        if self.nbytes > limit:
            raise Hdf5Error(f"{self.path}: {self.nbytes} bytes are more than the {limit} to be read")
        if self.external or self.layout == "virtual":
            raise Hdf5Error(f"{self.path}: the data lie outside of the file")
        source = self._source
        if self.nbytes == 0:
            return decode(source, self._datatype, self._shape_or_none(), source.origin, 0)
        if self._layout.position:
            position, available = self._layout.position, self.stored
        elif self.offset is not None:
            position, available = source.window.start + self.offset, self.nbytes
        else:
            return source.recover(NotCovered(f"{self.path}: data in {self.layout} storage")).value(self.path, limit)
        try:
            return decode(source, self._datatype, self.shape, position, available)
        except MALFORMED as error:
            source.malformed(f"data of {self.path}", position, error)

    def _shape_or_none(self) -> Shape | None:
        return self.shape or None  # nothing is stored, so a shape without dimensions is a null dataspace


Node = Group | Dataset | NamedType | Link


class Children(Mapping[str, Node]):
    """The children of one group; the links are read at once, the objects when asked for."""

    __slots__ = ("_known", "_path", "_source", "_targets")

    def __init__(self, source: Source, path: str, header: Header) -> None:
        self._source = source
        self._path = path
        self._known: dict[str, Node] = {}
        self._targets: Mapping[str, Target | Node]
        try:
            self._targets = read_links(source, header)
        except NotCovered as reason:
            self._targets = self._known = dict(source.recover(reason).children(path))

    def __getitem__(self, name: str) -> Node:
        node = self._known.get(name)
        if node is None:
            node = self._known[name] = self.read(name)
        return node

    def read(self, name: str) -> Node:
        """A child that is not kept, for those who look at very many once."""
        target = self._targets[name]
        path = f"{self._path}/{name}" if self._path else name
        if isinstance(target, int):
            return read_object(self._source, path, target)
        return Link(path, *target) if isinstance(target, tuple) else target

    def __contains__(self, name: object) -> bool:
        return name in self._targets

    def __iter__(self) -> Iterator[str]:
        return iter(self._targets)

    def __len__(self) -> int:
        return len(self._targets)


def read_object(source: Source, path: str, address: int) -> Group | Dataset | NamedType:
    """The object whose header is at ``address``. What it is follows from its messages, as in libhdf5."""
    source.charge(len(path))
    try:
        spot = Spot(source, path, address, read_header(source, address))
        first = spot.header.first
        if SYMBOL_TABLE in first or LINK_INFO in first:
            return Group(spot)
        if DATATYPE not in first:
            raise Hdf5Error(f"broken HDF5: {path or 'the root'} is neither group nor dataset")
        datatype = read_datatype(source, *locate(source, first[DATATYPE], DATATYPE))
        if DATASPACE not in first:
            return NamedType(spot, datatype.name)
        return _read_dataset(spot, datatype)
    except NotCovered as reason:
        return source.recover(reason).node(path)
    except MALFORMED as error:
        source.malformed(f"object {path!r}", source.origin + address, error)


def _read_dataset(spot: Spot, datatype: Datatype) -> Dataset:
    source, path, _, header = spot
    first = header.first
    if any(kind in first and first[kind][0] & SHARED for kind in (DATASPACE, LAYOUT, FILTERS)):
        raise NotCovered("shared object header messages")
    _, position, size, _ = first[DATASPACE]
    shape = read_dataspace(source, position, size)
    if LAYOUT not in first:
        raise Hdf5Error(f"broken HDF5: dataset {path} has no data layout")
    _, position, size, _ = first[LAYOUT]
    layout = read_layout(source, position, size, 0 if shape is None else element_count(shape) * datatype.size)
    filters = read_filters(source, first[FILTERS][1]) if FILTERS in first else ()
    external = read_external_files(source, first[EXTERNAL_FILES]) if EXTERNAL_FILES in first else None
    return Dataset(spot, shape, datatype, layout, filters, external)
