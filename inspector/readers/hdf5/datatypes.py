"""Datatypes and dataspaces: what they are called in numpy, and how their bytes become Python values."""

from __future__ import annotations

import struct
from typing import Any

from .heaps import read_variable
from .source import MALFORMED, Source, u16
from .window import Hdf5Error, NotCovered

Shape = tuple[int, ...]
MAX_ELEMENTS = 4_000_000
_HEAD = struct.Struct("<BBBBI").unpack_from
_DIMENSIONS = [struct.Struct(f"<{rank}Q").unpack_from for rank in range(33)]
_INTEGERS = {1: "b", 2: "h", 4: "i", 8: "q"}
# size, exponent bits, mantissa bits: name and struct code
_FLOATS: dict[tuple[int, int, int], tuple[str, str | None]] = {
    (2, 5, 10): ("float16", "e"),
    (4, 8, 23): ("float32", "f"),
    (8, 11, 52): ("float64", "d"),
    (2, 8, 7): ("bfloat16", None),
    (1, 5, 2): ("float8_e5m2", None),
    (1, 4, 3): ("float8_e4m3fn", None),
}
_NAMED = {2: "time", 4: "bitfield", 5: "opaque", 6: "compound", 7: "reference", 10: "array", 11: "complex"}
# h5py's bool: an enum of one byte with FALSE 0 and TRUE 1, names padded before version 3.
_BOOLS = (b"FALSE\0\0\0TRUE\0\0\0\0\0\1", b"FALSE\0TRUE\0\0\1")
_COMPLEX_STRIDE = {1: 60, 2: 32, 3: 23, 4: 23, 5: 23}  # bytes of one float member of a compound, by version


class Undecoded:
    """A value of a kind that holds nothing Keras writes (compound, reference …): what it is, not what it says."""

    __slots__ = ("dtype", "shape")

    def __init__(self, dtype: str, shape: Shape) -> None:
        self.dtype = dtype
        self.shape = shape

    def __repr__(self) -> str:
        return f"Undecoded({self.dtype!r}, {self.shape!r})"


class Datatype:
    """``name`` as numpy has it, ``size`` of an element in bytes, ``order`` '<' or '>', ``code`` for struct if any."""

    __slots__ = ("code", "name", "order", "padding", "size", "variable")

    def __init__(self, name: str, size: int, order: str = "<", code: str | None = None) -> None:
        self.name = name
        self.size = size
        self.order = order
        self.code = code
        self.padding = 0  # of fixed strings: 0 ends at NUL, 1 filled with NUL, 2 filled with spaces
        self.variable = False


def read_datatype(source: Source, position: int, size: int) -> Datatype:
    """The datatype message of ``size`` bytes at ``position``; equal messages give one object."""
    message = source.window.buffer[position : position + size]
    known = source.types.get(message)
    if known is None:
        source.charge(size)
        try:
            known = source.types[message] = parse_datatype(message)
        except MALFORMED as error:
            source.malformed("datatype", position, error)
        if known.size == 0:
            raise Hdf5Error("broken HDF5: a datatype of no bytes")
    return known


def parse_datatype(message: bytes) -> Datatype:
    """The datatype that a datatype message describes."""
    head, bits, bits1, _, size = _HEAD(message, 0)
    kind, version = head & 15, head >> 4
    order = ">" if bits & 1 else "<"
    if kind == 0:
        return _integer(message, bits, order, size)
    if kind == 1:
        exponent, mantissa = message[13], message[15]
        name, code = _FLOATS.get((size, exponent, mantissa), (f"float{8 * size}", None))
        if bits & 0x40:
            raise NotCovered("floats in VAX byte order")
        return Datatype(name, size, order, code)
    if kind == 3:
        string = Datatype("string", size)
        string.padding = bits & 15
        return string
    if kind == 8:
        base = parse_datatype(message[8:20])
        if base.size == 1 and message[20:].startswith(_BOOLS):
            return Datatype("bool", 1, code="?")
        return base
    if kind == 9:
        variable = Datatype("string" if bits & 15 == 1 else "object", size)
        variable.variable = True
        return variable
    if kind == 6 and size in (8, 16) and bits | bits1 << 8 == 2 and version in _COMPLEX_STRIDE:
        stride = 8 + _COMPLEX_STRIDE[version]
        if message[8:10] == b"r\0" and message[stride : stride + 2] == b"i\0":
            return Datatype(f"complex{8 * size}", size)
    if kind not in _NAMED:
        raise NotCovered(f"datatype class {kind} is not known")
    return Datatype(_NAMED[kind], size)


