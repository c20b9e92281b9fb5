"""The metadata of an HDF5 file as libhdf5 sees it, as JSON on stdout: run as a process of its own, with limits.

``python -m inspector.readers.hdf5.child PATH OFFSET SIZE [DATASET LIMIT]``. With a dataset, its value
instead, if that is of at most LIMIT bytes.
Only h5py's low-level calls are used, each link is looked at before what it leads to, and only hard links are followed:
nothing outside of the window is ever opened. Values: text is str, bytes ``{"bytes": latin-1}``, what is not decoded
``{"type": datatype message in hex, "shape": …}``.
"""

from __future__ import annotations

import io
import json
import sys
from typing import Any

MEMORY = 1 << 30
CPU_SECONDS = 5
MAX_OBJECTS = 1_000_000
MAX_VALUE_BYTES = 64 << 20


class RangeFile(io.RawIOBase):
    """A read-only file that is ``size`` bytes of another from ``offset`` on."""

    def __init__(self, path: str, offset: int, size: int) -> None:
        super().__init__()
        self.raw = open(path, "rb", buffering=0)  # noqa: SIM115 - closed with the process
        self.offset, self.size, self.position = offset, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.position = offset + (0, self.position, self.size)[whence]
        return self.position

    def tell(self) -> int:
        return self.position

    def readinto(self, buffer: Any) -> int:
        count = max(0, min(len(buffer), self.size - self.position))
        self.raw.seek(self.offset + self.position)
        data = self.raw.read(count)
        buffer[: len(data)] = data
        self.position += len(data)
        return len(data)


def limit_process() -> None:
    """Bound memory, CPU time and what may be written, where the system can do so."""
    try:
        import resource
    except ImportError:  # Windows: the parent's timeout remains
        return
    for kind, limit in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        try:
            resource.setrlimit(kind, (limit, limit))
        except (OSError, ValueError):  # macOS refuses some; an inherited hard limit may be lower
            pass


