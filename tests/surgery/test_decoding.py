"""Tensors in pieces and compressed ones as sources: the bytes that come out are h5py's, in every layout it writes."""

import zipfile

import h5py
import numpy as np
import pytest

from fixtures.catalogue import FILES
from inspector.errors import KinspectError
from inspector.graph import Weight
from inspector.readers.archive import Range
from inspector.surgery.decoding import decode_blocks

from .parents import extract, read

LAYOUTS = {
    "plain chunks": {"chunks": (3, 4)}, "whole": {"chunks": (10, 9)}, "deflated": {"compression": "gzip"},
    "shuffled": {"compression": "gzip", "shuffle": True, "chunks": (4, 9)},
    "checked": {"compression": "gzip", "shuffle": True, "fletcher32": True, "chunks": (10, 2)},
    "checked alone": {"fletcher32": True, "chunks": (1, 1)}, "growing": {"maxshape": (None, 9), "chunks": (5, 3)},
}  # fmt: skip


def stored(path, array, libver=None, **options):
    with h5py.File(path, "w", libver=libver) as file:
        file.create_dataset("a/b", data=array, **options)
    size = path.stat().st_size
    return Range(str(path), 0, size), Weight("a/b", array.shape, str(array.dtype), array.nbytes)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "int64", ">f4"])
@pytest.mark.parametrize("options", LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_and_dtype(options, dtype, tmp_path):
    array = (np.random.default_rng(0).normal(size=(10, 9)) * 50).astype(dtype)
    blocks = decode_blocks(*stored(tmp_path / "x.h5", array, **options))
    little = array.astype(array.dtype.newbyteorder("<"))
    assert b"".join(blocks()) == little.tobytes() and b"".join(blocks()) == little.tobytes()


@pytest.mark.parametrize("shape", [(7,), (5, 6, 7), (3, 4, 5, 6)])
def test_every_rank(shape, tmp_path):
    array = np.random.default_rng(0).normal(size=shape).astype("float32")
    blocks = decode_blocks(
        *stored(tmp_path / "x.h5", array, chunks=tuple(max(1, d // 2) for d in shape), compression=9)
    )
    assert b"".join(blocks()) == array.tobytes()


@pytest.mark.parametrize("options", LAYOUTS.values(), ids=LAYOUTS)
def test_newer_indices_of_chunks(options, tmp_path):
    array = np.random.default_rng(0).normal(size=(10, 9)).astype("float32")
    assert b"".join(decode_blocks(*stored(tmp_path / "x.h5", array, "latest", **options))()) == array.tobytes()


@pytest.mark.parametrize("compression", ["lzf"])
def test_other_filters_are_refused(compression, tmp_path):
    with pytest.raises(KinspectError, match="lzf"):
        decode_blocks(*stored(tmp_path / "x.h5", np.zeros((4, 4), "float32"), compression=compression))


def test_missing_and_broken_pieces_are_refused(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("a/b", (8, 8), "float32", chunks=(4, 4))[:4, :] = 1
        file["a/b"][4:, 4:] = 1
    with pytest.raises(KinspectError, match="not all of them"):
        decode_blocks(Range(str(path), 0, path.stat().st_size), Weight("a/b", (8, 8), "float32", 256))
    source, weight = stored(path, np.random.default_rng(0).normal(size=(40, 40)).astype("f4"), compression="gzip")
    data = bytearray(path.read_bytes())
    with h5py.File(path) as file:
        start = file["a/b"].id.get_chunk_info(0).byte_offset
    data[start + 40 : start + 60] = bytes(20)
    path.write_bytes(data)
    with pytest.raises(KinspectError, match="piece"):
        list(decode_blocks(source, weight)())


def compress(source, target):
    with h5py.File(source) as old, h5py.File(target, "w") as new:

        def copy(name, node):
            made = new.create_group(name) if isinstance(node, h5py.Group) else None
            if made is None:
                options = {"compression": "gzip", "shuffle": True} if node.shape else {}
                made = new.create_dataset(name, data=node[()], **options)
            made.attrs.update(node.attrs)

        new.attrs.update(old.attrs)
        old.visititems(copy)


@pytest.mark.parametrize("ending", [".h5", ".keras"])
def test_a_compressed_model_file(ending, tmp_path):
    source = FILES / "nested_autoencoder.h5"
    compress(source, tmp_path / "packed.h5")
    extract(read(source), every=True).save(tmp_path / f"a{ending}")
    extract(read(tmp_path / "packed.h5"), every=True).save(tmp_path / f"b{ending}")
    assert tensors(tmp_path / f"a{ending}") == tensors(tmp_path / f"b{ending}")


def test_deflated_members(tmp_path):
    source, packed = FILES / "toy_resnet.keras", tmp_path / "packed.keras"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    extract(read(source), ["add"]).save(tmp_path / "a.keras")
    extract(read(packed), ["add"]).save(tmp_path / "b.keras")
    assert tensors(tmp_path / "a.keras") == tensors(tmp_path / "b.keras") != {}


def tensors(path):
    return {weight.path: weight.load() for weight in read(path).weights.tensors}
