"""Everything that an HDF5 file consists of, one row each: for those who look at all of it, broken parts too."""

from __future__ import annotations

from typing import NamedTuple

from .datatypes import Shape
from .fallback import ChildTree
from .file import A_LOT, MAX_DEPTH, Hdf5File
from .links import Link
from .objects import Children, Dataset, Group, NamedType, Node
from .window import Hdf5Error, NotCovered, Window

MAX_OBJECTS = 200_000
MAX_PROBLEMS = 20
FAILS = ("h5py has not", "h5py cannot be started", "h5py fails")  # what the child process says of itself
GROUP, DATASET, TYPE, LINK = "group", "dataset", "type", "link"


class StoredObject(NamedTuple):
    """A group, a dataset, a named type, or a link that is none of Keras's hard ones.

    ``link`` is soft, external or user; hard for a group that stands at ``target`` too; cycle for one that it is itself
    a part of. ``layout`` is HDF5's: compact, contiguous, chunked, virtual. ``declared`` are the bytes that the shape
    asks for, ``stored`` those that the file keeps; None where that is not known.
    """

    path: str
    kind: str
    link: str = ""
    target: str = ""
    shape: Shape = ()
    dtype: str = ""
    layout: str = ""
    filters: tuple[int, ...] = ()
    is_external: bool = False
    external: tuple[str, ...] = ()
    declared: int = 0
    stored: int | None = 0


class Problem(NamedTuple):
    """What could not be seen, and why: because it is broken, or because it is beyond what is read (``unread``)."""

    path: str
    message: str
    unread: bool = False


class Inventory(NamedTuple):
    """The objects as far as they could be seen."""

    objects: tuple[StoredObject, ...]
    problems: tuple[Problem, ...] = ()
    user_block: int = 0


def list_objects(window: Window) -> Inventory:
    """The inventory of a file. Raises `Hdf5Error` where not even the root can be read."""
    file = Hdf5File(window, Fallback(window))
    walk = Walk(file)
    walk.run()
    return Inventory(tuple(walk.objects), tuple(walk.problems), file.user_block)


class Fallback:
    """h5py in a child process, asked once: what it cannot read at first it cannot read later."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.error: Hdf5Error | None = None

    def __call__(self) -> ChildTree:
        if self.error is not None:
            raise self.error
        try:
            return ChildTree(self.window)
        except Hdf5Error as error:
            self.error = error
            raise


class Walk:
    """A walk through hard links, depth first, that goes on where something is broken."""

    def __init__(self, file: Hdf5File) -> None:
        root, self.window = file.root, file.window
        self.objects: list[StoredObject] = []
        self.problems: list[Problem] = []
        self.met = {root.address: ""}
        self.waiting: list[tuple[Group, int]] = [(root, 0)]

    def run(self) -> None:
        while self.waiting and len(self.problems) < MAX_PROBLEMS:
            group, depth = self.waiting.pop()
            try:
                children = group.children
            except Hdf5Error as error:
                self.note(group.path, error)
                continue
            below: list[tuple[Group, int]] = []
            for name in children:
                if len(self.objects) % A_LOT == A_LOT - 1:
                    self.window.forget()
                if len(self.objects) >= MAX_OBJECTS:
                    self.note(group.path, NotCovered(f"the file holds more than {MAX_OBJECTS:,} objects"))
                    return
                try:
                    node = children.read(name) if isinstance(children, Children) else children[name]
                    self.keep(node, group.path, depth, below)
                except Hdf5Error as error:
                    self.note(f"{group.path}/{name}".lstrip("/"), error)
                    if len(self.problems) >= MAX_PROBLEMS:
                        return
            self.waiting.extend(reversed(below))

    def note(self, path: str, error: Hdf5Error) -> None:
        self.problems.append(Problem(path, error.message, is_unread(error)))

    def keep(self, node: Node, parent: str, depth: int, below: list[tuple[Group, int]]) -> None:
        if isinstance(node, Link):
            self.objects.append(StoredObject(node.path, LINK, node.kind, node.target))
        elif isinstance(node, Dataset):
            self.objects.append(self.describe(node))
        elif isinstance(node, NamedType):
            self.objects.append(StoredObject(node.path, TYPE, dtype=node.dtype))
        elif node.address in self.met:
            target = self.met[node.address]
            is_cycle = not target or f"{parent}/".startswith(f"{target}/")
            self.objects.append(StoredObject(node.path, LINK, "cycle" if is_cycle else "hard", target))
        else:
            self.met[node.address] = node.path
            self.objects.append(StoredObject(node.path, GROUP))
            if depth >= MAX_DEPTH:
                raise NotCovered(f"groups lie more than {MAX_DEPTH:,} deep")
            below.append((node, depth + 1))

    def describe(self, node: Dataset) -> StoredObject:
        try:
            stored: int | None = node.stored
        except Hdf5Error as error:
            self.note(node.path, error)
            stored = None
        return StoredObject(
            node.path, DATASET, "", "", node.shape, node.dtype, node.layout, node.filters, node.external,
            node.external_files, node.nbytes, stored,
        )  # fmt: skip


def is_unread(error: Hdf5Error) -> bool:
    """Whether an error says nothing of the file: a form or a size that is not read, or h5py that fails on it."""
    return isinstance(error, NotCovered) or error.message.startswith(FAILS) or "MemoryError" in error.message


__all__ = ["DATASET", "GROUP", "LINK", "TYPE", "Inventory", "Problem", "StoredObject", "is_unread", "list_objects"]