class Reader:
    """One open file; ``objects`` collects a row for everything in it."""

    def __init__(self, path: str, offset: int, size: int) -> None:
        import h5py

        self.h5 = h5py
        self.file = h5py.File(RangeFile(path, offset, size), "r")
        self.bytes_left = MAX_VALUE_BYTES
        self.objects: list[dict[str, Any]] = []

    def read_all(self) -> list[dict[str, Any]]:
        """A row for each object, parents before children, in h5py's order."""
        h5o, root = self.h5.h5o, self.file.id
        group = self.h5.h5g.open(root, b"/")
        visited = {h5o.get_info(group).addr: ""}
        self.objects.append({"path": "", "kind": "group", **self._common(group)})
        stack = [("", group)]
        while stack:
            path, group = stack.pop()
            for name in self._names(group):
                if b"/" in name or not name:
                    raise ValueError("a link whose name cannot be part of a path")
                child_path = f"{path}/{_text(name)}" if path else _text(name)
                row, child = self._row(group, name)
                row["path"] = child_path
                if row["kind"] == "group":
                    row["same"] = visited.get(row["address"])
                    if row["same"] is None:
                        visited[row["address"]] = child_path
                        stack.append((child_path, child))
                self.objects.append(row)
                if len(self.objects) > MAX_OBJECTS:
                    raise ValueError(f"more than {MAX_OBJECTS:,} objects")
        return self.objects

    def read_value(self, path: str, limit: int) -> Any:
        """The value of one dataset, reached through hard links only."""
        node: Any = self.h5.h5g.open(self.file.id, b"/")
        for name in path.encode("utf-8", "surrogateescape").split(b"/"):
            if node.links.get_info(name).type != self.h5.h5l.TYPE_HARD:
                raise ValueError("not a dataset of this file")
            node = self.h5.h5o.open(node, name)
        plist = node.get_create_plist()
        if plist.get_external_count() or plist.get_layout() == self.h5.h5d.VIRTUAL:
            raise ValueError("the data lie outside of the file")
        everything = self.h5.h5s.ALL
        return self._value(node, limit, read=lambda into: node.read(everything, everything, into))

    def _names(self, group: Any) -> list[bytes]:
        tracked = group.get_create_plist().get_link_creation_order() & self.h5.h5p.CRT_ORDER_TRACKED
        names: list[bytes] = []
        group.links.iterate(names.append, idx_type=self.h5.h5.INDEX_CRT_ORDER if tracked else self.h5.h5.INDEX_NAME)
        return names

    def _row(self, group: Any, name: bytes) -> tuple[dict[str, Any], Any]:
        link, h5l = group.links.get_info(name).type, self.h5.h5l
        if link == h5l.TYPE_SOFT:
            return {"kind": "link", "link": "soft", "target": _text(group.links.get_val(name))}, None
        if link == h5l.TYPE_EXTERNAL:
            target = ":".join(map(_text, group.links.get_val(name)))
            return {"kind": "link", "link": "external", "target": target}, None
        if link != h5l.TYPE_HARD:
            return {"kind": "link", "link": "user", "target": f"link class {link}"}, None
        child = self.h5.h5o.open(group, name)
        common = self._common(child)
        if isinstance(child, self.h5.h5g.GroupID):
            return {"kind": "group", **common}, child
        if isinstance(child, self.h5.h5d.DatasetID):
            return {"kind": "dataset", **self._dataset(child), **common}, child
        return {"kind": "type", "type": child.encode().hex(), **common}, child

    def _common(self, node: Any) -> dict[str, Any]:
        return {"address": self.h5.h5o.get_info(node).addr, "attributes": self._attributes(node)}

    def _dataset(self, dataset: Any) -> dict[str, Any]:
        plist, h5d = dataset.get_create_plist(), self.h5.h5d
        layouts = {h5d.COMPACT: "compact", h5d.CONTIGUOUS: "contiguous", h5d.CHUNKED: "chunked", h5d.VIRTUAL: "virtual"}
        layout, external = layouts[plist.get_layout()], plist.get_external_count()
        return {
            "shape": _shape(dataset.get_space(), self.h5),
            "type": dataset.get_type().encode().hex(),
            "layout": layout,
            "offset": dataset.get_offset(),
            "stored": 0 if external or layout == "virtual" else dataset.get_storage_size(),
            "filters": [plist.get_filter(n)[0] for n in range(plist.get_nfilters())],
            "external": [_text(plist.get_external(n)[0]) for n in range(min(external, 20))] if external else None,
        }

    def _attributes(self, node: Any) -> dict[str, Any]:
        h5 = self.h5.h5
        tracked = False
        if not isinstance(node, self.h5.h5t.TypeID):
            tracked = node.get_create_plist().get_attr_creation_order() & self.h5.h5p.CRT_ORDER_TRACKED
        names: list[bytes] = []
        order = h5.INDEX_CRT_ORDER if tracked else h5.INDEX_NAME
        self.h5.h5a.iterate(node, lambda name, *_: names.append(name), index_type=order)
        values = {}
        for name in names:
            attribute = self.h5.h5a.open(node, name)
            values[_text(name)] = self._value(attribute, self.bytes_left, read=attribute.read)
        return values

    def _value(self, node: Any, limit: int, read: Any) -> Any:
        import numpy

        shape, kind = _shape(node.get_space(), self.h5), node.get_type()
        if shape is None:
            return None
        dtype = node.dtype
        text = self.h5.check_string_dtype(dtype)
        if dtype.kind not in "biufS" and not (text and text.length is None):
            return {"type": kind.encode().hex(), "shape": shape}
        array = numpy.empty(shape, dtype=dtype)
        if array.nbytes > limit:
            raise ValueError(f"a value of {array.nbytes} bytes")
        read(array)
        return self._plain(array.tolist(), variable=dtype.kind == "O")

    def _plain(self, value: Any, variable: bool) -> Any:
        if isinstance(value, list):
            return [self._plain(item, variable) for item in value]
        if variable:
            value = value or b""  # a string that was never set
        if isinstance(value, bytes):
            self.bytes_left -= len(value)
            return _text(value) if variable else {"bytes": value.decode("latin-1")}
        self.bytes_left -= 8
        if self.bytes_left < 0:
            raise ValueError(f"more than {MAX_VALUE_BYTES >> 20} MB of attributes")
        return value


def _shape(space: Any, h5py: Any) -> list[int] | None:
    if space.get_simple_extent_type() == h5py.h5s.NULL:
        return None
    return list(space.get_simple_extent_dims())


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def main(arguments: list[str]) -> int:
    """Print ``{"objects": [...]}``, ``{"value": ...}`` or ``{"error": "..."}``."""
    limit_process()
    path, offset, size, *dataset = arguments
    try:
        reader = Reader(path, int(offset), int(size))
        answer = (
            {"value": reader.read_value(dataset[0], int(dataset[1]))} if dataset else {"objects": reader.read_all()}
        )
        text = json.dumps(answer)
    except Exception as error:  # whatever h5py makes of broken bytes
        text = json.dumps({"error": " ".join(f"{type(error).__name__}: {error}".split())[:500]})
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
