"""The hooks with `pre-commit` itself, in a test repository, from a clone of this one: installs without TensorFlow."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.catalogue import FILES

from .checked_models import write_bad, write_good

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """repos:
- repo: {source}
  rev: {rev}
  hooks:
  - id: kinspect-check
    args: [--select, KS103]
  - id: kinspect-verify-static
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not here"),
]


def git(folder, *words):
    about = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *about, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A repository whose hooks come from a clone of this one."""
    pytest.importorskip("pre_commit")
    folder = tmp_path_factory.mktemp("hooks")
    source, project = folder / "source", folder / "project"
    git(folder, "clone", "-q", str(ROOT), str(source))
    project.mkdir()
    git(project, "init", "-q")
    rev = git(source, "rev-parse", "HEAD")
    (project / ".pre-commit-config.yaml").write_text(CONFIG.format(source=source, rev=rev))
    git(project, "add", ".pre-commit-config.yaml")
    return project, {**os.environ, "PRE_COMMIT_HOME": str(folder / "cache")}


def hooks(project, *words):
    folder, env = project
    git(folder, "add", "-A")
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", *words], cwd=folder, env=env, capture_output=True, text=True
    )


def test_nothing_to_check_passes(project):
    (project[0] / "readme.txt").write_text("no model")
    (project[0] / "data.json").write_text('{"a": 1}')
    done = hooks(project, "--all-files")
    assert done.returncode == 0, done.stdout + done.stderr
    installed = [
        path.name for path in Path(project[1]["PRE_COMMIT_HOME"]).glob("repo*/py_env*/lib/python*/site-packages/*")
    ]
    assert "click" in installed and "tensorflow" not in installed and "keras" not in installed


def test_a_bad_model_stops_a_commit_and_a_good_one_does_not(project):
    write_good(project[0] / "models" / "good.keras")
    assert hooks(project, "kinspect-check").returncode == 0
    write_bad(project[0] / "models" / "bad.keras")
    done = hooks(project, "kinspect-check")
    assert done.returncode == 1 and "KS103" in done.stdout and "models/bad.keras" in done.stdout
    assert "good.keras" not in done.stdout


def test_the_other_hook_takes_several_files(project):
    for name in ("one.keras", "two.keras"):
        shutil.copy(FILES / "small_mnist_cnn_sequential.keras", project[0] / name)
    done = hooks(project, "kinspect-verify-static", "--files", "one.keras", "two.keras")
    assert done.returncode == 0, done.stdout
    done = hooks(project, "kinspect-verify-static", "--files", "one.keras", "models/good.keras", "two.keras")
    assert done.returncode == 1 and "models/good.keras" in done.stdout  # it has no weights
