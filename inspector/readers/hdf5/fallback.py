"""The parent's side of ``child``: start it, bound it, and build groups and datasets from its answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, TypeVar

from .datatypes import Datatype, Undecoded, parse_datatype
from .headers import Header
from .layouts import Layout
from .links import Link
from .objects import Dataset, Group, NamedType, Node, Spot
from .source import MALFORMED, UNDEFINED, Source
from .window import Hdf5Error, Window

MAX_KEPT = 4 << 20
TIMEOUT = 20.0  # seconds; the child's own limit is 5 s of CPU time

Found = TypeVar("Found", Group, Dataset)


class ChildTree:
    """All objects of a file as h5py has them, by path. Raises ``Hdf5Error`` when h5py cannot read the file either."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._source = Source(window, None)
        self._source.tree = self
        self._nodes: dict[str, Node] = {}
        children: dict[str, dict[str, Node]] = {}
        try:
            for row in ask_child(window)["objects"]:
                self._add(row, children)
        except (KeyError, TypeError, AttributeError, *MALFORMED) as error:
            raise Hdf5Error(f"h5py's account of the file is not understood: {error!r}") from None

    def _add(self, row: dict[str, Any], children: dict[str, dict[str, Node]]) -> None:
        path = row["path"]
        if row["kind"] == "group":
            same = row.get("same")
            children[path] = children.setdefault(path if same is None else same, {})
        node = self._nodes[path] = self._build(row, children)
        if path:
            parent, _, name = path.rpartition("/")
            children[parent][name] = node

    @property
    def root(self) -> Group:
        """The root group."""
        return self._find("", Group)

    def node(self, path: str) -> Group | Dataset | NamedType:
        """The object at ``path``."""
        node = self._nodes.get(path)
        if node is None or isinstance(node, Link):
            raise Hdf5Error(f"h5py finds no object {path} in the file")
        return node

    def children(self, path: str) -> Mapping[str, Node]:
        """Name → object of the group at ``path``."""
        return self._find(path, Group).children

    def attributes(self, path: str) -> Mapping[str, Any]:
        """Name → value of the object at ``path``."""
        return self.node(path).attributes

    def stored(self, path: str) -> int:
        """Bytes that the dataset at ``path`` takes up in the file."""
        return self._find(path, Dataset).stored

    def _find(self, path: str, kind: type[Found]) -> Found:
        node = self.node(path)
        if not isinstance(node, kind):
            raise Hdf5Error(f"h5py finds no {kind.__name__.lower()} {path} in the file")
        return node

    def value(self, path: str, limit: int) -> Any:
        """The value of a dataset that only libhdf5 can read: chunks, filters, fill values."""
        return _value(ask_child(self._window, path, str(limit))["value"])

    def _build(self, row: dict[str, Any], children: dict[str, dict[str, Node]]) -> Node:
        path, kind = row["path"], row["kind"]
        if kind == "link":
            return Link(path, row["link"], row["target"])
        attributes = {name: _value(value) for name, value in row["attributes"].items()}
        spot = Spot(self._source, path, row["address"], Header())
        if kind == "group":
            return Group(spot, attributes, children[path])
        datatype = _datatype(row["type"])
        if kind == "type":
            return NamedType(spot, datatype.name, attributes)
        shape = None if row["shape"] is None else tuple(row["shape"])
        layout = Layout(row["layout"], UNDEFINED if row["offset"] is None else row["offset"], row["stored"])
        external = None if row["external"] is None else tuple(row["external"])
        return Dataset(spot, shape, datatype, layout, tuple(row["filters"]), external, attributes)


_answers: dict[tuple[object, ...], bytes] = {}  # the last one: a file that needs h5py is read several times in a row


def ask_child(window: Window, *arguments: str) -> dict[str, Any]:
    """The child's answer. It gets the parent's import path, but neither the current folder nor HDF5's plug-ins."""
    key = (window.path, window.offset, window.size, window.stamp, *arguments)
    if key not in _answers:
        answer = run_child(window, arguments)
        _answers.clear()
        if len(answer) > MAX_KEPT:
            return parse_answer(answer)
        _answers[key] = answer
    return parse_answer(_answers[key])


def run_child(window: Window, arguments: tuple[str, ...]) -> bytes:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HDF5_")}
    environment["HDF5_PLUGIN_PRELOAD"] = "::"  # libhdf5's word for: load no plug-in
    environment["OPENBLAS_NUM_THREADS"] = "1"  # each thread would reserve address space
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if os.path.isabs(path))
    place = (os.path.abspath(window.path), str(window.offset), str(window.size))
    command = [sys.executable, "-P", "-m", "inspector.readers.hdf5.child", *place, *arguments]
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise Hdf5Error(f"h5py has not read the file in {TIMEOUT:.0f} seconds") from None
    except (OSError, ValueError) as error:
        raise Hdf5Error(f"h5py cannot be started: {error}") from None
    return done.stdout or str(done.returncode).encode()


def parse_answer(stdout: bytes) -> dict[str, Any]:
    try:
        answer: Any = json.loads(stdout)
    except ValueError:
        raise Hdf5Error("h5py fails on the file: its answer is cut") from None
    if not isinstance(answer, dict):
        raise Hdf5Error(f"h5py fails on the file (exit status {answer})")
    if "error" in answer:
        raise Hdf5Error(f"h5py cannot read the file: {answer['error']}")
    return answer


def _datatype(encoded: str) -> Datatype:
    return parse_datatype(bytes.fromhex(encoded)[2:])  # after two bytes that say: a datatype, encoding 0


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return [_value(item) for item in value]
    if isinstance(value, dict):
        if "bytes" in value:
            return value["bytes"].encode("latin-1")
        return Undecoded(_datatype(value["type"]).name, tuple(value["shape"]))
    return value
