"""MODEL left out: the one of pyproject.toml, else the only one here, else an error that lists the candidates."""

import shutil

import pytest

from fixtures.catalogue import FILES
from inspector.cli.model_argument import find_model, is_code, refuse_nameless
from inspector.errors import UsageError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(path):
    shutil.copy(FILES / "branch.keras", path)


def test_the_single_model_file(folder):
    put(folder / "a.keras")
    (folder / "a.weights.h5").write_bytes(b"")
    assert find_model() == "a.keras"


def test_weights_where_there_is_no_whole_model(folder):
    (folder / "a.weights.h5").write_bytes(b"")
    assert find_model() == "a.weights.h5"


def test_an_unzipped_archive(folder):
    (folder / "config.json").write_text("{}")
    (folder / "metadata.json").write_text("{}")
    assert find_model() == "."


def test_several_are_listed(folder):
    put(folder / "a.keras")
    put(folder / "b.h5")
    with pytest.raises(UsageError, match=r"there are several: a\.keras, b\.h5"):
        find_model()


def test_none_is_said(folder):
    with pytest.raises(UsageError, match="there is none in this folder"):
        find_model()


def test_pyproject_of_a_folder_above_comes_first(folder, monkeypatch):
    (folder / "pyproject.toml").write_text('[tool.kinspect]\nmodel = "models/best.keras"\n')
    below = folder / "src"
    below.mkdir()
    put(below / "other.keras")
    monkeypatch.chdir(below)
    assert find_model() == "../models/best.keras"


def test_the_nearest_pyproject_counts_even_if_it_says_nothing(folder, monkeypatch):
    (folder / "pyproject.toml").write_text('[tool.kinspect]\nmodel = "best.keras"\n')
    below = folder / "src"
    below.mkdir()
    (below / "pyproject.toml").write_text("[project]\n")
    put(below / "other.keras")
    monkeypatch.chdir(below)
    assert find_model() == "other.keras"


@pytest.mark.parametrize("text", ["[tool.kinspect]\nmodel = 3\n", "[tool\n"])
def test_a_pyproject_that_is_wrong(folder, text):
    (folder / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError, match=r"pyproject\.toml"):
        find_model()


@pytest.mark.parametrize(
    ("model", "code"),
    [("a.py:build", True), ("dir/a.py:build", True), ("pkg.mod:Net", True), ("a.keras", False), ("C:\\a.keras", False),
     ("a.keras:1", False), ("dir/a.keras:x", False)],
)  # fmt: skip
def test_what_is_code(model, code):
    assert is_code(model) is code


def test_code_without_a_name(folder):
    (folder / "m.py").write_text(
        "import keras\nclass Net(keras.Model):\n    pass\nclass Other: pass\ndef needs(units): pass\n"
        "def make(units=3): pass\ndef _own(): pass\nmodel = make()\nN = 3\nraise SystemExit\n"
    )
    with pytest.raises(UsageError, match="not named") as caught:
        refuse_nameless("m.py")
    assert caught.value.hint == "name it: m.py:model or m.py:make or m.py:Net"
    (folder / "broken.py").write_text("def")
    with pytest.raises(UsageError) as caught:
        refuse_nameless("broken.py")
    assert caught.value.hint == "name it: broken.py:NAME"
    refuse_nameless("a.keras")
