"""``kinspect extract`` as users run it: files, forms, exit codes, proof, what is imported."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import jsonschema
import pytest

from fixtures.catalogue import FILES
from inspector.cli.output import run

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/schemas/extract.schema.json").read_text())
MODEL = str(FILES / "toy_resnet.keras")


@pytest.fixture
def kinspect(capfd, monkeypatch, tmp_path):
    """Run the command line in this process, in an empty folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = run(list(map(str, arguments)))
        return code, *capfd.readouterr()

    return call


def test_text_and_file(kinspect, tmp_path):
    code, out, err = kinspect("extract", MODEL, "--layer", "add_1", "-o", "f.keras", "--no-prove")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == f"f.keras: 10 layers of {MODEL} (static)"
    assert "  output  add_1  (None, 9, 9, 64)  float32" in out and "not run" in out
    assert os.listdir(tmp_path) == ["f.keras"]


def test_json_follows_its_schema(kinspect):
    code, out, _ = kinspect(
        "extract", MODEL, "-l", "x=conv2d", "-l", "add", "-o", "f.keras", "--no-prove", "--format", "json"
    )
    record = json.loads(out)
    jsonschema.validate(record, SCHEMA)
    assert (
        code == 0
        and record["method"] == "static"
        and record["proof"] == {"ran": False, "max_abs_diff": None, "ok": None}
    )
    assert [(end["key"], end["from"]) for end in record["outputs"]] == [("add", "add"), ("x", "conv2d")]


def test_verbose_tells_what_was_kept_and_dropped(kinspect):
    nested = str(FILES / "nested_autoencoder.keras")
    _, out, _ = kinspect("-v", "extract", nested, "-l", "encoder/conv2d_1", "-o", "f.keras", "--no-prove")
    assert "  kept    img, encoder/conv2d, encoder/conv2d_1" in out
    assert "  opened  encoder" in out and "  dropped decoder" in out


def test_a_block_is_told_on_stderr(kinspect):
    code, _, err = kinspect("extract", MODEL, "-l", "global", "-o", "f.keras", "--no-prove")
    assert code == 0 and err == "'global' is a block of 1 layers, and 'global_average_pooling2d' its exit\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "f.keras"], "say what to extract"),
        (["--all"], "say where to write"),
        (["-l", "ad", "-o", "f.keras"], "'ad' is no layer of the model"),
        (["--all", "-o", "f.pb"], "is written as .keras or .h5"),
        (["--all", "-o", "f.weights.h5"], "is written as .keras or .h5"),
        (["--all", "-o", "no/f.keras"], "there is no folder 'no'"),
        (["--all", "-o", "."], "is a directory"),
    ],
)
def test_wrong_usage(kinspect, arguments, message, tmp_path):
    code, out, err = kinspect("extract", MODEL, "--no-prove", *arguments)
    assert code == 2 and out == "" and message in err.splitlines()[0]
    assert os.listdir(tmp_path) == []


def test_never_over_a_file_unasked(kinspect, tmp_path):
    (tmp_path / "f.keras").write_text("mine")
    code, _, err = kinspect("extract", MODEL, "--all", "-o", "f.keras", "--no-prove")
    assert code == 2 and "exists already" in err and (tmp_path / "f.keras").read_text() == "mine"
    code, _, _ = kinspect("extract", MODEL, "--all", "-o", "f.keras", "--no-prove", "--force")
    assert code == 0 and os.listdir(tmp_path) == ["f.keras"]
    code, _, err = kinspect("extract", "f.keras", "-l", "add", "-o", "f.keras", "--no-prove", "--force")
    assert code == 2 and "is the model itself" in err