def _integer(message: bytes, bits: int, order: str, size: int) -> Datatype:
    signed = bits & 8
    name = f"{'' if signed else 'u'}int{8 * size}"
    code = _INTEGERS.get(size)
    if code is None or u16(message, 8)[0] != 0 or u16(message, 10)[0] != 8 * size:
        return Datatype(name, size, order)  # an odd width: named, not decoded
    return Datatype(name, size, order, code if signed else code.upper())


def read_dataspace(source: Source, position: int, size: int) -> Shape | None:
    """The shape: ``()`` for a scalar, None for a null dataspace, which holds no element at all."""
    buffer = source.window.buffer
    version, rank = buffer[position], buffer[position + 1]
    if version == 1:
        start = position + 8
    elif version == 2:
        if buffer[position + 3] == 2:
            return None
        start = position + 4
    else:
        raise NotCovered(f"dataspace version {version} is not known")
    if rank > 32 or start + 8 * rank > position + size:
        raise Hdf5Error(f"broken HDF5: dataspace of {rank} dimensions at byte {position - source.window.start}")
    return _DIMENSIONS[rank](buffer, start) if rank else ()


def element_count(shape: Shape) -> int:
    """Number of elements of a shape."""
    count = 1
    for dimension in shape:
        count *= dimension
    return count


def decode(source: Source, datatype: Datatype, shape: Shape | None, position: int, available: int) -> Any:
    """The value of ``shape`` whose bytes begin at ``position``: as h5py has it, in lists instead of arrays.

    Fixed strings are bytes, those of variable length str, an empty dataspace is None.
    """
    if shape is None:
        return None
    count = element_count(shape)
    size = count * datatype.size
    if size > available:
        raise Hdf5Error(f"broken HDF5: a value of {size} bytes where there are {available}")
    _bounded(count)
    source.charge(size)
    buffer = source.window.buffer
    if datatype.variable and datatype.name == "string":
        flat: list[Any] = [read_variable(source, position + 16 * n) for n in range(count)]
    elif datatype.name == "string":
        whole, width = buffer[position : position + size], datatype.size
        flat = [_strip(whole[n : n + width], datatype.padding) for n in range(0, size, width)]
    elif datatype.name == "bfloat16":
        words = struct.unpack_from(f"{datatype.order}{count}H", buffer, position)
        flat = [struct.unpack("<f", (word << 16).to_bytes(4, "little"))[0] for word in words]
    elif datatype.code is not None:
        flat = list(struct.unpack_from(f"{datatype.order}{count}{datatype.code}", buffer, position))
    else:
        return Undecoded(datatype.name, shape)
    return _fold(flat, shape)


def _bounded(count: int) -> int:
    if count > MAX_ELEMENTS:
        raise Hdf5Error(f"a value of {count} elements, more than any model keeps in one")
    return count


def _strip(raw: bytes, padding: int) -> bytes:
    if padding == 0:
        return raw.partition(b"\0")[0]
    return raw.rstrip(b"\0" if padding == 1 else b" ")


def _fold(flat: list[Any], shape: Shape) -> Any:
    """Nest a flat list as ``shape`` says; the element itself for a scalar."""
    if not shape:
        return flat[0]
    if 0 in shape:  # as many empty lists as the dimensions before the 0 ask for
        shape = shape[: shape.index(0)]
        if not shape:
            return []
        flat = [[] for _ in range(_bounded(element_count(shape)))]
    for width in reversed(shape[1:]):
        flat = [flat[n : n + width] for n in range(0, len(flat), width)]
    return flat
