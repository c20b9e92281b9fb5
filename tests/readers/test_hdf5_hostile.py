"""Broken and hostile HDF5: nothing but ``Hdf5Error``, in bounded time and memory, and nothing outside of the file."""

from __future__ import annotations

import functools
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.readers import hdf5
from inspector.readers.hdf5 import fallback

VERSIONS: list[dict[str, Any]] = [
    {"libver": ("earliest", "latest")},
    {"libver": ("v108", "v108")},
    {"libver": ("latest", "latest")},
    {"libver": ("latest", "latest"), "track_order": True},
    {"libver": ("earliest", "latest"), "userblock_size": 512},
]
TELLING = [0, 1, 2, 7, 8, 16, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 40, 1 << 63, (1 << 64) - 1]


def write_everything(file: h5py.File) -> None:
    """A little of every structure, so that a changed byte meets each part of the reader."""
    group = file.create_group("layers/dense/vars")
    group["0"], group["1"] = np.ones((3, 4), "f4"), np.ones(4, "f4")
    for n in range(12):
        group.attrs[f"k{n}"] = float(n)
        file.create_group(f"g{n}")
    file.attrs["model_config"] = '{"a":1}' * 30
    file.attrs["layer_names"] = np.array([b"a", b"bc"])
    file.attrs["texts"] = ["x", "yy"]
    file["soft"], file["out"] = h5py.SoftLink("/layers"), h5py.ExternalLink("o.h5", "/x")
    file["layers/cycle"] = file["/"]
    file.create_dataset("gzip", data=np.arange(50), chunks=(7,), compression="gzip")
    file.create_dataset("outside", (4,), dtype="f4", external=[("w.bin", 0, 16)])
    file["text"], file["bool"], file["compound"] = ["ab", "c"], np.array([True]), np.zeros(2, [("a", "i4")])
    file["type"] = np.dtype("i4")
    file.create_dataset("typed", (2,), dtype=file["type"])


