"""Read-only access to a range of a file, and the errors of everything that reads HDF5 through it."""

from __future__ import annotations

import mmap
import os
import stat
from types import TracebackType

from inspector.errors import UnreadableModel

_LARGE = 1 << 20  # bytes, from where on reading ahead pays


class Hdf5Error(UnreadableModel):
    """The bytes are not the HDF5 they claim to be: one line, what and where."""


class NotCovered(Hdf5Error):
    """Valid HDF5 as far as we can tell, in a form that the built-in reader does not know."""


class Window:
    """``size`` bytes of a regular file from ``offset`` on: the whole file, or a zip member that is stored uncompressed.

    Memory-mapped, so only the pages that are touched are read. The map ends where the window ends: no address that a
    file states can lead outside. Raises ``Hdf5Error`` for what is no regular file and for a range that is not there.
    """

    def __init__(self, path: str | os.PathLike[str], offset: int = 0, size: int | None = None) -> None:
        self.path = os.fspath(path)
        self.offset = offset
        # O_NONBLOCK: opening a FIFO must not wait for a writer.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        try:
            descriptor = os.open(self.path, flags)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise Hdf5Error(f"cannot be opened: {reason}") from None
        try:
            status = os.fstat(descriptor)
            self.stamp = (status.st_ino, status.st_mtime_ns)  # another content has another
            self.size, self.start, self.buffer = _map(descriptor, offset, size)
        finally:
            os.close(descriptor)

    def read(self, offset: int, n: int) -> bytes:
        """``n`` bytes from ``offset`` within the window; ``Hdf5Error`` when they are not all there."""
        if offset < 0 or n < 0 or offset + n > self.size:
            raise Hdf5Error(f"wants {n} bytes at byte {offset}, and there are {self.size} in all")
        if self.buffer.closed:
            raise Hdf5Error("is read after it was closed")
        start = self.start + offset
        if n >= _LARGE and hasattr(mmap, "MADV_WILLNEED"):
            page = start - start % mmap.PAGESIZE
            self.buffer.madvise(mmap.MADV_WILLNEED, page, start + n - page)
        return self.buffer[start : start + n]

    def forget(self) -> None:
        """Give back the memory of what was read so far; it is read again when it is asked for again."""
        if hasattr(mmap, "MADV_DONTNEED") and not self.buffer.closed:
            self.buffer.madvise(mmap.MADV_DONTNEED)

    def close(self) -> None:
        """Give the map back; a second call does nothing."""
        self.buffer.close()

    def __enter__(self) -> Window:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _map(descriptor: int, offset: int, size: int | None) -> tuple[int, int, mmap.mmap]:
    """Size of the window, where it starts in the map (maps begin on page bounds only), and the map."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise Hdf5Error("is not a regular file")
    if size is None:
        size = status.st_size - offset
    if offset < 0 or size <= 0 or offset + size > status.st_size:
        if status.st_size == 0:
            raise Hdf5Error("is empty")
        raise Hdf5Error(f"has {status.st_size} bytes, and not {size} from byte {offset} on")
    start = offset % mmap.ALLOCATIONGRANULARITY
    try:
        mapped = mmap.mmap(descriptor, start + size, access=mmap.ACCESS_READ, offset=offset - start)
    except (OSError, ValueError) as error:
        raise Hdf5Error(f"cannot be mapped into memory: {error}") from None
    if hasattr(mmap, "MADV_RANDOM"):  # metadata lie between the weights: reading ahead would read the weights
        mapped.madvise(mmap.MADV_RANDOM)
    return size, start, mapped
