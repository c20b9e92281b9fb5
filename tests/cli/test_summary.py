"""``kinspect summary`` as users run it: forms, exit codes, errors, what is imported."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from fixtures.catalogue import FILES
from inspector.cli.output import run

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/schemas/summary.schema.json").read_text())
MODELS = sorted(
    path
    for path in FILES.iterdir()
    if path.suffix in (".keras", ".h5", ".json") and path.is_file() and not path.name.startswith("oracle")
)
SHOWN = ("small_mnist_cnn_functional.keras", "small_shared_embedding.keras", "nested_three_deep.keras", "mlp.keras")


@pytest.fixture
def kinspect(capfd):
    """Run the command line in this process: exit code, stdout, stderr."""

    def call(*arguments):
        code = run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return call


def process(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "inspector", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        **options,
    )


def number(text):
    return int(text.replace(",", ""))


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_every_built_model_has_a_valid_record(path, kinspect):
    code, out, err = kinspect("summary", path, "--format", "json")
    assert (code, err) == (0, "")
    jsonschema.validate(json.loads(out), SCHEMA)


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("form", ["table", "tree", "csv", "markdown"])
def test_what_is_printed(name, form, kinspect, snapshot):
    assert kinspect("summary", FILES / name, "--format", form) == snapshot


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_the_printed_columns_add_up_to_the_printed_totals(path, kinspect):
    """As a reader would: the rows that are not indented, folded or not, against the footer."""
    record = json.loads(kinspect("summary", path, "--format", "json")[1])
    codes = {note["code"] for note in record["notes"]}
    if record["totals"]["params"] is None or codes & {"shared", "unclaimed"}:
        pytest.skip("not all is known, or a variable stands in several rows or in none")
    for fold in ("--fold", "--no-fold"):
        _, out, _ = kinspect("summary", path, fold, "--columns", "params,path,macs", "-q")
        lines = out.splitlines()
        rules = [place for place, line in enumerate(lines) if line.startswith("──")]
        gap = lines[0].index("Layer")
        rows = [line for line in lines[rules[0] + 1 : rules[1]] if line[gap] != " "]
        assert sum(number(line[:gap]) for line in rows) == record["totals"]["params"]
        footer = next(line for line in lines[rules[1] :] if line.startswith("Params"))
        assert number(footer.split()[1]) == record["totals"]["params"]
        if record["totals"]["macs"] is not None:
            assert sum(number(line.split()[-1]) for line in rows) == record["totals"]["macs"]


def test_csv_reads_back(kinspect):
    _, out, _ = kinspect("summary", FILES / "branch.keras", "--format", "csv", "--columns", "path,params,connected")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert rows[1] == {"path": "fc1", "params": "40", "connected": "x[0][0]"}


def test_columns_depth_filter_and_sort(kinspect):
    file = FILES / "nested_three_deep.keras"
    paths = ("--format", "csv", "--columns", "path")

    def listed(*more):
        return kinspect("summary", file, *paths, *more)[1].split()[1:]

    assert listed() == ["outer_in", "middle", "relu"]
    assert listed("--depth", "1") == ["outer_in", "middle", "middle/middle_in", "middle/inner", "relu"]
    assert "middle/inner/inner_dense" in listed("--depth", "all")
    assert listed("--filter", "*dense") == ["middle/inner/inner_dense"]
    assert listed("--filter", "Dense") == ["middle/inner/inner_dense"]
    assert listed("--sort", "params")[0] == "middle"
    assert listed("--sort", "path") == ["middle", "outer_in", "relu"]


def test_json_keeps_all_layers_unless_told(kinspect):
    file = FILES / "nested_three_deep.keras"
    everything = json.loads(kinspect("summary", file, "--format", "json")[1])
    top = json.loads(kinspect("summary", file, "--format", "json", "--depth", "0")[1])
    assert [layer["path"] for layer in top["layers"]] == ["outer_in", "middle", "relu"]
    assert len(everything["layers"]) == 7 and top["totals"] == everything["totals"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sumary",), ("error: no command 'sumary'", "hint: did you mean 'summary'?")),
        (("summary", "--colums", "x"), ("error: no option '--colums'", "hint: did you mean '--columns'?")),
        (("summary", "--columns", "parms", "x"), ("error: no column 'parms'", "hint: did you mean 'params'?")),
        (("summary", "--sort", "parms", "x"), ("error: no column 'parms'", "hint: did you mean 'params'?")),
        (("summary", "nowhere.keras"), ("error: nowhere.keras: no such file",)),
        (("summary", "model.py:build"), ("error: model.py: no such file",)),
        (("summary", "package.models:build"), ("error: package.models: there is no module 'package'",)),
        (
            ("summary", "a.keras", "--format", "json", "--columns", "path"),
            ("error: --columns is not for --format json",),
        ),
        (("summary", "pyproject.toml"), ("error: pyproject.toml: ",)),
    ],
)
def test_errors_are_one_line_and_a_hint(arguments, said, kinspect, monkeypatch):
    monkeypatch.chdir(ROOT)
    code, out, err = kinspect(*arguments)
    assert (code, out) == (2, "")
    lines = err.splitlines()
    assert len(lines) <= 2
    for line, start in zip(lines, said, strict=False):
        assert line.startswith(start)


def test_global_options_stand_before_and_after_the_command(kinspect):
    before = kinspect("-q", "--color", "never", "summary", FILES / "branch.keras")
    assert before == kinspect("summary", FILES / "branch.keras", "--color", "never", "-q")
    assert "branch  Functional" not in before[1]


def test_colour_only_when_asked(kinspect):
    assert "\x1b[" not in kinspect("summary", FILES / "branch.keras")[1]
    assert "\x1b[" in kinspect("--color", "always", "summary", FILES / "branch.keras")[1]


def test_a_failure_of_our_own_is_one_line_and_a_traceback_under_debug(kinspect, monkeypatch):
    def broken(path):
        raise ZeroDivisionError("never mind")

    monkeypatch.setattr("inspector.readers.read", broken)
    code, out, err = kinspect("summary", FILES / "branch.keras")
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and "kinspect failed: ZeroDivisionError: never mind" in err
    assert "please report this" in err and "Traceback" not in err
    assert "Traceback" in kinspect("summary", FILES / "branch.keras", "--debug")[2]


def test_output_files_are_whole_and_never_replaced_unasked(kinspect, tmp_path):
    target = tmp_path / "summary.json"
    assert kinspect("summary", FILES / "branch.keras", "-o", target) == (0, "", "")
    record = json.loads(target.read_text())
    assert record["totals"]["params"] == 282
    code, _, err = kinspect("summary", FILES / "ensemble.keras", "-o", target)
    assert code == 2 and err.splitlines() == [f"error: {target}: exists already", "hint: add --force to replace it"]
    assert json.loads(target.read_text()) == record
    assert kinspect("summary", FILES / "ensemble.keras", "-o", target, "--force")[0] == 0
    assert json.loads(target.read_text())["model"]["name"] == "ensemble"
    assert os.listdir(tmp_path) == ["summary.json"]
    assert kinspect("summary", FILES / "branch.keras", "-o", tmp_path / "no" / "x.txt")[0] == 2


def test_a_closed_pipe_is_quiet():
    summary = f"{sys.executable} -m inspector summary {FILES / 'branch.keras'} --format json"
    command = f"{summary} | head -c 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stderr == "" and done.stdout == "{0\n"


def test_a_plain_terminal_gets_what_it_can_spell():
    done = process(
        "summary", str(FILES / "branch.keras"), env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    )
    assert done.returncode == 0 and "-----" in done.stdout and done.stdout.isascii()


def test_nothing_heavy_is_imported():
    code = (
        "import sys; from inspector.cli.output import run; run(sys.argv[1:]); "
        "print([m for m in ('tensorflow', 'keras', 'numpy', 'h5py', 'rich', 'importlib.metadata') if m in sys.modules])"
    )
    for name in ("branch.keras", "branch.h5", "encoder.json"):
        done = subprocess.run(
            [sys.executable, "-c", code, "summary", str(FILES / name)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
        assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_import_inspector_imports_nothing_of_its_own():
    code = "import sys, inspector; print(sorted(m for m in sys.modules if m.startswith('inspector')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.strip() == "['inspector', 'inspector._version']"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell, kinspect):
    code, out, _ = kinspect("completion", shell)
    assert code == 0 and "_KINSPECT_COMPLETE" in out


def test_names_of_columns_complete():
    words = {
        "_KINSPECT_COMPLETE": "zsh_complete",
        "COMP_WORDS": "kinspect summary --columns path,par",
        "COMP_CWORD": "3",
    }
    done = process(env={**os.environ, **words})
    assert "path,params" in done.stdout


def test_version_and_help(kinspect):
    assert kinspect("--version")[1].startswith("kinspect ")
    code, out, _ = kinspect("summary", "--help")
    assert code == 0 and "--columns" in out and "--fold / --no-fold" in out
    assert kinspect()[0] == 2
