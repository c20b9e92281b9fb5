"""What pip installs is whole: the page's template, style and script come with it, and pictures are drawn from there."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from fixtures.catalogue import FILES

ROOT = Path(__file__).resolve().parents[2]
PAGE = {f"inspector/renderers/page/{name}" for name in ("page.css", "page.html", "page.js")}
SIGNS = {"html": b"<!doctype html>", "svg": b"<svg ", "dot": b"digraph ", "mmd": b"---", "txt": b"toy_resnet"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from this checkout into a temporary folder."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_holds_the_page_and_no_tests(wheel):
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert names >= PAGE
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"inspector"}


@pytest.mark.parametrize("form", SIGNS)
def test_an_installed_wheel_draws(wheel, form, tmp_path):
    site = tmp_path / "site"
    with ZipFile(wheel) as archive:  # what an installation puts in place
        archive.extractall(site)
    target = tmp_path / f"model.{form}"
    code = "import inspector, sys; from inspector.cli.output import run; print(inspector.__file__); sys.exit(run())"
    done = subprocess.run(
        [sys.executable, "-c", code, "plot", FILES / "toy_resnet.keras", "-o", target],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(site)}, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert Path(done.stdout.strip()).is_relative_to(site)
    assert target.read_bytes().startswith(SIGNS[form])
