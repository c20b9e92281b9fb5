"""Zip archives as Keras never writes them: read where Keras would read them, else one line."""

import io
import struct
import zipfile

import numpy as np
import pytest

from fixtures.catalogue import FILES
from inspector.errors import KinspectError
from inspector.readers import read
from inspector.readers.archive import CUT_HINT

SAVED = (FILES / "nested_three_deep.keras").read_bytes()
with zipfile.ZipFile(io.BytesIO(SAVED)) as saved:
    CONFIG, METADATA, WEIGHTS = (saved.read(n) for n in ("config.json", "metadata.json", "model.weights.h5"))
BRACE = "expecting property name enclosed in double quotes at line 1, column 2"
WHOLE = [("metadata.json", METADATA), ("config.json", CONFIG), ("model.weights.h5", WEIGHTS)]


def write(path, members, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def refusal(path):
    with pytest.raises(KinspectError) as caught:
        read(path).weights  # noqa: B018 - read for its errors
    return caught.value.message, caught.value.hint


def codes(model):
    return [note.code for note in model.notes]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_compression_is_read(method, tmp_path):
    model = read(write(tmp_path / "a.keras", WHOLE, method))
    assert {w.path: len(w.load()) for w in model.weights.tensors} == {
        "layers/functional/layers/functional/layers/dense/vars/0": 80,
        "layers/functional/layers/functional/layers/dense/vars/1": 20,
    }
    assert codes(model) == []


def test_what_is_unpacked_is_removed_again(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    (tmp_path / "temp").mkdir()
    model = read(write(tmp_path / "a.keras", WHOLE, zipfile.ZIP_DEFLATED))
    assert not list((tmp_path / "temp").iterdir())
    assert model.weights.tensors[0].load()
    assert len(list((tmp_path / "temp").iterdir())) == 1
    del model
    assert not list((tmp_path / "temp").iterdir())


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_last_of_two_members_counts(tmp_path):
    model = read(write(tmp_path / "a.keras", [("config.json", b"{}"), *WHOLE]))
    assert model.graph.name == "nested_three_deep" and codes(model) == ["duplicate-member"]


def test_members_that_lead_outside_are_told(tmp_path):
    model = read(write(tmp_path / "a.keras", [*WHOLE, ("../x", b""), ("/etc/x", b""), ("c:\\x", b"")]))
    assert codes(model) == ["archive-traversal"] * 3


def test_bytes_before_the_archive_are_told(tmp_path):
    (tmp_path / "a.keras").write_bytes(b"#!/bin/sh\n" + SAVED)
    model = read(tmp_path / "a.keras")
    assert codes(model) == ["archive-prefix"] and len(model.weights.tensors) == 2


def test_without_metadata_or_weights(tmp_path):
    model = read(write(tmp_path / "a.keras", [("config.json", CONFIG)]))
    assert (model.keras_version, model.weights) == (None, None)
    assert codes(model) == ["no-metadata", "weights-not-read"]


def test_assets_are_counted():
    assert [n.message for n in read(FILES / "text_preprocessing.keras").notes] == ["2 asset files in assets/"]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("config.json", b"{")], f"config.json is not JSON: {BRACE}"),
        ([*WHOLE[1:], ("metadata.json", b"[")], "metadata.json is not JSON: expecting value at line 1, column 2"),
        ([*WHOLE[:2], ("model.weights.h5", b"1234")], "model.weights.h5 is not an HDF5 file: no signature"),
        (
            [("config.json", b'{"class_name": 1}')],
            "its config.json is an object without a 'class_name', not a Keras model",
        ),
    ],
)
def test_broken_members(members, message, tmp_path):
    assert refusal(write(tmp_path / "a.keras", members))[0] == message


def test_bombs(tmp_path):
    zeros = b"\0" * (70 << 20)
    path = write(tmp_path / "a.keras", [("config.json", zeros)], zipfile.ZIP_DEFLATED)
    assert refusal(path)[0] == "config.json unpacks 71,354 bytes to 73,400,320: a decompression bomb"
    path = write(tmp_path / "b.keras", [*WHOLE[:2], ("model.weights.h5", zeros)], zipfile.ZIP_DEFLATED)
    assert refusal(path)[0] == "model.weights.h5 unpacks 71,354 bytes to 73,400,320: a decompression bomb"


def directory_entries(data):
    at = data.find(b"PK\1\2")
    while at >= 0:
        yield at
        at = data.find(b"PK\1\2", at + 4)


def test_encrypted(tmp_path):
    data = bytearray(SAVED)
    for at in directory_entries(data):
        data[at + 8] |= 1
    (tmp_path / "a.keras").write_bytes(data)
    assert refusal(tmp_path / "a.keras") == ("config.json is encrypted", "Keras does not read encrypted archives")


def test_members_that_claim_more_than_the_file(tmp_path):
    data = bytearray(SAVED)
    for at in directory_entries(data):
        struct.pack_into("<II", data, at + 20, 0xFFFFFFF0, 0xFFFFFFF0)
    (tmp_path / "a.keras").write_bytes(data)
    assert refusal(tmp_path / "a.keras") == (
        "config.json should have 4,294,967,280 bytes, more than the file",
        CUT_HINT,
    )


def test_unknown_compression_and_bad_names(tmp_path):
    data = bytearray(SAVED)
    for at in directory_entries(data):
        struct.pack_into("<H", data, at + 10, 97)
    (tmp_path / "a.keras").write_bytes(data)
    message = "config.json is broken: that compression method is not supported"
    assert refusal(tmp_path / "a.keras") == (message, CUT_HINT)


def test_cut(tmp_path):
    (tmp_path / "a.keras").write_bytes(SAVED[:-30])
    assert refusal(tmp_path / "a.keras")[1] == CUT_HINT


def make_npz(arrays):
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


def test_npz_headers_are_read_and_pickles_are_not(tmp_path):
    arrays = {"layers/dense/vars/0": np.zeros((4, 5), "float32"), "layers/dense/vars/1": np.zeros(5, "float16")}
    path = write(tmp_path / "a.keras", [*WHOLE[:2], ("model.weights.npz", make_npz(arrays))])
    assert [(w.path, w.shape, w.dtype, w.nbytes) for w in read(path).weights.tensors] == [
        ("layers/dense/vars/0", (4, 5), "float32", 80),
        ("layers/dense/vars/1", (5,), "float16", 10),
    ]
    (note,) = read(FILES / "nested_three_deep.npz.keras").notes
    assert note.code == "weights-not-read" and note.message.endswith(
        "is a pickled Python object, which is never opened"
    )


def test_an_array_that_claims_more_than_it_holds(tmp_path):
    data = make_npz({"a": np.zeros(5, "float32")}).replace(b"(5,)", b"(9,)")
    path = write(tmp_path / "a.keras", [*WHOLE[:2], ("model.weights.npz", data)])
    assert read(path).weights is None and codes(read(path)) == ["weights-not-read"]
