"""From a path to the graph of the model in it. A reader is one file with FORMAT, ``recognises`` and ``read``."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from ..errors import UnreadableModel
from .probe import Probe, look_at

if TYPE_CHECKING:
    from ..graph import Model


class Reader(Protocol):
    """A file of this package: asked by the bytes first, and by the name only where bytes do not tell."""

    FORMAT: str

    def recognises(self, probe: Probe) -> bool: ...

    def read(self, probe: Probe) -> Model: ...


READERS = ("keras_archive", "legacy_h5", "weights_file", "config_json", "foreign")


def read(path: str | os.PathLike[str]) -> Model:
    """Read a model file or folder without Keras, and without running anything in it.

    Weights are not read, but for their index where the layers are known from it alone. Raises `KinspectError`:
    `UnknownFormat` for what is no Keras model, `UnreadableModel` for one that is broken.
    """
    probe = look_at(path)
    try:
        return find_reader(probe).read(probe)
    except UnreadableModel as error:
        raise explained(error) from None


def explained(error: UnreadableModel) -> UnreadableModel:
    """What the HDF5 reader says, as a sentence about the file; other errors as they are."""
    hdf5 = sys.modules.get(f"{__name__}.hdf5")
    if hdf5 is None or not isinstance(error, hdf5.Hdf5Error):
        return error
    from .stores import explain

    return explain(error, "the HDF5 file")


def find_reader(probe: Probe) -> Reader:
    """The first reader that recognises the file; a reader is imported when it is asked."""
    readers = (cast(Reader, import_module(f"{__name__}.{name}")) for name in READERS)
    return next(reader for reader in readers if reader.recognises(probe))


__all__ = ["READERS", "Reader", "read"]
