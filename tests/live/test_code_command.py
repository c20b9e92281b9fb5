"""Models in code through the command line, in real workers: what is printed, what is said, and that it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODELS = "tests/live/models.py"
SHOWN = "fixtures/models"


def kinspect(*arguments, folder=ROOT, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "inspector", *map(str, arguments)], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, check=False, timeout=300,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def summary(*arguments, **environment):
    code, out, err = kinspect("summary", *arguments, "--format", "json", **environment)
    assert (code, err) == (0, "")
    return json.loads(out)


def test_factory_with_arguments_and_noise():
    record = summary(f"{MODELS}:dense", "--arg", "units=7", "--arg", "name=mine")
    assert record["model"]["format"] == "code" and record["model"]["name"] == "mine"
    assert record["totals"]["params"] == 28


def test_module_instance_on_numpy():
    pytest.importorskip("jax", reason="Keras's numpy backend takes its fft from jax")
    record = summary("tests.live.models:ready", KERAS_BACKEND="numpy")
    assert record["totals"]["params"] == 8


def test_class_with_named_inputs():
    shapes = ["--input-shape", "tokens=?,5", "--input-shape", "numbers=?,4", "--input-dtype", "tokens=int32"]
    record = summary(f"{MODELS}:Pair", *shapes)
    assert {i["name"]: i["dtype"] for i in record["inputs"]} == {"numbers": "float32", "tokens": "int32"}
    assert record["model"]["kind"] == "subclassed" and record["totals"]["params"] == 45


def test_saved_model_opened_with_the_code_of_its_classes():
    record = summary("fixtures/files/built_mlp.keras", "--live", "--custom", f"{SHOWN}/subclassed.py")
    assert [row["name"] for row in record["layers"]] == ["inputs", "hidden", "classify"]
    assert any("MLP: not registered" in note["message"] for note in record["notes"])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("fails", [f"error: {MODELS}:131: ValueError: A `Concatenate` layer requires", ""]),
        ("fails_in_call", [f"error: {MODELS}:53: TypeError", ""]),
        ("returns_nothing", [f"error: {MODELS}:returns_nothing: it returned None, not a Keras model", ""]),
        ("exits", [f"error: {MODELS}:145: the code ends the program itself: sys.exit(3)", "hint: put what"]),
        ("dies", [f"error: {MODELS}:dies: the process that runs it ended with exit code 5, building", ""]),
        ("crashes", [f"error: {MODELS}:crashes: the process that runs it ended by signal SIGSEGV", ""]),
        ("needs_units", [f"error: {MODELS}:needs_units: missing", "hint: give it with --arg units=VALUE"]),
        ("reddy", [f"error: {MODELS}: it defines no 'reddy'", "hint: did you mean ready?"]),
        ("number", [f"error: {MODELS}:number: it is a int, not a model", ""]),
    ],
)
def test_errors_are_the_users_own(name, said):
    code, out, err = kinspect("summary", f"{MODELS}:{name}")
    lines = [*err.splitlines(), ""]
    assert (code, out) == (2, "")
    assert lines[0].startswith(said[0]) and lines[1].startswith(said[1]) and len(lines) <= 3, err


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("multi_io.py:image_and_text_uncalled", ["multi_io.py:", "hint: the layer 'score' was never called"]),
        ("multi_io.py:branches_that_do_not_fit", ["(None, 100, 3), (None, 50, 4)"]),
        ("old_linear_regression.py:LinearRegression", ["old_linear_regression.py:17: SyntaxError: 'return' outside"]),
    ],
)
def test_rows_that_must_fail(target, said):
    code, out, err = kinspect("summary", f"{SHOWN}/{target}")
    assert (code, out) == (2, "") and all(text in err for text in said), err


def test_debug_shows_the_users_traceback():
    code, _, err = kinspect("summary", f"{MODELS}:fails", "--debug")
    assert code == 2 and 'models.py", line 131, in fails' in err


def living(mark):
    found = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    return [line for line in found.splitlines() if mark in line and "ps -eo" not in line]


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_stops_the_worker(number):
    """Ctrl-C takes the worker's children along; a parent that dies takes the worker along."""
    process = subprocess.Popen(
        [sys.executable, "-m", "inspector", "summary", f"{MODELS}:waits"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    wait_for(lambda: living("sleep(987.25)"))
    process.send_signal(number)
    process.communicate(timeout=20)
    wait_for(lambda: not living("sleep(987.25)"), 10)


def test_the_time_limit_stops_the_worker():
    code, out, err = kinspect("summary", f"{MODELS}:waits", "--timeout", "9")
    assert (code, out) == (2, "") and "ran longer than 9 s and was stopped" in err and "--timeout" in err
    wait_for(lambda: not living("sleep(987.25)"), 10)


def test_progress_is_shown_on_a_terminal_and_erased():
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "inspector", "summary", f"{MODELS}:dense"], cwd=ROOT, stdout=subprocess.PIPE,
        stderr=theirs, check=True,
    )  # fmt: skip
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "starting Keras" in shown and f"building {MODELS}:dense" in shown and shown.endswith("\r\x1b[2K")
    assert "noise" not in shown and b"noise" not in done.stdout


def test_static_files_need_no_worker():
    code, out, _ = kinspect("summary", "fixtures/files/unbuilt_sequential.keras", "--input-shape", "?,28,28,1")
    assert code == 0 and "609" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fixtures/files/branch.keras", "--arg", "a=1"], "--arg is for factories and classes"),
        (["fixtures/files/branch.keras", "--custom", "x.py"], "--custom needs Keras"),
        (["fixtures/files/branch.keras", "--input-shape", "1,2"], "is for code and for Sequential models"),
        (["fixtures/files/branch.keras", "--input-shape", "1,x"], "'x' is no dimension"),
        (["a.py:f", "--input-dtype", "int33"], "'int33' is no dtype"),
        (["a.py:f", "--arg", "1"], "'1' is not NAME=VALUE"),
        (["a.py:f", "--arg", "x=[1"], "'[1' is not a Python literal"),
    ],
)
def test_options_that_do_not_fit(arguments, said):
    code, out, err = kinspect("summary", *arguments)
    assert (code, out) == (2, "") and said in err
