"""The superblock, and what all parts of the reader share: bytes, origin of addresses, budget, caches.

Names of structures and fields are those of the HDF5 File Format Specification, version 3.0.
Every walk spends from one budget that follows from the size of the file: each structure takes up bytes of its own, so
a file that asks for more steps than it has room for is broken or hostile, and reading it stops.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NoReturn

from .window import Hdf5Error, NotCovered, Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from .datatypes import Datatype
    from .fallback import ChildTree

UNDEFINED = 0xFFFF_FFFF_FFFF_FFFF
SIGNATURE = b"\x89HDF\r\n\x1a\n"
MALFORMED = (struct.error, IndexError, ValueError, OverflowError)
MAX_STEPS = 10_000_000
MAX_VALUE_BYTES = 256 << 20

u16 = struct.Struct("<H").unpack_from
u32 = struct.Struct("<I").unpack_from
u64 = struct.Struct("<Q").unpack_from
pair = struct.Struct("<QQ").unpack_from


class Source:
    """The bytes of one HDF5 file. Addresses in the file count from the superblock, positions from the map's start."""

    __slots__ = (
        "bytes_left",
        "collections",
        "end",
        "fallback",
        "origin",
        "root_address",
        "steps_left",
        "superblock_offset",
        "superblock_version",
        "tree",
        "types",
        "window",
    )

    def __init__(self, window: Window, fallback: Callable[[], ChildTree] | None) -> None:
        self.window = window
        self.end = window.start + window.size
        self.origin = window.start
        self.fallback = fallback
        self.tree: ChildTree | None = None
        self.types: dict[bytes, Datatype] = {}
        self.collections: dict[int, dict[int, tuple[int, int]]] = {}
        self.steps_left = min(MAX_STEPS, 100_000 + window.size // 4)
        self.bytes_left = MAX_VALUE_BYTES
        self.superblock_offset = 0
        self.superblock_version = 0
        self.root_address = UNDEFINED

    def read_superblock(self) -> None:
        """Find and read the superblock: at byte 0, 512, 1024 and so on, after a user block."""
        window, at = self.window, 0
        while window.buffer[window.start + at : window.start + at + 8] != SIGNATURE:
            at = at * 2 or 512
            if at >= window.size:
                raise Hdf5Error("is not an HDF5 file: no signature")
        # As libhdf5 does: addresses count from where the superblock is, whatever base address it states.
        self.superblock_offset, self.origin = at, window.start + at
        try:
            version = self.superblock_version = window.buffer[self.origin + 8]
            if version <= 1:
                self._read_old_superblock(version)
            elif version <= 3:
                self._read_new_superblock()
            else:
                raise NotCovered(f"superblock version {version} is not known")
        except MALFORMED as error:
            self.malformed("superblock", self.origin, error)

    def _read_old_superblock(self, version: int) -> None:
        position = self.origin + (24 if version == 0 else 28)
        self._require_sizes(self.origin + 13)
        base, _, eof, driver = struct.unpack_from("<QQQQ", self.window.buffer, position)
        if driver != UNDEFINED:
            raise NotCovered("the file is split by a file driver")
        self._require_length(eof - base)
        self.root_address = u64(self.window.buffer, position + 40)[0]

    def _read_new_superblock(self) -> None:
        self._require_sizes(self.origin + 9)
        base, extension, eof, root = struct.unpack_from("<QQQQ", self.window.buffer, self.origin + 12)
        self._require_length(eof - base)
        self.root_address = root
        if extension != UNDEFINED:
            from .headers import CACHE_IMAGE, DRIVER_INFO, read_header

            found = read_header(self, extension).first
            # Both would have libhdf5 read other bytes than those at the addresses we see.
            if CACHE_IMAGE in found or DRIVER_INFO in found:
                raise NotCovered("the file has a metadata cache image or a file driver")

    def _require_sizes(self, position: int) -> None:
        offsets, lengths = self.window.buffer[position], self.window.buffer[position + 1]
        if (offsets, lengths) != (8, 8):
            raise NotCovered(f"offsets of {offsets} and lengths of {lengths} bytes")

    def _require_length(self, length: int) -> None:
        """``length`` counts from the superblock on. libhdf5 refuses a file that is shorter."""
        if self.superblock_offset + length > self.window.size:
            stated = self.superblock_offset + length
            raise Hdf5Error(f"is truncated: {stated} bytes according to its superblock, {self.window.size} in fact")

    def at(self, address: int, what: str) -> int:
        """Position of an address; ``Hdf5Error`` when it lies outside the window."""
        position = self.origin + address
        if position >= self.end:
            raise Hdf5Error(f"broken HDF5: {what} at address {address:#x}, outside of the file")
        return position

    def extent(self, address: int, size: int, what: str) -> int:
        """Position of ``size`` bytes that must lie within the window as a whole."""
        position = self.origin + address
        if position + size > self.end:
            raise Hdf5Error(
                f"broken HDF5: {what} of {size} bytes at address {address:#x} runs past the end of the file"
            )
        return position

    def spend(self, steps: int) -> None:
        """Count work; ``Hdf5Error`` beyond what a sound file of this size can ask for."""
        self.steps_left -= steps
        if self.steps_left < 0:
            raise Hdf5Error("broken HDF5: more structures than a file of this size can hold")

    def charge(self, count: int) -> None:
        """Count the bytes of decoded names and values; ``Hdf5Error`` beyond 256 MB for the whole file."""
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise Hdf5Error(f"holds more than {MAX_VALUE_BYTES >> 20} MB of names and attributes")

    def recover(self, reason: NotCovered) -> ChildTree:
        """The same file as h5py sees it in a child process, read once; raises ``reason`` when that is not wanted."""
        if self.tree is None:
            if self.fallback is None:
                raise reason
            self.tree = self.fallback()
        return self.tree

    def malformed(self, what: str, position: int, error: Exception) -> NoReturn:
        """Raise ``Hdf5Error`` for a low-level error met while reading ``what`` at ``position``."""
        raise Hdf5Error(f"broken HDF5: {what} at byte {position - self.window.start}: {error}") from None
