"""A submodel to a file of Keras's own form, without Keras: whole or not at all, and never over another one unasked."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from ..errors import UsageError
from ..readers.archive import BLOCK
from ..readers.keras_archive import CONFIG, H5, METADATA
from .hdf5 import Layout, lay_out, write_hdf5
from .weights import Cargo


def write_archive(file: IO[bytes], config: Mapping[str, Any], metadata: Mapping[str, Any], cargo: Cargo) -> None:
    """A ``.keras`` archive: members stored uncompressed, the weights streamed in."""
    import zipfile

    layout = lay_out(cargo.root)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo(METADATA), json.dumps(metadata))
        archive.writestr(zipfile.ZipInfo(CONFIG), json.dumps(config))
        member = zipfile.ZipInfo(H5)
        member.file_size = layout.size
        with archive.open(member, "w") as stream:
            write_hdf5(layout, stream.write)
        for name, source in cargo.assets.items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as stream, source.open() as asset:
                while block := asset.read(BLOCK):
                    stream.write(block)


def write_legacy(file: IO[bytes], config: Mapping[str, Any], metadata: Mapping[str, Any], cargo: Cargo) -> None:
    """An ``.h5`` file: the config and the metadata in attributes, the weights in groups."""
    attributes = {"model_config": json.dumps(config)}
    if metadata.get("keras_version"):
        attributes["keras_version"] = str(metadata["keras_version"])
        cargo.root.group("model_weights").attributes["keras_version"] = str(metadata["keras_version"])
    cargo.root.attributes.update(attributes | {"kinspect": json.dumps(metadata["kinspect"])})
    layout: Layout = lay_out(cargo.root)
    write_hdf5(layout, file.write)


def write_whole(path: str, write: Callable[[IO[bytes]], None], *, force: bool = False) -> None:
    """Let ``write`` fill a draft beside ``path`` and put it in its place. Raises `UsageError` where that cannot be."""
    refuse_taken(path, force=force)
    draft = f"{path}.{os.getpid()}.tmp"
    with named_after(path), draft_of(draft) as file:
        write(file)
        file.close()
        if force:
            os.replace(draft, path)
        else:
            put_in_place(draft, path)


def refuse_taken(path: str, *, force: bool) -> None:
    """Raise `UsageError` for a path where no file can be written."""
    if os.path.isdir(path):
        raise UsageError(f"{path}: is a directory")
    if os.path.lexists(path) and not force:
        raise UsageError(f"{path}: exists already", hint="add --force to replace it")
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        raise UsageError(f"{path}: there is no folder {folder!r}")


@contextlib.contextmanager
def named_after(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or str(error)).lower()}") from error


@contextlib.contextmanager
def draft_of(draft: str) -> Iterator[IO[bytes]]:
    """A new file that is gone afterwards, whatever happens, unless it was renamed."""
    try:
        with open(draft, "xb") as file:
            yield file
    finally:
        if os.path.lexists(draft):
            os.unlink(draft)


def put_in_place(draft: str, path: str) -> None:
    """Where links do not exist, at least look whether another file came first."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise UsageError(f"{path}: exists already", hint="add --force to replace it") from None
    except OSError:
        refuse_taken(path, force=False)
        os.replace(draft, path)
