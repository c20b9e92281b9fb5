"""Every situation that was measured: what Keras loses is named with what to do, and nothing else is."""

import json
import os
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest

from inspector.verify.compare import check_classes, check_target
from inspector.verify.session import add_files
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


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_every_loss_has_a_hint(folder, name, kind):
    for check in checks_of(folder, name, kind):
        if check.status == "lost":
            assert check.hint, check
