"""Recovered graphs that can be saved, and load in a process that knows neither the class nor this package."""

import subprocess
import sys

import numpy as np
import pytest

from inspector.live.recovery import obstacles, recover, standalone
from inspector.live.recovery.inputs import concrete, random_inputs
from tests.live.examples import relational, vision
from tests.live.recovery.given import codes, inputs
from tests.live.situations import backend, composite, dynamic, effects, plain

MODELS = {
    "loop": (composite.LoopRNN, (3, 4, 3), False),
    "weights": (plain.DirectWeights, (None, 3), False),
    "variables": (effects.VariableFirst, (None, 5, 4), False),
    "names": (effects.SharedNames, (None, 4), True),
    "raw with equivalents": (backend.RawOps, (None, 4), False),
    "vit": (vision.ViT, (None, 8, 8, 1), True),
    "experts": (relational.MixtureOfExperts, (None, 5), True),
}
SCRIPT = """
import sys, keras, numpy as np
for path in sys.argv[1:]:
    model, data = keras.models.load_model(path + ".keras"), np.load(path + ".npz")
    assert np.array_equal(np.asarray(model(data["x"])), data["y"]), path
"""


def test_saved_and_loaded_elsewhere(tmp_path):
    paths = []
    for name, (make, shape, expand) in MODELS.items():
        model = make()
        found = recover(model, inputs(shape), expand=expand)
        assert found.verdict == "recovered", name
        (x,), _ = random_inputs(concrete(found.inputs, 3), 0)
        names = [layer.name for layer in model._flatten_layers()]
        nodes = [len(layer._inbound_nodes) for layer in model._flatten_layers()]
        path = str(tmp_path / name)
        with standalone(found.functional) as graph:
            graph.save(f"{path}.keras")
        assert [layer.name for layer in model._flatten_layers()] == names
        assert [len(layer._inbound_nodes) for layer in model._flatten_layers()] == nodes
        np.savez(path, x=x, y=np.asarray(model(x)))
        paths.append(path)
    done = subprocess.run([sys.executable, "-c", SCRIPT, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(
    ("make", "shape", "code"),
    [(backend.EdgeDetector, (None, 16, 16, 1), "raw-ops"), (dynamic.InlineVAE, (None, 4), "stochastic-values")],
)
def test_obstacles(make, shape, code):
    found = recover(make(), inputs(shape))
    assert set(codes(obstacles(found.functional))) == {code}
    with pytest.raises(ValueError), standalone(found.functional):
        pass