def test_nothing_is_left_when_writing_fails(kinspect, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("inspector.surgery.write.write_hdf5", fail)
    code, _, err = kinspect("extract", MODEL, "--all", "-o", "f.keras", "--no-prove")
    assert code == 2 and err == "error: f.keras: no space left on device\n" and os.listdir(tmp_path) == []


def test_static_path_imports_nothing_heavy(tmp_path):
    code = (
        "import sys; from inspector.cli.output import run; "
        f"code = run(['extract', {MODEL!r}, '--all', '-o', 'f.keras', '--no-prove', '-q']); "
        "heavy = {'tensorflow', 'keras', 'numpy', 'h5py', 'rich'} & set(sys.modules); sys.exit(code or bool(heavy))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_python_interface(tmp_path):
    import inspector

    submodel = inspector.extract(MODEL, ["add"])
    assert submodel.to_dict()["output"] is None
    submodel.save(tmp_path / "f.keras")
    assert inspector.read(tmp_path / "f.keras").graph.outputs.layer == "add"


@pytest.mark.slow
def test_proof_in_a_worker(kinspect):
    code, out, _ = kinspect("extract", MODEL, "-l", "add", "-o", "f.keras", "--prove", "--format", "json")
    record = json.loads(out)
    jsonschema.validate(record, SCHEMA)
    assert code == 0 and record["proof"]["ran"] and record["proof"]["ok"] and record["proof"]["max_abs_diff"] == 0


@pytest.mark.slow
def test_a_proof_that_fails_is_exit_code_1(kinspect, monkeypatch):
    from inspector.surgery import weights

    honest = weights.make_dataset
    monkeypatch.setattr(
        weights,
        "make_dataset",
        lambda weight, atlas: honest(weight, atlas)._replace(blocks=lambda: [bytes(weight.nbytes)]),
    )
    code, out, err = kinspect("extract", MODEL, "-l", "add", "-o", "f.keras", "--prove")
    assert code == 1 and "the outputs differ" in out and "outputs differ from the model's" in err


@pytest.mark.slow
def test_models_in_code(kinspect, tmp_path):
    (tmp_path / "net.py").write_text(
        textwrap.dedent("""
            import keras

            class MLP(keras.Model):
                def __init__(self, units=8):
                    super().__init__()
                    self.first = keras.layers.Dense(units, name="first")
                    self.last = keras.layers.Dense(2, name="last")

                def call(self, x):
                    return self.last(keras.ops.relu(self.first(x)))
        """)
    )
    arguments = ["net.py:MLP", "--input-shape", "?,5", "-l", "first", "-o", "f.keras", "--format", "json"]
    code, out, err = kinspect("extract", *arguments)
    record = json.loads(out)
    jsonschema.validate(record, SCHEMA)
    assert (code, err) == (0, "") and record["method"] == "recovered" and record["proof"]["ok"]
    assert record["source"] == "net.py:MLP"


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "noted"), [("?,4,2", 3), ("5,4,2", None)])
def test_a_batch_that_the_code_fixes_is_said(kinspect, tmp_path, shape, noted):
    (tmp_path / "net.py").write_text(
        textwrap.dedent("""
            import keras

            class Loop(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.cell = keras.layers.Dense(3, name="cell")

                def call(self, x):
                    state = keras.ops.zeros((keras.ops.shape(x)[0], 3))
                    for step in range(x.shape[1]):
                        state = self.cell(keras.ops.concatenate([x[:, step], state], -1))
                    return state
        """)
    )
    code, out, err = kinspect("extract", "net.py:Loop", "--input-shape", shape, "-l", "cell@2", "-o", "f.keras",
                              "--format", "json")  # fmt: skip
    record = json.loads(out)
    jsonschema.validate(record, SCHEMA)
    assert code == 0 and record["inputs"][0]["shape"][0] == (noted or 5)
    assert [told["code"] for told in record.get("notes", ())] == ["batch-fixed"] * (noted is not None)
    assert ("takes 3 samples at a time" in err) is (noted is not None)


@pytest.mark.slow
def test_a_class_that_keras_does_not_know_is_told_with_the_way_out(kinspect, tmp_path):
    custom = str(FILES / "custom_dense.keras")
    code, out, _ = kinspect("extract", custom, "--all", "-o", "f.keras")
    assert code == 0 and "it does not know '" in out and "--custom FILE.py" in out
    code, _, err = kinspect("extract", custom, "--all", "-o", "f.keras", "--force", "--prove")
    assert code == 2 and "it does not know '" in err and "hint: give the file" in err


@pytest.mark.slow
def test_a_model_without_a_graph_is_tapped(kinspect, tmp_path):
    (tmp_path / "agent.py").write_text(
        textwrap.dedent("""
            import keras

            class Agent(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.features = keras.layers.Dense(4, name="features")
                    self.head = keras.layers.Dense(2, name="head")

                def call(self, x):
                    x = self.features(x)
                    return self.head(x) if keras.ops.max(x) > 0 else self.head(-x)
        """)
    )
    arguments = ["agent.py:Agent", "--input-shape", "?,5", "-l", "features"]
    code, _, err = kinspect("extract", *arguments, "-o", "f.keras")
    assert code == 2 and "is dynamic" in err and "-o FOLDER" in err
    code, out, err = kinspect("extract", *arguments, "-o", "folder", "--format", "json")
    record = json.loads(out)
    jsonschema.validate(record, SCHEMA)
    assert (code, err) == (0, "") and record["method"] == "tapped" and record["proof"]["max_abs_diff"] == 0
    assert (tmp_path / "folder" / "saved_model.pb").is_file()
    assert {"agent.py", "folder"} == set(os.listdir(tmp_path)) - {"__pycache__"}
