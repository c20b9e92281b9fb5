"""The plain reader of archives against `zipfile`: the same members and bytes, or it leaves the archive alone."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.readers.plain_zip import NotPlain, PlainZip, open_zip

FILES = Path(__file__).resolve().parents[2] / "fixtures" / "files"
ARCHIVES = sorted(path for path in FILES.rglob("*.keras") if path.is_file())
BROKEN = (
    ValueError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
)


def contents(archive) -> dict[str, bytes]:
    return {member.filename: archive.open(member).read() for member in archive.infolist()}


@pytest.mark.parametrize("path", ARCHIVES, ids=lambda path: path.name)
def test_same_members_as_zipfile(path):
    with path.open("rb") as file, zipfile.ZipFile(path) as theirs:
        mine = open_zip(file, path.stat().st_size)
        assert isinstance(mine, PlainZip)
        assert [m.filename for m in mine.infolist()] == [m.filename for m in theirs.infolist()]
        for member, their in zip(mine.infolist(), theirs.infolist(), strict=True):
            for name in member._fields:
                assert getattr(member, name) == getattr(their, name)
        assert contents(mine) == contents(theirs)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"MZ" + data,
        lambda data: data + b"tail",
        lambda data: data.replace(b"PK\5\6\0\0", b"PK\5\6\1\0"),
    ],
    ids=["prefix", "tail", "disk"],
)
def test_what_is_not_plain_is_left_alone(change):
    data = change((FILES / "branch.keras").read_bytes())
    with pytest.raises(NotPlain):
        PlainZip(io.BytesIO(data), len(data))


def test_a_later_version_of_the_format_is_left_to_zipfile():
    content = bytearray((FILES / "branch.keras").read_bytes())
    content[content.rindex(b"PK\1\2") + 6] = 84
    with pytest.raises(NotPlain):
        PlainZip(io.BytesIO(bytes(content)), len(content))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["branch.keras", "text_preprocessing.keras"]), st.data())
def test_flipped_archives_give_what_zipfile_gives_or_nothing(name, data):
    content = bytearray((FILES / name).read_bytes())
    tail = data.draw(st.booleans())
    place = data.draw(st.integers(max(0, len(content) - 400) if tail else 0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        mine = PlainZip(io.BytesIO(bytes(content)), len(content))
    except (NotPlain, UnicodeDecodeError, struct.error):
        return
    theirs = zipfile.ZipFile(io.BytesIO(bytes(content)))
    for member in mine.infolist():
        try:
            read = mine.open(member).read()
        except BROKEN:
            continue
        assert read == theirs.read(member.filename)
