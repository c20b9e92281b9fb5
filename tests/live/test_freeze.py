"""`kinspect freeze`: a file that loads elsewhere and computes the same, or nothing and the reasons."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.live.test_code_command import MODELS, ROOT, kinspect


def line_of(text: str) -> int:
    return next(n for n, line in enumerate((ROOT / MODELS).read_text().splitlines(), 1) if line.endswith(text))


LOAD = """
import sys, keras, numpy as np
model = keras.models.load_model(sys.argv[1])
print(model.count_params(), np.asarray(model(np.ones((2, 4), "float32"))).shape)
"""


@pytest.mark.parametrize(
    ("name", "inputs", "params"),
    [("OneDense", ["--input-shape", "?,4"], 20), ("Towers", ["--input-shape", "?,4"], 80)],
)
def test_the_file_loads_without_the_class(name, inputs, params, tmp_path):
    target = tmp_path / "frozen.keras"
    code, out, err = kinspect("freeze", f"{MODELS}:{name}", *inputs, "-o", target, "--format", "json")
    assert (code, err) == (0, ""), err
    record = json.loads(out)
    assert record["proof"] == {"ran": True, "max_abs_diff": 0.0, "ok": True, "tolerance": 1e-05}
    assert record["needs"] == [] and record["verdict"] == "recovered" and record["output"] == str(target)
    done = subprocess.run(
        [sys.executable, "-c", LOAD, target], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[0] == str(params)
    assert [path.name for path in tmp_path.iterdir()] == ["frozen.keras"]
    if name == "Towers":
        assert sorted(record["constants"]) == ["towers/left/scale", "towers/right/scale"]


def test_classes_that_loading_needs_are_named(tmp_path):
    code, out, _ = kinspect("freeze", "fixtures/models/custom_layers.py:custom_dense", "-o", tmp_path / "frozen.keras")
    assert code == 0 and "these classes are needed: fixtures.models.custom_layers.CustomDense" in out


@pytest.mark.parametrize(
    ("target", "more", "said"),
    [
        ("fixtures/models/dynamic.py:dqn_agent", ["--input-shape", "1,4"], "data-dependent-branch"),
        ("fixtures/models/dynamic.py:tree_rnn", [], "recursion: TreeRNN.call calls itself"),
        ("fixtures/models/subclassed.py:gan", [], "no-call"),
        (f"{MODELS}:RawOperations", ["--input-shape", "?,4"], "raw-ops: tf.nn.silu"),
        (f"{MODELS}:Samples", ["--input-shape", "?,4"], f"could hold ({ROOT / MODELS}:{line_of('# drawn')})"),
    ],
)
def test_nothing_is_written_where_there_is_no_graph(target, more, said, tmp_path):
    code, out, err = kinspect("freeze", target, *more, "-o", tmp_path / "frozen.keras")
    assert (code, err) == (1, "") and "nothing written" in out and said in out
    assert list(tmp_path.iterdir()) == []


def test_no_file_is_replaced_without_force(tmp_path):
    target = tmp_path / "frozen.keras"
    target.write_text("mine")
    code, _, err = kinspect("freeze", f"{MODELS}:dense", "-o", target)
    assert code == 2 and "exists already" in err and target.read_text() == "mine"
    code, out, _ = kinspect("freeze", f"{MODELS}:dense", "-o", target, "--force")
    assert code == 0 and "equal outputs" in out and target.read_bytes()[:2] == b"PK"


@pytest.mark.parametrize("output", ["frozen.h5", "nowhere/frozen.keras"])
def test_outputs_that_cannot_be(output, tmp_path):
    code, out, err = kinspect("freeze", f"{MODELS}:dense", "-o", tmp_path / output)
    assert (code, out) == (2, "") and err.startswith("error: ")
