"""What the static check says of a file, beside what Keras 3 does with it: no false alarm, no loss unnoticed."""

import json
import warnings
import zipfile
from pathlib import Path

import keras
import pytest

import inspector
from inspector.errors import KinspectError
from inspector.verify.records import DESIGN, LOST
from inspector.verify.static import static_checks, verify_file

from ..broken_configs import count, replaced

FILES = Path(__file__).resolve().parents[2] / "fixtures" / "files"
PATHS = [path for folder in (FILES, FILES / "old") for path in sorted(folder.glob("*.*"))
         if path.suffix in (".keras", ".h5") and ".weights." not in path.name]  # fmt: skip
LOADS_AND_LOSES = {"text_preprocessing.h5"}  # it has no vocabulary, and its first call fails


def loads(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            keras.saving.load_model(path)
        except Exception:
            return False
    return True


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_static_against_keras(path):
    checks = list(static_checks(inspector.read(path)))
    names = {check.name for check in checks if check.status not in ("kept", DESIGN)}
    if any(check.status == LOST for check in checks):
        assert path.name in LOADS_AND_LOSES or not loads(path), checks
    elif not names:
        assert loads(path)


SMALL = [path for path in PATHS if path.stat().st_size < 60_000][::4]


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.name)
def test_broken_files_are_answered(path, tmp_path):
    """Cut and flipped anywhere, and with an archive's config cut short: checks, or one line that says why not."""
    content = path.read_bytes()
    copies = [content[: len(content) * part // 7] for part in range(7)]
    for place in range(0, len(content), max(1, len(content) // 60)):
        flipped = bytearray(content)
        flipped[place] ^= 0x11
        copies.append(bytes(flipped))
    copy = tmp_path / path.name
    for data in copies:
        copy.write_bytes(data)
        answer_kindly(copy)


def answer_kindly(path):
    try:
        record = verify_file(inspector.read(path))
    except KinspectError as error:
        assert error.message and "\n" not in error.message
    else:
        assert record["checks"]


@pytest.mark.parametrize("name", ["branch", "nested_three_deep", "trained", "lora"])
def test_broken_configs_are_answered(name, tmp_path):
    """Any value of the config in place of any other: numbers, texts, lists where dicts were."""
    with zipfile.ZipFile(FILES / f"{name}.keras") as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    config = json.loads(members["config.json"])
    for place in range(0, count(config), 7):
        for value in (None, 7, "x", [], {}, [[1]], {"class_name": 3, "config": 4}):
            path = tmp_path / "x.keras"
            with zipfile.ZipFile(path, "w") as archive:
                for member, data in members.items():
                    changed = json.dumps(replaced(config, [place], value)) if member == "config.json" else data
                    archive.writestr(member, changed)
            answer_kindly(path)
