"""Without TensorFlow: the symbolic route on the numpy backend, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import keras
from inspector.live.recovery import recover
from tests.live.recovery.given import inputs, size
from tests.live.situations import composite, dynamic, effects, plain
models = {
    "mlp": (plain.MLP, (None, 4)), "cnn": (plain.CNN, (None, 8, 8, 1)), "attention": (plain.OpsAttention, (None, 5, 4)),
    "transformer": (composite.Transformer, (None, 6)), "tree": (composite.StaticTree, (None, 4)),
    "loop": (composite.LoopRNN, (None, 4, 3)), "variables": (effects.VariableFirst, (None, 5, 4)),
    "vae": (dynamic.InlineVAE, (None, 4)), "ema": (effects.MovingMean, (None, 4)),
    "if": (dynamic.BranchOnValue, (None, 4)), "part": (dynamic.BranchInPart, (None, 4)),
}
out = {}
for name, (make, shape) in models.items():
    r = recover(make(), inputs(shape), expand=name == "transformer")
    out[name] = [r.verdict, r.strategy, size(r) if r.structure else None, r.proof.max_abs_diff]
    out[name] += [[x.code for x in r.reasons], r.reasons[0].source if r.reasons else None]
assert "tensorflow" not in sys.modules
print(json.dumps(out))
"""


@pytest.fixture(scope="module")
def found():
    pytest.importorskip("scipy", reason="Keras's numpy backend needs it")
    environment = {**os.environ, "KERAS_BACKEND": "numpy", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("name", "counts"),
    [("mlp", [3, 2]), ("cnn", [7, 6]), ("attention", [10, 11]), ("transformer", [21, 24]), ("tree", [31, 37]),
     ("loop", [20, 26]), ("variables", [12, 14]), ("vae", [5, 5]), ("ema", [8, 9]), ("part", [4, 3])],
)  # fmt: skip
def test_symbolic_route(found, name, counts):
    assert (found[name][0], found[name][2], found[name][3]) == ("recovered", counts, 0.0)


def test_what_only_tensorflow_can_trace_has_its_reason(found):
    verdict, strategy, counts, _, codes, source = found["if"]
    assert (verdict, strategy, counts, codes) == ("dynamic", None, None, ["data-dependent-branch"])
    assert "# branch on a value" in source
