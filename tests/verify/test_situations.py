"""Every situation that was measured: what Keras loses is named with what to do, and nothing else is."""

import json
import os
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest

import inspector
from inspector.verify.compare import check_classes, check_target
from inspector.verify.session import add_files
from inspector.verify.static import static_checks
from tests.verify.batch import MODULES
from tests.verify.situations import SITUATIONS

for module in MODULES:
    import_module(f"tests.verify.situations.{module}")
CASES = [(name, kind) for name, s in SITUATIONS.items() for kind in ("keras", "h5") if getattr(s, kind) is not None]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """The answers of both processes; where tests run side by side, the first to come asks for all."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return run_both(tmp_path_factory.mktemp("situations"))
    where = tmp_path_factory.getbasetemp().parent / "situations"
    done = where / "done"
    try:
        where.mkdir()
    except FileExistsError:
        for _ in range(6000):
            if done.exists():
                return where
            time.sleep(0.1)
        raise
    run_both(where)
    done.touch()
    return where


def run_both(where):
    root = Path(__file__).resolve().parents[2]
    for half in ("save", "load"):
        subprocess.run([sys.executable, "-m", "tests.verify.batch", half, str(where)], check=True, cwd=root,
                       env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}, timeout=600)  # fmt: skip
    return where


def checks_of(folder, name, kind):
    place = folder / str(list(SITUATIONS).index(name))
    for half in ("save", "load"):
        failed = place / f"{half}.failed"
        assert not failed.exists(), failed.read_text()
    before = json.loads((place / "before.json").read_text())
    after = place / f"after.{kind}.json"
    answer = json.loads(after.read_text()) if after.exists() else {}
    add_files(kind, before["saves"][kind]["file"], answer)
    return [*check_classes(before), *check_target(kind, before, answer, kind)]


def told(checks):
    return "\n".join(f"{c.status} {c.name} {c.layer}: {c.detail} | {c.hint}" for c in checks if c.status != "kept")


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_situation(folder, name, kind):
    situation = SITUATIONS[name]
    checks = checks_of(folder, name, kind)
    lost = {check.name for check in checks if check.status == "lost"}
    wanted = getattr(situation, kind)
    if not wanted:
        assert not lost, told(checks)
    for names in wanted:
        assert lost & set(names.split("|")), f"{names} is not among {lost}:\n{told(checks)}"
    if wanted and situation.says:
        text = told(check for check in checks if check.status == "lost")
        assert any(part in text for part in situation.says.split("|")), text
    if kind == "keras":
        design = {check.name for check in checks if check.status == "by-design"}
        assert situation.design <= design, told(checks)


# What the file alone tells of a situation
STATIC = {
    ("LoRA and int8", "keras"): "lora", ("LoRA", "keras"): "lora", ("frozen after training", "keras"): "optimizer",
    ("StringLookup", "h5"): "vocabulary", ("TextVectorization", "h5"): "vocabulary",
    ("unregistered class", "keras"): "custom-classes", ("unregistered class", "h5"): "custom-classes",
    ("activation of a function, unregistered", "keras"): "custom-classes",
    ("custom loss, unregistered", "keras"): "custom-classes", ("custom schedule", "keras"): "custom-classes",
    ("Lambda", "keras"): "python-code", ("Lambda", "h5"): "python-code", ("loss 'mse'", "h5"): "compile",
    ("activation is a lambda", "keras"): "python-code", ("activation is a lambda", "h5"): "python-code",
    ("loss 'mae'", "h5"): "compile", ("keras.ops in a Functional model", "h5"): "h5-limits",
    ("operators in a Functional model", "h5"): "h5-limits", ("bfloat16", "h5"): "h5-limits",
    ("TextVectorization with a function", "h5"): "vocabulary", ("custom loss and metric", "keras"): "custom-classes",
    ("Lambda of a function, unregistered", "keras"): "custom-classes",
}  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_the_file_alone(folder, name, kind):
    """No alarm on what comes back; and what the file shows is told without running it."""
    path = json.loads((folder / str(list(SITUATIONS).index(name)) / "before.json").read_text())["saves"][kind]["file"]
    if path is None:
        return
    found = {check.name: check.status for check in static_checks(inspector.read(path)) if check.status != "kept"}
    if not getattr(SITUATIONS[name], kind):
        assert "lost" not in found.values(), found
    if (name, kind) in STATIC:
        assert STATIC[name, kind] in found


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_every_loss_has_a_hint(folder, name, kind):
    for check in checks_of(folder, name, kind):
        if check.status == "lost":
            assert check.hint, check
