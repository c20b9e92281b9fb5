"""Objects of every kind that a config can name come back from the file that is given with --custom."""

from pathlib import Path

import keras
import pytest

from inspector.live.loading import custom_objects
from inspector.readers.source_code import CodeRequest
from inspector.verify.session import Plan, verify
from tests.verify.situations import everything

SOURCE = str(Path(everything.__file__))
CLASSES = {"OwnInitializer", "OwnConstraint", "OwnRegularizer", "OwnLoss", "OwnMetric", "OwnSchedule", "OwnOptimizer",
           "OwnLayer"}  # fmt: skip


def lost(plan):
    return {(check.name, check.target): check for check in verify(plan)[1] if check.status == "lost"}


def test_what_counts():
    found = custom_objects([everything])
    assert {*CLASSES, "everything", "tilted", "squared"} == found.keys()


@pytest.mark.slow
def test_code_with_custom():
    request = CodeRequest(custom=(SOURCE,))
    assert not lost(Plan(f"{SOURCE}:everything", request))


@pytest.mark.slow
def test_code_without_custom():
    found = lost(Plan(f"{SOURCE}:everything", CodeRequest()))
    assert found.keys() == {("load", "keras")}


@pytest.mark.slow
def test_file_with_custom(tmp_path):
    path = str(tmp_path / "everything.keras")
    everything.everything().save(path)
    assert not lost(Plan(path, CodeRequest(file=path, custom=(SOURCE,))))


def test_the_file_says_what_it_needs(tmp_path):
    from inspector import read
    from inspector.verify.static import static_checks

    path = str(tmp_path / "everything.keras")
    keras.utils.set_random_seed(0)
    everything.everything().save(path)
    named = " ".join(check.detail for check in static_checks(read(path)) if check.name == "custom-classes")
    assert all(name in named for name in CLASSES)
