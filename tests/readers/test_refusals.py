"""What is no Keras model, or a broken one: one line that says what it is, and a hint."""

import gzip
import os
import pickle
import socket
import struct
import tarfile
import zipfile

import h5py
import pytest

from fixtures.catalogue import FILES
from inspector.errors import UnknownFormat, UnreadableModel
from inspector.readers import read
from inspector.readers.archive import CUT_HINT
from inspector.readers.foreign import CHECKPOINT_HINT, DOWNLOAD_HINT, KERAS_HINT

SAVED = FILES / "nested_three_deep.keras"
UNPACK = "unpack it and name what is in it"
UNKNOWN = {
    "a.keras": (b"", "an empty file", "save the model again: nothing was written here"),
    "a.h5": (b"\0" * 64, "a file of zeros: it was allocated and never written", KERAS_HINT),
    "lfs.keras": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
        "a Git LFS pointer: the model itself was not downloaded",
        "run `git lfs pull`",
    ),
    "page.h5": (b"\n<!DOCTYPE html><html>", "an HTML page, not a model", DOWNLOAD_HINT),
    "a.tflite": (b"\x1c\0\0\0TFL3....", "a TensorFlow Lite model: what is left of a Keras model", KERAS_HINT),
    "a.safetensors": (
        struct.pack("<Q", 15) + b'{"a":{"x":"F"}}',
        "a safetensors file: tensors, not a Keras model",
        KERAS_HINT,
    ),
    "a.onnx": (b"\x08\x07\x12\x07pytorch", "an ONNX model, not a Keras model", KERAS_HINT),
    "a.npy": (b"\x93NUMPY\1\0", "a numpy array, not a Keras model", KERAS_HINT),
    "a.gz": (gzip.compress(b"x"), "a gzip file", UNPACK),
    "a.zst": (b"\x28\xb5\x2f\xfd...", "a compressed file", UNPACK),
    "a.pkl": (pickle.dumps({"a": 1}), "a pickle, which is never opened", "save the model with model.save('x.keras')"),
    "old.pt": (
        b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.",
        "a PyTorch checkpoint, not a Keras model",
        KERAS_HINT,
    ),
    "a.yaml": (
        b"backend: tensorflow\nclass_name: Model\n",
        "a model in YAML, which Keras no longer reads",
        "load it with Keras 2.6 or older and save a .keras file",
    ),
    "ckpt.index": (b"\0\0\x01", "a TensorFlow checkpoint: weights without a model", CHECKPOINT_HINT),
    "a.txt": (b"hello\nworld\n", "a text file, not a Keras model", KERAS_HINT),
    "b.keras": (
        b"\xfe" * 4,
        "not a Keras model, whatever its name says: it begins with b'\\xfe\\xfe\\xfe\\xfe'",
        KERAS_HINT,
    ),
    "list.json": (b"[1]", "a text file, not a Keras model", KERAS_HINT),
    "object.json": (b'{"a": 1}', "JSON, and an object without a 'class_name', not a Keras model", None),
    "hub.json": (b'{"model_type": "x"}', "JSON, and the config of a Hugging Face model, not a Keras model", None),
    "metadata.json": (
        b'{"keras_version": "3", "date_saved": "now"}',
        "JSON, and the metadata of a .keras archive, not a Keras model",
        "name the config.json beside it, or the folder",
    ),
}


def refusal(path, error):
    with pytest.raises(error) as caught:
        read(path)
    assert "\n" not in caught.value.message
    return caught.value.message, caught.value.hint


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_no_keras_model(name, tmp_path):
    content, message, hint = UNKNOWN[name]
    (tmp_path / name).write_bytes(content)
    assert refusal(tmp_path / name, UnknownFormat) == (message, hint)


def write_zip(path, members, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)


def member(name):
    with zipfile.ZipFile(SAVED) as archive:
        return archive.read(name)


@pytest.mark.parametrize(
    ("name", "error", "message", "hint"),
    [
        ("archive/data.pkl", UnknownFormat, "a PyTorch checkpoint, not a Keras model", KERAS_HINT),
        ("w.npy", UnknownFormat, "a numpy .npz file: arrays, not a Keras model", KERAS_HINT),
        ("a.txt", UnknownFormat, "a zip archive, not a Keras model: there is no config.json in it", KERAS_HINT),
        ("model.weights.h5", UnreadableModel, "a .keras archive without its config.json", "save the model again"),
        (
            "m/config.json",
            UnreadableModel,
            "a zip of a folder: the model is in 'm'",
            "unzip it and name the folder, or zip what is in the folder",
        ),
    ],
)
def test_zip_archives_without_a_model(name, error, message, hint, tmp_path):
    write_zip(tmp_path / "a.zip", [(name, b"x")])
    assert refusal(tmp_path / "a.zip", error) == (message, hint)


