"""Broken and hostile files through the command itself, a process each: one line, no traceback, bounded, nothing run."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fixtures.hostile import SECRET, corpus
from inspector.cli.output import run

ROOT = Path(__file__).resolve().parents[2]
SECONDS, KILOBYTES = 30, 300 << 10
PLACE = Path(tempfile.gettempdir()) / "kinspect-marker-{pid}"
MEASURED = """
import sys
from inspector.cli.output import run
code = run(sys.argv[2:])
sys.stdout.flush()
with open(sys.argv[1], "w") as file:
    file.write(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
sys.exit(code)
"""  # the peak as the kernel keeps it for this process: that of `getrusage` is inherited from the parent
MARKER = "kinspect-marker"
FILES = list(corpus(MARKER))


@pytest.fixture
def written(request, tmp_path, monkeypatch):
    """The file, in a folder with a secret beside it; afterwards the marker must not be there."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / SECRET).write_text("secret")
    monkeypatch.chdir(tmp_path / "out")
    marker = tmp_path / "out" / MARKER
    again = next(case for case in corpus(str(marker)) if case.name == request.param.name)
    path = tmp_path / "out" / again.name
    again.write(path, str(marker))
    yield again, path
    assert not marker.exists()


def check_refusal(out, err, name):
    lines = err.splitlines()
    assert out == "" and 1 <= len(lines) <= 2
    assert lines[0].startswith("error: ") and f"{name}: " in lines[0] and len(lines[0]) < 700
    assert all(line.startswith("hint: ") for line in lines[1:])


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("written", FILES, ids=[case.name for case in FILES], indirect=True)
def test_each_file_in_a_process_of_its_own(written, tmp_path):
    case, path = written
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path / "peak"), "summary", str(path)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,  # a hang ends here, with an error
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert "Traceback" not in done.stderr and "kinspect failed" not in done.stderr
    assert done.returncode == case.code, done.stderr
    assert case.says in done.stdout + done.stderr
    assert "secret" not in done.stdout.replace(SECRET, "")
    assert int((tmp_path / "peak").read_text()) < KILOBYTES
    if case.code == 2:
        check_refusal(done.stdout, done.stderr, path.name)
    else:
        assert done.stderr == ""


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("form", ["tree", "json", "csv", "markdown"])
@pytest.mark.parametrize(
    "written", [case for case in FILES if case.row in (14, 32)], ids=lambda case: case.name, indirect=True
)
def test_names_never_write_to_the_terminal(written, form, capfd):
    """Nor end a line, a cell or an object early."""
    assert run(["summary", str(written[1]), "--format", form]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    assert not [char for char in out if not char.isprintable() and char not in "\r\n"]
    assert "\r" not in out.replace("\r\n", "")
    if form == "markdown":
        assert "<script>" not in out


AS_NOBODY = """
import os, sys
from inspector.cli.output import run
from inspector.cli import model_argument, summary
from inspector import api, readers
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
sys.exit(run(["summary", "a.keras"]))
"""  # imported first: nobody may not reach a Python in the superuser's folder


def test_a_file_that_may_not_be_read(tmp_path):
    """As nobody, where the tests run as the superuser."""
    (tmp_path / "a.keras").write_bytes(b"x")
    (tmp_path / "a.keras").chmod(0)
    tmp_path.chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", AS_NOBODY]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, env=environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: a.keras: permission denied\nhint: ask its owner for the right to read it\n"
