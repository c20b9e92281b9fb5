"""The built-in HDF5 reader against h5py, on files of every structure that h5py and Keras write."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import ml_dtypes
import numpy as np
import pytest

from inspector.readers import hdf5
from inspector.readers.hdf5.fallback import ChildTree

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "files"
BOUNDS = [("earliest", "latest"), ("earliest", "v108"), ("v108", "v108"), ("v110", "v110"), ("latest", "latest")]


def plain(value: Any) -> Any:
    """h5py's value as the reader gives it: lists for arrays, None for empty, Python scalars."""
    if isinstance(value, h5py.Empty):
        return None
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def walk_h5py(group: h5py.Group, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name in group:
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            yield prefix + name, link
            continue
        yield prefix + name, group[name]
        if isinstance(group[name], h5py.Group):
            yield from walk_h5py(group[name], f"{prefix}{name}/")


def assert_same_dataset(mine: hdf5.Dataset, theirs: h5py.Dataset) -> None:
    layouts = {0: "compact", 1: "contiguous", 2: "chunked", 3: "virtual"}
    plist = theirs.id.get_create_plist()
    assert mine.shape == (theirs.shape or ())
    assert mine.layout == layouts[plist.get_layout()]
    assert mine.filters == tuple(plist.get_filter(n)[0] for n in range(plist.get_nfilters()))
    assert mine.external == (plist.get_external_count() > 0)
    assert mine.offset == (theirs.id.get_offset() if mine.nbytes and mine.layout == "contiguous" else None)
    if mine.layout != "virtual":
        assert mine.stored == (0 if mine.external else theirs.id.get_storage_size())
    kind = theirs.dtype.kind
    if kind in "biufc":
        assert (mine.dtype, mine.itemsize) == (theirs.dtype.name, theirs.dtype.itemsize)
        if kind in "iuf" and mine.itemsize > 1:
            assert mine.byteorder == {"=": "<", "<": "<", ">": ">"}[theirs.dtype.byteorder]
    elif kind == "S":
        assert (mine.dtype, mine.itemsize) == ("string", theirs.dtype.itemsize)


def assert_same_file(mine: hdf5.Hdf5File, theirs: h5py.File) -> None:
    walked = dict(mine.walk())
    expected = dict(walk_h5py(theirs))
    assert list(walked) == list(expected)
    for path, other in [("", theirs), *expected.items()]:
        node = walked[path] if path else mine.root
        if isinstance(node, hdf5.Link):
            assert isinstance(other, h5py.SoftLink | h5py.ExternalLink)
            target = f"{other.filename}:{other.path}" if isinstance(other, h5py.ExternalLink) else other.path
            assert node.target == target
            continue
        assert node.path == path
        assert repr(dict(node.attributes)) == repr({name: plain(value) for name, value in other.attrs.items()})
        if isinstance(other, h5py.Dataset):
            assert isinstance(node, hdf5.Dataset)
            assert_same_dataset(node, other)
        elif isinstance(other, h5py.Group):
            assert isinstance(node, hdf5.Group)
            assert list(node.children) == list(other)
        else:
            assert isinstance(node, hdf5.NamedType)


def assert_same(path: Path) -> None:
    """The reader by itself, and h5py in the child process, both see what h5py sees here."""
    with hdf5.Window(path) as window, h5py.File(path) as theirs:
        assert_same_file(hdf5.open_hdf5(window), theirs)
        tree = ChildTree(window)
        by_child = hdf5.open_hdf5(window)
        by_child._root = tree.root
        assert_same_file(by_child, theirs)


@pytest.fixture(params=[(*bounds, tracked) for bounds in BOUNDS for tracked in (False, True)], ids=str)
def create(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., h5py.File]:
    """Opens a new file in one of the versions of the format, with or without creation order."""
    low, high, tracked = request.param

    def new(name: str = "a.h5", **options: Any) -> h5py.File:
        return h5py.File(tmp_path / name, "w", libver=(low, high), track_order=tracked, **options)

    return new


def test_groups_and_datasets(create: Callable[..., h5py.File], tmp_path: Path) -> None:
    with create() as file:
        tracked = file.track_order if hasattr(file, "track_order") else None
        deep = file.create_group("zeta/alpha/mid", track_order=tracked)
        file.create_group("alpha")
        file.create_group("größe/名前")
        for n in range(40):
            deep.create_dataset(f"w{n}", data=np.arange(n, dtype="f4"))
        file["matrix"] = np.zeros((3, 4, 5))
        file["scalar"] = 3.5
        file["same"] = file["matrix"]
        file["back"] = h5py.SoftLink("/zeta/alpha")
        file["out"] = h5py.ExternalLink("other.h5", "/x/y")
    assert_same(tmp_path / "a.h5")


@pytest.mark.parametrize("count", [9, 2000])
def test_many_children(create: Callable[..., h5py.File], tmp_path: Path, count: int) -> None:
    with create() as file:
        for n in range(count):
            file.create_group(f"child {n * 7919 % count}")
    with hdf5.Window(tmp_path / "a.h5") as window, h5py.File(tmp_path / "a.h5") as theirs:
        assert list(hdf5.Hdf5File(window).root.children) == list(theirs)


def test_every_dtype(create: Callable[..., h5py.File], tmp_path: Path) -> None:
    names = ["i1", "u1", "<i2", ">i2", "<u4", ">u4", "<i8", ">u8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "?"]
    with create() as file:
        for name in names:
            array = np.array([0, 1, 1, 0]).astype(name)
            file[f"d {name}"] = array
            file.attrs[f"a {name}"] = array.reshape(2, 2)
            file.attrs[f"s {name}"] = array[1]
        file["c8"] = np.ones(2, "c8")
        file["c16"] = np.ones(2, "c16")
        file["fixed"] = np.array([b"ab", b"abc "])
        file["text"] = ["a", "ü", ""]
        file["compound"] = np.zeros(2, [("a", "i4"), ("b", "f8")])
        file["ragged"] = np.array([np.arange(2), np.arange(3)], dtype=object).astype(h5py.vlen_dtype("i4"))
        file["opaque"] = np.zeros(2, "V5")
        file["reference"] = np.array([file["c8"].ref], dtype=h5py.ref_dtype)
        file["enum"] = np.array([1, 2], dtype=h5py.enum_dtype({"A": 1, "B": 2}, basetype="i2"))
        file["array"] = np.zeros(2, dtype=[("x", "i4", (3,))])["x"]
        file["bfloat16"] = np.ones(3, ml_dtypes.bfloat16)
        file["bfloat16"].attrs["dtype"] = "bfloat16"
        file["committed"] = np.dtype("i8")
        file["uses it"] = np.arange(3)
        file.create_dataset("shared type", (2,), dtype=file["committed"])
    assert_same(tmp_path / "a.h5")
    with hdf5.Window(tmp_path / "a.h5") as window:
        children = hdf5.Hdf5File(window).root.children
        found = {name: node.dtype for name, node in children.items() if isinstance(node, hdf5.Dataset)}
        expected = {"fixed": "string", "text": "string", "compound": "compound", "ragged": "object", "opaque": "opaque"}
        expected |= {"reference": "reference", "enum": "int16", "bfloat16": "bfloat16", "d ?": "bool"}
        assert {name: found[name] for name in expected} == expected


def test_layouts(create: Callable[..., h5py.File], tmp_path: Path) -> None:
    with create() as file:
        data = np.random.default_rng(0).random((100, 70))
        file.create_dataset("chunked", data=data, chunks=(30, 30))
        file.create_dataset("gzip", data=data, chunks=(30, 30), compression="gzip", shuffle=True, fletcher32=True)
        file.create_dataset("one chunk", data=data, chunks=(100, 70))
        file.create_dataset("one gzip", data=data, chunks=(100, 70), compression="gzip")
        file.create_dataset("growing", data=data, chunks=(30, 30), maxshape=(None, 70))
        file.create_dataset("growing both", data=data, chunks=(30, 30), maxshape=(None, None))
        file.create_dataset("chunks without data", (1000, 1000), chunks=(10, 10), dtype="f4")
        file.create_dataset("unwritten", (1000, 1000), dtype="f4")
        file.create_dataset("no elements", (0, 5), dtype="f4")
        file["empty"] = h5py.Empty("f4")
        file.create_dataset("outside", (4,), dtype="f4", external=[("weights.bin", 0, 16)])
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple((5,))
        h5py.h5d.create(file.id, b"compact", h5py.h5t.IEEE_F32LE, space, plist)
        file["compact"][:] = np.arange(5)
    assert_same(tmp_path / "a.h5")


@pytest.mark.parametrize("version", ["earliest", "v110", "latest"])
def test_virtual_dataset(tmp_path: Path, version: str) -> None:
    with h5py.File(tmp_path / "a.h5", "w", libver=(version, "latest")) as file:
        layout = h5py.VirtualLayout((100, 70), "f8")
        layout[:] = h5py.VirtualSource("other.h5", "data", (100, 70))
        file.create_virtual_dataset("virtual", layout)
    assert_same(tmp_path / "a.h5")


def test_attributes(create: Callable[..., h5py.File], tmp_path: Path) -> None:
    with create() as file:
        attributes = file.create_group("layer").attrs
        attributes["model_config"] = '{"ü": 1}' * 5000
        attributes["keras_version"] = b"2.9.0"
        attributes["weight_names"] = np.array([b"dense/kernel:0", b"dense/bias:0"] * 250)
        attributes["names"] = [f"name {n}" for n in range(500)] + [""]
        attributes["padded"] = np.bytes_(b"ab\0\0")
        attributes["empty"] = h5py.Empty("S10")
        attributes["none at all"] = np.zeros((0,), "S3")
        attributes["cube"] = np.arange(24).reshape(2, 3, 4)
        attributes["größe"] = 1.5
        for padding in (h5py.h5t.STR_NULLTERM, h5py.h5t.STR_NULLPAD, h5py.h5t.STR_SPACEPAD):
            kind = h5py.h5t.C_S1.copy()
            kind.set_size(8)
            kind.set_strpad(padding)
            attribute = h5py.h5a.create(file.id, b"pad %d" % padding, kind, h5py.h5s.create(h5py.h5s.SCALAR))
            attribute.write(np.array(b"ab c", "S8"))
        for n in range(30):  # beyond the eight that the newer versions keep in the header
            file.attrs[f"key {29 - n}"] = n
    assert_same(tmp_path / "a.h5")


def test_attributes_beyond_64_kilobytes(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w", libver="latest") as file:
        file.attrs["text"] = "x" * 200_000
        file.attrs["fixed"] = np.bytes_(b"y" * 200_000)
        file.attrs["array"] = np.arange(50_000)
    assert_same(tmp_path / "a.h5")


@pytest.mark.parametrize("size", [512, 4096])
def test_user_block(create: Callable[..., h5py.File], tmp_path: Path, size: int) -> None:
    with create(userblock_size=size) as file:
        file["group/data"] = np.arange(1000)
        file.attrs["text"] = "behind a block"
    assert_same(tmp_path / "a.h5")
    with hdf5.Window(tmp_path / "a.h5") as window:
        assert hdf5.Hdf5File(window).user_block == size


def test_window_on_a_part_of_a_file(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "inner.h5", "w") as file:
        file["w"] = np.arange(100, dtype="f4")
        file["zip"] = np.arange(100)
        file.create_dataset("gz", data=np.arange(100), chunks=(10,), compression="gzip")
    inner = (tmp_path / "inner.h5").read_bytes()
    (tmp_path / "outer").write_bytes(b"x" * 12_345 + inner + b"y" * 1_000)
    with hdf5.Window(tmp_path / "outer", 12_345, len(inner)) as window, h5py.File(tmp_path / "inner.h5") as theirs:
        file = hdf5.open_hdf5(window)
        assert_same_file(file, theirs)
        dataset = file.root.children["w"]
        assert isinstance(dataset, hdf5.Dataset) and dataset.offset is not None
        assert window.read(dataset.offset, dataset.nbytes) == np.arange(100, dtype="f4").tobytes()
        gz = file.root.children["gz"]
        assert isinstance(gz, hdf5.Dataset) and gz.read_small() == list(range(100))
        with pytest.raises(hdf5.Hdf5Error):
            window.read(len(inner) - 3, 4)


def test_read_small(create: Callable[..., h5py.File], tmp_path: Path) -> None:
    values = {
        "scalar": np.int64(-3), "bool": np.array([True, False]), "half": np.arange(3, dtype=">f2"),
        "fixed": np.array([b"a", b"bcd"]), "nothing": np.zeros((0, 3), "f4"), "matrix": np.eye(3),
    }  # fmt: skip
    with create() as file:
        for name, value in values.items():
            file[name] = value
        file["text"] = ["vlen", "ü"]
        file["one text"] = "only"
        file["empty"] = h5py.Empty("f4")
        file["bfloat16"] = np.array([1.5, -2.0], ml_dtypes.bfloat16)
        file["bfloat16"].attrs["dtype"] = "bfloat16"
        file.create_dataset("unwritten", (2,), dtype="f4", fillvalue=7)
        file.create_dataset("gzip", data=np.arange(9), chunks=(3,), compression="gzip")
        file.create_dataset("large", data=np.arange(9_000))
    with hdf5.Window(tmp_path / "a.h5") as window:
        children = hdf5.open_hdf5(window).root.children
        read = {n: d.read_small() for n, d in children.items() if isinstance(d, hdf5.Dataset) and n != "large"}
        assert {name: read[name] for name in values} == {name: plain(value) for name, value in values.items()}
        assert (read["text"], read["one text"], read["empty"]) == (["vlen", "ü"], "only", None)
        assert (read["bfloat16"], read["unwritten"], read["gzip"]) == ([1.5, -2.0], [7.0, 7.0], list(range(9)))
        with pytest.raises(hdf5.Hdf5Error, match="72000 bytes"):
            children["large"].read_small()  # type: ignore[union-attr]


def test_cycle_of_hard_links_ends(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["a/b/up"] = file["/"]
        file["a/again"] = file["a/b"]
        file["a/b/w"] = np.arange(3)
    with hdf5.Window(tmp_path / "a.h5") as window:
        walked = dict(hdf5.Hdf5File(window).walk())
    links = {path: node.target for path, node in walked.items() if isinstance(node, hdf5.Link)}
    assert links == {"a/b": "a/again", "a/again/up": ""}
    assert all(node.kind == "hard" for node in walked.values() if isinstance(node, hdf5.Link))


def test_deep_nesting_needs_no_stack(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_group("/".join("g" * 900))
    with hdf5.Window(tmp_path / "a.h5") as window:
        assert len(list(hdf5.Hdf5File(window).walk())) == 900


def saved_files() -> list[Path]:
    return sorted(path for path in FIXTURES.glob("*") if path.suffix in (".h5", ".hdf5", ".keras"))


@pytest.mark.parametrize("path", saved_files(), ids=lambda path: path.name)
def test_files_saved_by_keras(path: Path, tmp_path: Path) -> None:
    offset, size = 0, path.stat().st_size
    plain_path = path
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if "model.weights.h5" not in archive.namelist():
                return
            plain_path = tmp_path / "model.weights.h5"
            plain_path.write_bytes(archive.read("model.weights.h5"))
            member = archive.getinfo("model.weights.h5")
            size, content = member.file_size, path.read_bytes()
            offset = content.index(b"\x89HDF\r\n\x1a\n", member.header_offset)
    with hdf5.Window(path, offset, size) as window, h5py.File(plain_path) as theirs:
        assert_same_file(hdf5.Hdf5File(window), theirs)  # without the child: Keras writes nothing that needs it


def test_import_stays_light() -> None:
    code = "import sys, inspector.readers.hdf5; print(sorted({'numpy', 'h5py', 'subprocess'} & set(sys.modules)))"
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_fifo_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.h5")
    refused = threading.Event()

    def attempt() -> None:
        with pytest.raises(hdf5.Hdf5Error, match="not a regular file"):
            hdf5.Window(tmp_path / "pipe.h5")
        refused.set()

    threading.Thread(target=attempt, daemon=True).start()
    assert refused.wait(10)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"PK\3\4" + bytes(5000), "no signature"), (b"\x89HDF\r\n\x1a\n", "superblock")],
)
def test_what_is_no_hdf5(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.h5").write_bytes(content)
    with pytest.raises(hdf5.Hdf5Error, match=message):
        hdf5.open_hdf5(tmp_path / "a.h5")
    with pytest.raises(hdf5.Hdf5Error, match="cannot be opened"):
        hdf5.open_hdf5(tmp_path / "missing.h5")


def test_closing_is_safe(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["a"] = 1
    window = hdf5.Window(tmp_path / "a.h5")
    opened = hdf5.Hdf5File(window)
    window.close()
    window.close()
    with pytest.raises(hdf5.Hdf5Error):
        window.read(0, 1)
    with pytest.raises(hdf5.Hdf5Error):
        _ = opened.root
