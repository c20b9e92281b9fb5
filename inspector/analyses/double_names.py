"""Names that stand twice in an ``.h5`` file, where each must stand once: read from its attributes alone."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from ..readers.hdf5 import Group, Hdf5Error, Window, open_hdf5
from ..readers.legacy_h5 import LAYER_NAMES, WEIGHT_NAMES, WEIGHTS, find_child, read_names
from ..readers.probe import Probe


class DoubleName(NamedTuple):
    """A name, how often it stands there, the layer it is of (`None`: it is a layer's), and how many have no group."""

    name: str
    times: int
    layer: str | None
    unwritten: int


def find_double_names(probe: Probe) -> list[DoubleName]:
    """The names that clash in the lists of layers and of weights; none where the file is of another kind."""
    try:
        with Window(probe.path) as window:
            root = open_hdf5(window).root
            child = root.children.get(WEIGHTS)
            group = child if isinstance(child, Group) else root
            layers = read_names(group, LAYER_NAMES) or []
            unwritten = sum(not isinstance(find_child(group, name), Group) for name in layers)
            found = [DoubleName(name, times, None, unwritten) for name, times in Counter(layers).items() if times > 1]
            for layer in dict.fromkeys(layers):
                held = find_child(group, layer)
                weights = read_names(held, WEIGHT_NAMES) if isinstance(held, Group) else None
                for name, times in Counter(weights or ()).items():
                    if times > 1:
                        found.append(DoubleName(name, times, layer, unwritten))
            return found
    except Hdf5Error:
        return []


__all__ = ["DoubleName", "find_double_names"]
