"""``kinspect topology`` as users run it: forms, exit codes, widths, what is imported."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from fixtures.catalogue import FILES
from inspector.analyses.topology import find_topology
from inspector.api import read
from inspector.cli.output import run
from inspector.graph import Graph, Layer, Model
from inspector.renderers.escaping import width
from inspector.renderers.text import Manner
from inspector.renderers.topology import render_topology
from inspector.renderers.topology_markdown import render_topology_markdown
from inspector.views.topology import MOST_PARTS, TopologyView

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/schemas/topology.schema.json").read_text())
MODELS = sorted(
    path
    for path in [*FILES.iterdir(), *(FILES / "old").iterdir()]
    if path.suffix in (".keras", ".h5", ".json", ".dir") and path.stem not in ("oracle", "expected")
)
SHOWN = (
    "toy_resnet.keras", "gan.keras", "layer_cycle.keras", "custom_dense.h5", "custom_rnn.keras", "frozen_backbone.h5",
    "nested_sequential.keras", "sharded.weights.json", "shared_embedding.json", "unbuilt_sequential.json",
)  # fmt: skip


@pytest.fixture
def kinspect(capfd, monkeypatch):
    """Run the command line in this process, from the repository's root: exit code, stdout, stderr."""
    monkeypatch.chdir(ROOT)

    def call(*arguments):
        code = run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return call


def shown(name):
    return f"fixtures/files/{name}"


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_every_file_has_a_valid_record_and_prints_in_every_form(path, kinspect):
    code, out, err = kinspect("topology", path, "--format", "json")
    assert (code, err) == (0, "")
    record = json.loads(out)
    jsonschema.validate(record, SCHEMA)
    nulls = {field for field, value in record.items() if value is None and field != "is_dag"}
    assert nulls <= set(record["unknown"])
    for form in ("text", "markdown"):
        assert kinspect("topology", path, "--format", form)[0] == 0


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_is_printed(name, form, kinspect, snapshot):
    assert kinspect("topology", shown(name), "--format", form) == snapshot


@pytest.mark.parametrize("room", [80, 120])
@pytest.mark.parametrize("name", SHOWN)
def test_what_a_terminal_shows(name, room, snapshot, monkeypatch):
    monkeypatch.chdir(ROOT)
    lines = render_topology(TopologyView(find_topology(read(shown(name)))), Manner(room))
    assert max(map(width, lines)) <= room
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("toy_resnet.keras", ("--fail-on", "dynamic", "--fail-on", "opaque"), 0),
        ("custom_dense.keras", ("--fail-on", "dynamic"), 0),
        ("custom_dense.keras", ("--fail-on", "opaque"), 1),
        ("custom_dense.keras", ("--fail-on", "opaque", "--fail-on", "dynamic"), 1),
        ("gan.keras", ("--fail-on", "opaque", "--format", "json"), 1),
        ("gan.keras", (), 0),
    ],
)
def test_fail_on(name, options, code, kinspect):
    found, out, err = kinspect("topology", shown(name), *options)
    assert found == code and out
    assert err.startswith("opaque: ") if code else err == ""


def test_wrong_usage(kinspect):
    code, out, err = kinspect("topology", shown("toy_resnet.keras"), "--fail-on", "declared")
    assert (code, out) == (2, "") and err.startswith("error: ")
    assert kinspect("topology", "nothing.keras")[0] == 2
    assert kinspect("topology", shown("toy_resnet.keras"), "--custom", "code.py")[0] == 2


def test_a_file_is_written_once_in_the_form_of_its_ending(kinspect, tmp_path):
    target = tmp_path / "topology.md"
    assert kinspect("topology", shown("toy_resnet.keras"), "-o", target) == (0, "", "")
    assert target.read_text().startswith("# toy_resnet")
    code, _, err = kinspect("topology", shown("toy_resnet.keras"), "-o", target)
    assert code == 2 and "exists already" in err
    assert kinspect("topology", shown("gan.keras"), "-o", target, "--force")[0] == 0
    assert "GAN" in target.read_text()


def test_colour_is_for_terminals(kinspect):
    plain = kinspect("topology", shown("gan.keras"))[1]
    coloured = kinspect("topology", shown("gan.keras"), "--color", "always")[1]
    assert "\x1b[" not in plain and "\x1b[" in coloured


def test_long_lists_are_counted_in_text_and_whole_in_json():
    layers = tuple(Layer(f"odd_{index}", "Odd", "layer", {}, "odd") for index in range(100))
    record = find_topology(Model(Graph("s", "Sequential", "sequential", layers, built=False), "config", "m.json"))
    assert len(record["parts"]) == 101
    short, full = (render_topology(TopologyView(record, every=every)) for every in (False, True))
    assert f"… and {101 - MOST_PARTS} more parts, listed with -v" in short
    assert "as odd_0" in "\n".join(short) and "more" not in "\n".join(full)
    assert sum("odd_" in line and "opaque" in line for line in full) == 100


def test_names_from_a_file_are_shown_and_not_obeyed():
    name = "a\x1b[31m|`<b>"
    graph = Graph("s", "Sequential", "sequential", (Layer(name, "Odd\n", "layer", {}, "m"),), built=False)
    view = TopologyView(find_topology(Model(graph, "config", "m.json")))
    text, page = "\n".join(render_topology(view, Manner(80))), render_topology_markdown(view)
    for output in (text, page):
        assert "\x1b" not in output and "\\x1b" in output.replace("\\\\", "\\")
    assert "\\|\\`\\<b\\>" in page


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "options", "code", "root", "is_dag"),
    [
        ("fixtures.models.subclassed:gan", ("--fail-on", "dynamic"), 1, ["no-call", "custom-train-step"], False),
        ("fixtures.models.dynamic:dqn_agent", ("--input-shape", "1,4"), 0, ["data-dependent-branch"], False),
        ("fixtures.models.subclassed:custom_rnn", (), 0, ["unknown-dimension-arithmetic"], True),
        ("fixtures.models.subclassed:built_mlp", ("--fail-on", "dynamic", "--fail-on", "opaque"), 0, [], True),
    ],
)
def test_models_in_code(target, options, code, root, is_dag, kinspect):
    found, out, _ = kinspect("topology", target, "--format", "json", "-q", *options)
    record = json.loads(out)
    jsonschema.validate(record, SCHEMA)
    assert (found, record["is_dag"]) == (code, is_dag)
    assert [reason["code"] for reason in record["parts"][0]["reasons"]] == root
    for reason in record["parts"][0]["reasons"]:
        lines = Path(reason["file"]).read_text().splitlines()
        assert lines[reason["line"] - 1].strip() == reason["source"].strip()


def test_reading_a_file_imports_nothing_heavy():
    code = (
        "import sys; from inspector.cli.output import run; "
        f"run(['topology', {str(FILES / 'toy_resnet.keras')!r}, '-q']); "
        "print([m for m in ('tensorflow', 'keras', 'numpy', 'h5py', 'rich') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr.strip() == "[]" and done.stdout.startswith("DAG")
