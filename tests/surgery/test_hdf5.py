"""The HDF5 writer against h5py: names, shapes, dtypes, bytes and attributes, and the layout Keras's readers expect."""

import io

import h5py
import ml_dtypes
import numpy as np
import pytest

from inspector.errors import KinspectError
from inspector.readers.hdf5 import Window, open_hdf5
from inspector.surgery.hdf5 import Dataset, Group, encode_datatype, lay_out, write_hdf5

DTYPES = (
    "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool",
)  # fmt: skip


def written(root):
    buffer = io.BytesIO()
    layout = lay_out(root)
    write_hdf5(layout, buffer.write)
    assert len(buffer.getvalue()) == layout.size
    return buffer


def dataset(array):
    return Dataset(array.shape, str(array.dtype), array.nbytes, lambda: [array.tobytes()])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (5, 7)])
def test_every_dtype_and_shape(dtype, shape):
    array = (np.random.default_rng(0).random(shape) * 100).astype(dtype)
    root = Group()
    root.group("a/b").children["0"] = dataset(array)
    with h5py.File(written(root)) as file:
        found = file["a/b/0"]
        assert found.dtype == array.dtype and found.shape == array.shape
        assert np.array_equal(np.asarray(found), array)


def test_bfloat16_as_keras_reads_it():
    array = np.arange(5).astype(ml_dtypes.bfloat16)
    root = Group()
    root.children["0"] = dataset(array)
    with h5py.File(written(root)) as file:
        assert file["0"].attrs["dtype"] == "bfloat16"
        assert np.array_equal(np.array(file["0"], dtype=ml_dtypes.bfloat16), array)


@pytest.mark.parametrize("count", [0, 1, 8, 9, 256, 257, 3000])
def test_groups_of_any_size(count, tmp_path):
    root = Group()
    for number in range(count):
        root.group(f"layers/layer_{number}/vars").attributes["name"] = f"ü{number}"
    root.group("layers")
    path = tmp_path / "many.h5"
    path.write_bytes(written(root).getvalue())
    with h5py.File(path) as file:
        assert sorted(file["layers"]) == sorted(f"layer_{number}" for number in range(count))
        assert all(file[f"layers/layer_{n}/vars"].attrs["name"] == f"ü{n}" for n in range(count))
    with Window(path) as window:
        assert len(open_hdf5(window).root.children["layers"].children) == count


def test_attributes_of_any_length():
    long, names = "é" * 300_000, [f"layer_{number}" for number in range(2000)]
    root = Group({"long": long, "empty": "", "names": names, "none": []})
    with h5py.File(written(root)) as file:
        assert file.attrs["long"] == long and file.attrs["empty"] == ""
        assert [name.decode() for name in file.attrs["names"]] == names
        assert len(file.attrs["none"]) == 0


def test_what_has_no_place_in_a_file_is_refused():
    with pytest.raises(KinspectError, match="float8"):
        encode_datatype("float8_e4m3fn")
    root = Group()
    root.children["a/b"] = Group()
    with pytest.raises(KinspectError, match="a/b"):
        lay_out(root)
    with pytest.raises(KinspectError, match="too long"):
        lay_out(Group({"names": ["x" * 100] * 700}))


def test_blocks_are_written_in_turn_and_padded():
    taken = []

    def blocks():
        taken.append(len(buffer.getvalue()))
        yield b"abc"
        yield b"de"

    root = Group()
    root.children["a"] = Dataset((5,), "uint8", 5, blocks)
    root.children["b"] = Dataset((5,), "uint8", 5, blocks)
    buffer, layout = io.BytesIO(), lay_out(root)
    write_hdf5(layout, buffer.write)
    assert taken == [len(layout.metadata), len(layout.metadata) + 8]
    with h5py.File(buffer) as file:
        assert bytes(file["a"][:]) == bytes(file["b"][:]) == b"abcde"
