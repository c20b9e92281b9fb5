"""The variables that a file keeps, by the path of the object that owns them, whatever the container.

Keras 3 keeps them by attribute: ``layers/dense/vars/0`` is variable 0 of the object at ``layers/dense``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from ..errors import UnreadableModel
from ..graph import Weight
from .archive import CUT_HINT, Range
from .hdf5 import Dataset, Group, Hdf5Error, Window, open_hdf5

VARS = "vars"
BLOCK = 1 << 18
PIECES = re.compile(r"\d{1,18}|[^\d]+|\d+")


class Owner(NamedTuple):
    """An object that variables are kept for: the name it had, where the file says, and its variables in order."""

    name: str | None
    tensors: tuple[Weight, ...]


Store = dict[str, Owner]  # by path; "" is the model itself


def read_h5_store(source: Range, what: str) -> Store:
    """The store in an HDF5 file in Keras 3's layout. Raises `UnreadableModel`."""
    names: dict[str, str | None] = {}
    tensors: dict[str, list[Weight]] = {}
    try:
        with Window(source.path, source.offset, source.size) as window:
            for path, node in open_hdf5(window).walk():
                parent, _, last = path.rpartition("/")
                if isinstance(node, Dataset):
                    tensors.setdefault(owner_of(parent), []).append(make_weight(path, node, source))
                elif isinstance(node, Group) and last == VARS:
                    names[parent] = read_text(node.attributes.get("name"))
    except Hdf5Error as error:
        raise explain(error, what) from None
    return {path: Owner(names.get(path), in_order(tensors.get(path, ()))) for path in dict.fromkeys((*names, *tensors))}


def in_order(weights: Sequence[Weight]) -> tuple[Weight, ...]:
    """An object's variables by their numbers."""
    if len(weights) < 2:
        return tuple(weights)
    return tuple(sorted(weights, key=lambda weight: natural_key(weight.path)))


def explain(error: Hdf5Error, what: str) -> UnreadableModel:
    """An error of the HDF5 reader as a sentence about the file or the member it was met in."""
    message = error.message
    if message.startswith("broken HDF5: "):
        return UnreadableModel(f"{what} is broken: {message.removeprefix('broken HDF5: ')}", hint=CUT_HINT)
    is_verb = message.startswith(("is ", "has ", "holds ", "wants ", "cannot "))
    return UnreadableModel(f"{what} {message}" if is_verb else f"{what}: {message}", hint=CUT_HINT)


def owner_of(group: str) -> str:
    """The object whose variables a group holds: the one its ``vars`` stands in."""
    parent, _, last = group.rpartition("/")
    return parent if last == VARS else group


def make_weight(path: str, node: Dataset, source: Range) -> Weight:
    """A dataset as a weight, with its bytes to be had where they lie in one piece."""
    load: Callable[[], bytes] | None = None
    if node.offset is not None and node.offset + node.nbytes <= source.size:
        load = Extent(source, node.offset, node.nbytes, node.itemsize if node.byteorder == ">" else 1)
    elif node.nbytes == 0:
        load = bytes
    return Weight(path, node.shape, node.dtype, node.nbytes, load=load)


class Extent:
    """Where one tensor's bytes lie in one piece. Called, it reads them; numbers of ``swapped`` bytes are big-endian."""

    __slots__ = ("nbytes", "offset", "source", "swapped")

    def __init__(self, source: Range, offset: int, nbytes: int, swapped: int) -> None:
        self.source, self.offset, self.nbytes, self.swapped = source, offset, nbytes, swapped

    def __call__(self) -> bytes:
        """All bytes, little-endian."""
        return b"".join(map(bytes, self.blocks()))

    def blocks(self, size: int = BLOCK) -> Iterator[memoryview]:
        """The bytes, little-endian, at most ``size`` at a time (a multiple of 16); each is gone with the next."""
        buffer = memoryview(bytearray(min(size, self.nbytes)))
        with open(self.source.path, "rb", buffering=0) as file:
            file.seek(self.source.offset + self.offset)
            left = self.nbytes
            while left:
                block = buffer[: min(size, left)]
                filled = 0
                while filled < len(block):
                    count = file.readinto(block[filled:])
                    if not count:
                        raise UnreadableModel("the file was cut while it was read")
                    filled += count
                left -= len(block)
                yield memoryview(turn(block, self.swapped)) if self.swapped > 1 else block


def turn(data: memoryview, width: int) -> bytes:
    """Numbers of ``width`` bytes with their bytes in the other order."""
    turned = bytearray(len(data))
    for byte in range(width):
        turned[byte::width] = data[width - 1 - byte :: width]
    return bytes(turned)


def read_text(value: object) -> str | None:
    """Text that HDF5 holds as bytes or as str."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else None


def natural_key(path: str) -> tuple[tuple[int, int, str], ...]:
    """Order in which ``2`` stands before ``10`` and ``dense_2`` before ``dense_10``."""
    pieces = PIECES.findall(path)
    return tuple((0, int(piece), "") if piece.isascii() and piece.isdigit() else (1, 0, piece) for piece in pieces)


def merge_stores(stores: Iterable[Store]) -> Store:
    """One store of several shards: an object's variables may lie in more than one."""
    merged: Store = {}
    for store in stores:
        for path, owner in store.items():
            known = merged.get(path, Owner(None, ()))
            both = {weight.path: weight for weight in (*known.tensors, *owner.tensors)}
            tensors = sorted(both.values(), key=lambda w: natural_key(w.path))
            merged[path] = Owner(known.name if owner.name is None else owner.name, tuple(tensors))
    return merged