@functools.cache
def sound_bytes(version: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.h5"
        with h5py.File(path, "w", **VERSIONS[version]) as file:
            write_everything(file)
        return path.read_bytes()


@functools.cache
def telling_positions(version: int) -> list[int]:
    return [n for n, byte in enumerate(sound_bytes(version)) if byte]


def read_everything(path: Path) -> None:
    with hdf5.Window(path) as window:
        file = hdf5.Hdf5File(window)
        for _, node in [("", file.root), *file.walk()]:
            if isinstance(node, hdf5.Link):
                continue
            dict(node.attributes)
            if isinstance(node, hdf5.Dataset):
                for read in (lambda node=node: node.stored, node.read_small):
                    try:
                        read()
                    except hdf5.Hdf5Error:  # the rest of the file is still to be read
                        pass


def read_broken(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.h5"
        path.write_bytes(content)
        start = time.process_time()
        try:
            read_everything(path)
        except hdf5.Hdf5Error as error:
            assert "\n" not in error.message
        assert time.process_time() - start < 5


def test_sound_files_are_read_in_full(tmp_path: Path) -> None:
    for version in range(len(VERSIONS)):
        (tmp_path / "a.h5").write_bytes(sound_bytes(version))
        read_everything(tmp_path / "a.h5")


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(version=st.integers(0, len(VERSIONS) - 1), share=st.floats(0, 1))
def test_cut_files(version: int, share: float) -> None:
    content = sound_bytes(version)
    read_broken(content[: int(share * len(content))])


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(version=st.integers(0, len(VERSIONS) - 1), data=st.data())
def test_changed_files(version: int, data: st.DataObject) -> None:
    content = bytearray(sound_bytes(version))
    positions = st.sampled_from(telling_positions(version))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(positions)
        kind, width = data.draw(st.integers(0, 2)), data.draw(st.sampled_from([1, 2, 4, 8]))
        if kind == 0:
            content[at] ^= 1 << data.draw(st.integers(0, 7))
        elif kind == 1:
            value = data.draw(st.sampled_from(TELLING)) & ((1 << 8 * width) - 1)
            content[at : at + width] = value.to_bytes(width, "little")
        else:
            other = data.draw(positions)
            content[at : at + width] = content[other : other + width]
    read_broken(bytes(content))


def write(path: Path, **options: Any) -> bytearray:
    """A small file of the old layout, which the tests below break in one known place."""
    with h5py.File(path, "w", **options) as file:
        file["group/w"] = np.arange(100, dtype="f4")
        file["group"].attrs["name"] = "dense"
    return bytearray(path.read_bytes())


def replace(path: Path, content: bytearray, old: bytes, new: bytes) -> None:
    assert content.count(old) == 1, "the pattern must be found once"
    path.write_bytes(content.replace(old, new))


def root_address(content: bytearray) -> int:
    return int(struct.unpack_from("<Q", content, 64)[0])


def test_declared_size_beyond_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    content = write(path)
    with hdf5.Window(path) as window:
        dataset = hdf5.Hdf5File(window).root.children["group"].children["w"]  # type: ignore[union-attr]
    replace(path, content, struct.pack("<QQ", dataset.offset, 400), struct.pack("<QQ", dataset.offset, 1 << 40))
    with pytest.raises(hdf5.Hdf5Error, match="past the end of the file"):
        read_everything(path)


def test_shape_bomb_is_named_and_not_allocated(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    content = write(path)
    at = content.index(struct.pack("<QQ", 100, 100))  # shape and maximum shape
    content[at : at + 16] = struct.pack("<QQ", 1 << 50, 1 << 50)
    path.write_bytes(content)
    with hdf5.Window(path) as window:
        dataset = dict(hdf5.Hdf5File(window).walk())["group/w"]
        assert isinstance(dataset, hdf5.Dataset)
        assert (dataset.nbytes, dataset.stored, dataset.offset) == (1 << 52, 400, None)
        with pytest.raises(hdf5.Hdf5Error):
            dataset.read_small()


def test_chunked_bomb_shows_what_is_stored(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("w", (1 << 14, 1 << 14), dtype="f4", chunks=(1 << 10, 1 << 10), compression="gzip")
        file["w"][:1024, :1024] = 0
    with hdf5.Window(tmp_path / "a.h5") as window:
        dataset = hdf5.Hdf5File(window).root.children["w"]
        assert isinstance(dataset, hdf5.Dataset)
        assert dataset.nbytes == 1 << 30 and 0 < dataset.stored < 10_000


def test_truncation_is_said_plainly(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    content = write(path)
    path.write_bytes(content[:-10])
    with pytest.raises(hdf5.Hdf5Error, match=f"is truncated: {len(content)} bytes .* {len(content) - 10} in fact"):
        hdf5.open_hdf5(path)


@pytest.mark.parametrize("target", ["itself", "outside"])
def test_b_tree_that_leads_astray(tmp_path: Path, target: str) -> None:
    path = tmp_path / "a.h5"
    content = write(path)
    node = content.index(b"TREE")
    content[node + 5] = 1  # a level above the leaves, whose child is …
    struct.pack_into("<Q", content, node + 32, node if target == "itself" else 1 << 40)
    path.write_bytes(content)
    with pytest.raises(hdf5.Hdf5Error):
        read_everything(path)


def test_continuation_that_leads_back(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    content = write(path)
    root = root_address(content)
    struct.pack_into("<HHB3xQQ", content, root + 16, 0x10, 16, 0, root + 16, 24)
    path.write_bytes(content)
    with pytest.raises(hdf5.Hdf5Error, match="back to itself"):
        read_everything(path)


def test_exponentially_many_paths_are_walked_once(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("g")
        for _ in range(60):
            child = group.create_group("a")
            group["b"] = child
            group = child
    with hdf5.Window(tmp_path / "a.h5") as window:
        walked = list(hdf5.Hdf5File(window).walk())
    assert len(walked) == 1 + 2 * 60


def test_deeper_than_a_thousand_groups(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_group("/".join("g" * 1200))
    with hdf5.Window(tmp_path / "a.h5") as window, pytest.raises(hdf5.Hdf5Error, match="1,000 deep"):
        list(hdf5.Hdf5File(window).walk())


@pytest.mark.parametrize("name", [b"gr/up", b"\0roup"])
def test_names_that_no_path_can_hold(tmp_path: Path, name: bytes) -> None:
    path = tmp_path / "a.h5"
    replace(path, write(path), b"group", name)
    with pytest.raises(hdf5.Hdf5Error, match="name"):
        read_everything(path)


def test_two_children_of_one_name(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["first"], file["other"] = 1, 2
    content = bytearray((tmp_path / "a.h5").read_bytes())
    replace(tmp_path / "a.h5", content, b"other", b"first")
    with pytest.raises(hdf5.Hdf5Error, match="taken"):
        read_everything(tmp_path / "a.h5")


def test_one_string_referred_to_ten_thousand_times(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w", libver="latest") as file:
        file.create_dataset("texts", data=["x" * 60_000, *["y"] * 9_999])
    path = tmp_path / "a.h5"
    content = bytearray(path.read_bytes())
    with hdf5.Window(path) as window:
        dataset = hdf5.Hdf5File(window).root.children["texts"]
        assert isinstance(dataset, hdf5.Dataset) and dataset.offset is not None
    start = dataset.offset
    content[start : start + 160_000] = bytes(content[start : start + 16]) * 10_000
    path.write_bytes(content)
    with hdf5.Window(path) as window, pytest.raises(hdf5.Hdf5Error, match="more than 256 MB"):
        hdf5.Hdf5File(window).root.children["texts"].read_small(1 << 20)  # type: ignore[union-attr]


def test_links_are_named_and_not_followed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["w"] = np.arange(3)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["out"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/w")
        file["soft"] = h5py.SoftLink("/out")
        file.create_dataset("raw", (4,), dtype="u1", external=[(str(tmp_path / "secret.h5"), 0, 4)])
    with hdf5.Window(tmp_path / "a.h5") as window:
        for root in (hdf5.Hdf5File(window).root, fallback.ChildTree(window).root):
            out, soft, raw = root.children["out"], root.children["soft"], root.children["raw"]
            assert isinstance(out, hdf5.Link) and isinstance(soft, hdf5.Link) and isinstance(raw, hdf5.Dataset)
            assert (out.kind, out.target) == ("external", f"{tmp_path / 'secret.h5'}:/w")
            assert (soft.kind, soft.target) == ("soft", "/out")
            assert (raw.external, raw.offset, raw.stored) == (True, None, 0)
            with pytest.raises(hdf5.Hdf5Error, match="outside"):
                raw.read_small()


def write_with_small_addresses(path: Path) -> None:
    """A sound file with addresses of four bytes, which the reader itself does not cover."""
    creation = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    creation.set_sizes(4, 4)
    with h5py.File(h5py.h5f.create(str(path).encode(), h5py.h5f.ACC_TRUNC, creation)) as file:
        file["group/w"] = np.arange(6, dtype="f4").reshape(2, 3)
        file["group"].attrs["name"] = "dense"
        file.attrs["raw"], file.attrs["pair"] = np.bytes_(b"a\xff"), np.zeros((), [("a", "i4")])


def test_what_is_not_covered_goes_to_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.h5"
    write_with_small_addresses(path)
    (tmp_path / "h5py.py").write_text("raise SystemExit('the current folder must not be imported from')")
    monkeypatch.chdir(tmp_path)
    with hdf5.Window(path) as window:
        with pytest.raises(hdf5.NotCovered, match="offsets of 4"):
            hdf5.Hdf5File(window)
        file = hdf5.open_hdf5(window)
        assert [name for name, _ in file.walk()] == ["group", "group/w"]
        dataset = dict(file.walk())["group/w"]
        assert isinstance(dataset, hdf5.Dataset) and dataset.offset is not None
        assert window.read(dataset.offset, dataset.nbytes) == np.arange(6, dtype="f4").tobytes()
        assert dataset.read_small() == [[0, 1, 2], [3, 4, 5]]
        assert dict(file.root.children["group"].attributes) == {"name": "dense"}  # type: ignore[union-attr]
        assert file.root.attributes["raw"] == b"a\xff"
        assert repr(file.root.attributes["pair"]) == "Undecoded('compound', ())"


def test_the_child_fails_with_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    write_with_small_addresses(path)
    content = bytearray(path.read_bytes())
    content[40:] = bytes(len(content) - 40)
    path.write_bytes(content)
    with pytest.raises(hdf5.Hdf5Error, match="h5py") as caught:
        hdf5.open_hdf5(path)
    assert "\n" not in caught.value.message


def test_unknown_filter_is_named_and_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("w", data=np.arange(50), chunks=(50,), compression="gzip")
    content = bytearray(path.read_bytes())
    replace(
        path,
        content,
        struct.pack("<HHHH", 1, 8, 1, 1) + b"deflate\0",
        struct.pack("<HHHH", 305, 8, 0, 1) + b"deflate\0",
    )
    monkeypatch.setenv("HDF5_PLUGIN_PATH", str(tmp_path))
    with hdf5.Window(path) as window:
        dataset = hdf5.open_hdf5(window).root.children["w"]
        assert isinstance(dataset, hdf5.Dataset) and dataset.filters == (305,)
        with pytest.raises(hdf5.Hdf5Error, match="h5py cannot read"):
            dataset.read_small()


@pytest.mark.skipif(sys.platform != "linux", reason="the limits hold on Linux")
def test_the_child_is_bound_in_memory() -> None:
    code = "from inspector.readers.hdf5.child import limit_process; limit_process(); b'x' * (2 << 30)"
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=False)
    assert "MemoryError" in done.stderr


def test_a_child_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_with_small_addresses(tmp_path / "a.h5")
    monkeypatch.setattr(fallback, "TIMEOUT", 0.001)
    with pytest.raises(hdf5.Hdf5Error, match="has not read the file"):
        hdf5.open_hdf5(tmp_path / "a.h5")