def test_tar(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(SAVED)
    assert refusal(tmp_path / "a.tar", UnknownFormat) == ("a tar archive", UNPACK)


@pytest.mark.parametrize(
    ("files", "error", "message", "hint"),
    [
        (["saved_model.pb"], UnknownFormat, "a SavedModel", "load it with tf_keras and save a .keras file"),
        (
            ["checkpoint", "c.index"],
            UnknownFormat,
            "a folder of TensorFlow checkpoints: weights without a model",
            CHECKPOINT_HINT,
        ),
        (["model.safetensors"], UnknownFormat, "the folder of a PyTorch model, not of a Keras model", KERAS_HINT),
        (
            ["metadata.json"],
            UnreadableModel,
            "an unzipped .keras folder without its config.json",
            "unzip the .keras file again",
        ),
        ([], UnknownFormat, "a folder, and no unzipped .keras model", KERAS_HINT),
    ],
)
def test_folders(files, error, message, hint, tmp_path):
    for name in files:
        (tmp_path / name).write_bytes(b"x")
    assert refusal(tmp_path, error) == (message, hint)


def test_a_folder_that_holds_a_model_says_which(tmp_path):
    (tmp_path / "a.keras").write_bytes(b"x")
    assert refusal(tmp_path, UnknownFormat)[1] == f"name the file: {str(tmp_path / 'a.keras')!r}"


def test_special_files_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "sock"))
    hint = "name a file or a directory that holds a model"
    assert refusal(tmp_path / "fifo", UnknownFormat) == ("a FIFO, not a file", hint)
    assert refusal(tmp_path / "sock", UnknownFormat) == ("a socket, not a file", hint)
    assert refusal("/dev/zero", UnknownFormat) == ("a device, not a file", hint)


def test_links(tmp_path):
    (tmp_path / "self.keras").symlink_to("self.keras")
    (tmp_path / "gone.keras").symlink_to("nowhere")
    assert refusal(tmp_path / "self.keras", UnreadableModel)[0] == "cannot be opened: too many levels of symbolic links"
    assert refusal(tmp_path / "gone.keras", UnreadableModel)[0] == "a symbolic link to 'nowhere', which is not there"
    (tmp_path / "good.keras").symlink_to(SAVED)
    assert read(tmp_path / "good.keras").format == "keras"


def test_a_missing_file_names_its_neighbours(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"x")
    near = f"did you mean {str(tmp_path / 'model.keras')!r}?"
    assert refusal(tmp_path / "modle.keras", UnreadableModel) == ("no such file", near)
    assert refusal(tmp_path / "model.h5", UnreadableModel) == ("no such file", near)
    assert refusal(tmp_path / "other.txt", UnreadableModel) == ("no such file", None)
    missing = tmp_path / "no"
    assert refusal(missing / "a.keras", UnreadableModel) == ("no such file", f"there is no folder {str(missing)!r}")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may read everything")
def test_permission_denied(tmp_path):
    (tmp_path / "a.keras").write_bytes(b"x")
    (tmp_path / "a.keras").chmod(0)
    assert refusal(tmp_path / "a.keras", UnreadableModel)[0] == "permission denied"


def test_hdf5_that_is_not_keras(tmp_path):
    hint = "a Keras file has 'model_config', 'layer_names' or 'vars' in it"
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = [1, 2]
    assert refusal(tmp_path / "a.h5", UnknownFormat) == ("an HDF5 file, not a Keras model: it holds 'data'", hint)
    with h5py.File(tmp_path / "b.h5", "w"):
        pass
    assert refusal(tmp_path / "b.h5", UnknownFormat) == ("an HDF5 file with nothing in it, not a Keras model", hint)
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file.attrs["model_config"] = 3
    assert refusal(tmp_path / "c.h5", UnreadableModel)[0] == "the attribute 'model_config' is not text"


def test_cut_hdf5(tmp_path):
    data = (FILES / "trained.h5").read_bytes()
    (tmp_path / "a.h5").write_bytes(data[: len(data) // 2])
    message, hint = refusal(tmp_path / "a.h5", UnreadableModel)
    assert message.startswith("the HDF5 file is truncated: ") and hint == CUT_HINT


def test_shards(tmp_path):
    def refuse(content):
        (tmp_path / "x.weights.json").write_bytes(content)
        return refusal(tmp_path / "x.weights.json", UnreadableModel)

    outside = "x.weights.json names a shard outside of its folder: '../a.h5'"
    assert refuse(b'{"weight_map": {"/a/vars": "../a.h5"}}')[0] == outside
    assert refuse(b'{"weight_map": {"/a/vars": ["a.h5"]}}') == (
        "the shard 'a.h5' is missing",
        "put it beside x.weights.json",
    )
    assert refuse(b'{"weight_map": 1}')[0] == "x.weights.json has no 'weight_map' that says which file keeps what"


def test_the_folder_of_another_library(tmp_path):
    (tmp_path / "config.json").write_bytes(b'{"architectures": ["Bert"]}')
    message = "its config.json is the config of a Hugging Face model, not a Keras model"
    assert refusal(tmp_path, UnknownFormat) == (message, None)


def test_broken_weights_do_not_keep_the_config_from_being_read(tmp_path):
    broken = member("model.weights.h5")[:9000]
    write_zip(tmp_path / "a.keras", [("config.json", member("config.json")), ("model.weights.h5", broken)])
    model = read(tmp_path / "a.keras")
    assert model.graph.name == "nested_three_deep"
    with pytest.raises(UnreadableModel, match=r"^model\.weights\.h5 is truncated: ") as caught:
        model.weights  # noqa: B018 - read for its errors
    assert caught.value.hint == CUT_HINT
