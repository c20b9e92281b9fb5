"""Cut and changed copies of every committed file through the command: an answer or one line, in every form."""

from __future__ import annotations

import shutil
import tempfile
import time
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.catalogue import FILES
from inspector.cli import kinspect
from inspector.cli.settings import Settings
from inspector.errors import KinspectError

WHOLE = sorted(
    path
    for path in FILES.rglob("*")
    if path.is_file() and path.name not in ("oracle.json", "expected.json") and path.parent.suffix != ".dir"
)
FOLDERS = sorted(path for path in FILES.iterdir() if path.suffix == ".dir")
FORMS = ("table", "tree", "json", "csv", "markdown")
SECONDS = 5
FEW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
MANY = settings(FEW, max_examples=3_000, derandomize=False)


def survive(path: Path, form: str) -> None:
    """The command's own function: done, or an error that a user can act on, and nothing else."""
    start = time.perf_counter()
    done = CliRunner().invoke(kinspect, ["summary", str(path), "--format", form], obj=Settings(), standalone_mode=False)
    assert done.exception is None or isinstance(done.exception, (KinspectError, SystemExit)), repr(done.exception)
    if isinstance(done.exception, KinspectError):
        assert done.exception.message and "\n" not in done.exception.message and done.stdout == ""
    assert time.perf_counter() - start < SECONDS


def flip(content: bytearray, data: st.DataObject) -> None:
    places = st.tuples(st.integers(0, max(len(content) - 1, 0)), st.integers(1, 255))
    for at, mask in data.draw(st.lists(places, min_size=1, max_size=8)) if content else ():
        content[at] ^= mask


def check_changed(path: Path, form: str, data: st.DataObject) -> None:
    """Cut anywhere, or bits turned anywhere; of an archive, sometimes within one member that is packed anew."""
    how = data.draw(st.sampled_from(["cut", "flip", "member"]))
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        if how == "member" and zipfile.is_zipfile(path):
            repack(path, copy, data)
        else:
            content = bytearray(path.read_bytes())
            if how == "cut":
                del content[data.draw(st.integers(0, len(content))) :]
            else:
                flip(content, data)
            copy.write_bytes(content)
        survive(copy, form)


def repack(path: Path, copy: Path, data: st.DataObject) -> None:
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w") as target:
        chosen = data.draw(st.sampled_from(source.namelist()))
        for name in source.namelist():
            content = bytearray(source.read(name))
            if name == chosen:
                flip(content, data)
            target.writestr(name, bytes(content))


@FEW
@given(path=st.sampled_from(WHOLE), form=st.sampled_from(FORMS), data=st.data())
def test_changed_copies(path: Path, form: str, data: st.DataObject) -> None:
    check_changed(path, form, data)


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.name)
def test_every_file_cut_and_flipped(path: Path, tmp_path: Path) -> None:
    """At fixed places, so that no file is left out."""
    content = path.read_bytes()
    for turn, share in enumerate((0.3, 0.97)):
        (tmp_path / path.name).write_bytes(content[: int(len(content) * share)])
        survive(tmp_path / path.name, FORMS[turn])
        changed = bytearray(content)
        for place in range(97 + turn, len(changed), max(len(changed) // 7, 1)):
            changed[place] ^= 0x41
        (tmp_path / path.name).write_bytes(changed)
        survive(tmp_path / path.name, FORMS[2 + turn])


@pytest.mark.parametrize("path", FOLDERS, ids=lambda path: path.name)
def test_folders_without_one_of_their_files(path: Path, tmp_path: Path) -> None:
    names = sorted(entry.relative_to(path) for entry in path.rglob("*") if entry.is_file())
    for place, name in enumerate(names):
        for turn, form in enumerate(FORMS[:2]):
            copy = tmp_path / f"{place}-{turn}.dir"
            shutil.copytree(path, copy)
            (copy / name).write_bytes(b"" if turn else (copy / name).read_bytes()[:-9])
            survive(copy, form)
            (copy / name).unlink()
            survive(copy, form)


@pytest.mark.slow
@MANY
@given(path=st.sampled_from(WHOLE), form=st.sampled_from(FORMS), data=st.data())
def test_many_changed_copies(path: Path, form: str, data: st.DataObject) -> None:
    check_changed(path, form, data)
