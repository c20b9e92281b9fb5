"""An HDF5 file as a tree of groups and datasets, and the way to open one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from .links import Link
from .objects import Children, Dataset, Group, NamedType, Node, read_object
from .source import Source
from .window import Hdf5Error, NotCovered, Window

if TYPE_CHECKING:
    from .fallback import ChildTree

MAX_OBJECTS = 1_000_000
MAX_DEPTH = 1_000
A_LOT = 20_000  # objects, after which the pages of the file are given back


class Hdf5File:
    """The metadata of one HDF5 file. Nothing is read before it is asked for; no link out of the file is followed.

    Raises ``Hdf5Error`` for broken bytes, here or wherever the broken part is asked for, and its subclass
    ``NotCovered`` for what this reader does not know, unless ``fallback`` reads that in another way.
    """

    def __init__(self, window: Window, fallback: Callable[[], ChildTree] | None = None) -> None:
        self.window = window
        self._source = Source(window, fallback)
        self._root: Group | None = None
        try:
            self._source.read_superblock()
        except NotCovered as reason:
            self._root = self._source.recover(reason).root

    @property
    def user_block(self) -> int:
        """Bytes before the superblock, which HDF5 leaves to others."""
        return self._source.superblock_offset

    @property
    def root(self) -> Group:
        """The root group, whose path is empty."""
        if self._root is None:
            root = read_object(self._source, "", self._source.root_address)
            if not isinstance(root, Group):
                raise Hdf5Error("broken HDF5: the root is not a group")
            self._root = root
        return self._root

    def walk(self) -> Iterator[tuple[str, Node]]:
        """Every object below the root with its path, depth first, in the order of each group.

        A link to a group that was met before comes as ``Link`` of kind hard with that group's path, so cycles end.
        """
        met = {self.root.address: ""}
        stack = [read_children(self.root)]
        count = 0
        while stack:
            node = next(stack[-1], None)
            if node is None:
                stack.pop()
                continue
            count += 1
            if not count % A_LOT:
                self.window.forget()
            if count > MAX_OBJECTS:
                raise Hdf5Error(f"holds more than {MAX_OBJECTS:,} objects")
            if isinstance(node, Group):
                if node.address in met:
                    yield node.path, Link(node.path, "hard", met[node.address])
                    continue
                met[node.address] = node.path
                if len(stack) >= MAX_DEPTH:
                    raise Hdf5Error(f"groups lie more than {MAX_DEPTH:,} deep")
                stack.append(read_children(node))
            yield node.path, node


def read_children(group: Group) -> Iterator[Node]:
    """What a group holds, each read as it is asked for and not kept."""
    children = group.children
    for name in children:
        yield children.read(name) if isinstance(children, Children) else children[name]


def open_hdf5(source: Window | str | os.PathLike[str]) -> Hdf5File:
    """Open a file, or a window on one, with h5py in a child process standing in for what the reader does not know.

    Raises ``Hdf5Error``. The caller closes the window; ``.window`` is the one that is made for a path.
    """
    window = source if isinstance(source, Window) else Window(source)

    def ask_child() -> ChildTree:
        from .fallback import ChildTree

        return ChildTree(window)

    try:
        return Hdf5File(window, ask_child)
    except BaseException:
        if window is not source:
            window.close()
        raise


__all__ = ["Dataset", "Group", "Hdf5File", "NamedType", "Node", "open_hdf5"]
