"""From a path to the graph of the model in it. A reader is one file with FORMAT, ``recognises`` and ``read``."""

from __future__ import annotations

import os
from typing import Protocol, cast

from ..graph import Model
from . import config_json, foreign, keras_archive, legacy_h5, weights_file
from .hdf5 import Hdf5Error
from .probe import Probe, look_at
from .stores import explain


class Reader(Protocol):
    """A file of this package: asked by the bytes first, and by the name only where bytes do not tell."""

    FORMAT: str

    def recognises(self, probe: Probe) -> bool: ...

    def read(self, probe: Probe) -> Model: ...


READERS = tuple(cast(Reader, module) for module in (keras_archive, legacy_h5, weights_file, config_json, foreign))


def read(path: str | os.PathLike[str]) -> Model:
    """Read a model file or folder without Keras, and without running anything in it.

    Weights are not read, but for their index where the layers are known from it alone. Raises `KinspectError`:
    `UnknownFormat` for what is no Keras model, `UnreadableModel` for one that is broken.
    """
    probe = look_at(path)
    try:
        reader = next(reader for reader in READERS if reader.recognises(probe))
        return reader.read(probe)
    except Hdf5Error as error:
        raise explain(error, "the HDF5 file") from None


__all__ = ["READERS", "Reader", "read"]
