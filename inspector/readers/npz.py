"""``model.weights.npz``: the headers of the arrays alone. A pickle is never opened, so object arrays are refused."""

from __future__ import annotations

import ast
import re
import struct
from typing import IO, TYPE_CHECKING

from ..errors import UnreadableModel
from ..graph import Weight
from .archive import Archive, Range, broken_is_unreadable
from .stores import Owner, Store, owner_of

if TYPE_CHECKING:
    import zipfile

MAGIC = b"\x93NUMPY"
MAX_HEADER = 64 << 10
CODES = {
    "f2": "float16", "f4": "float32", "f8": "float64", "b1": "bool", "i1": "int8", "i2": "int16", "i4": "int32",
    "i8": "int64", "u1": "uint8", "u2": "uint16", "u4": "uint32", "u8": "uint64", "c8": "complex64",
    "c16": "complex128",
}  # fmt: skip
WIDTH = re.compile(r"[<>|=]?([a-zA-Z])(\d+)")


def read_npz_store(source: Range, what: str) -> Store:
    """The store in an npz file; keys are the paths that Keras gives. Raises `UnreadableModel`."""
    store: Store = {}
    with Archive(source) as archive:
        for name, member in archive.members.items():
            if not name.endswith(".npy"):
                raise UnreadableModel(f"{what} holds {name!r}, which is no array")
            archive.check_member(member)
            with broken_is_unreadable(what), archive.zip.open(member) as stream:
                shape, dtype, width = read_header(stream, f"{what}: {name}")
            path = name.removesuffix(".npy")
            owner = "" if path == "__root__" else owner_of(path.rpartition("/")[0])
            weight = Weight(path, shape, dtype, count_bytes(shape, width, member, name))
            store[owner] = Owner(None, (*store.get(owner, Owner(None, ())).tensors, weight))
    return store


def read_header(stream: IO[bytes], where: str) -> tuple[tuple[int, ...], str, int]:
    """Shape, dtype and width in bytes of an npy stream, whose header is a Python literal."""
    start = stream.read(8)
    if len(start) < 8 or not start.startswith(MAGIC):
        raise UnreadableModel(f"{where} is not a numpy array")
    form = "<H" if start[6] == 1 else "<I"
    size = struct.unpack(form, stream.read(struct.calcsize(form)))[0]
    if size > MAX_HEADER:
        raise UnreadableModel(f"{where} has a header of {size:,} bytes")
    try:
        header = ast.literal_eval(stream.read(size).decode("latin-1").strip())
        shape, descr = header["shape"], header["descr"]
    except (ValueError, SyntaxError, KeyError, TypeError, RecursionError, MemoryError):
        raise UnreadableModel(f"{where} has a broken header") from None
    if "O" in str(descr):
        raise UnreadableModel(f"{where} is a pickled Python object, which is never opened")
    code = WIDTH.fullmatch(descr) if isinstance(descr, str) else None
    if code is None or not (isinstance(shape, tuple) and all(isinstance(dim, int) and dim >= 0 for dim in shape)):
        raise UnreadableModel(f"{where} has a type or a shape that no weight has")
    return shape, CODES.get("".join(code.groups()), descr.lstrip("<>|=")), int(code.group(2))


def count_bytes(shape: tuple[int, ...], width: int, member: zipfile.ZipInfo, name: str) -> int:
    total = width
    for dim in shape:
        total *= dim
    if total > member.file_size:
        raise UnreadableModel(f"{name} claims {total:,} bytes and holds {member.file_size:,}")
    return total
