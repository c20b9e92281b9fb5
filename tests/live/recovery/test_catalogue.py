"""The models by subclassing that the project was asked to serve."""

import subprocess
import sys

import numpy as np
import pytest

from fixtures.models import subclassed
from inspector.live.recovery import recover
from tests.live.recovery.given import codes, inputs, size
from tests.live.situations import composite, plain


def test_mlp_unbuilt_and_built():
    assert codes(recover(subclassed.mlp()).reasons) == ["needs-inputs"]
    for found in (recover(subclassed.mlp(), inputs((None, 32))), recover(subclassed.built_mlp())):
        assert (found.verdict, size(found), found.proof.max_abs_diff) == ("recovered", (3, 2), 0.0)


def test_mnist():
    found = recover(subclassed.small_mnist_cnn_subclassed())
    assert (found.verdict, size(found)) == ("recovered", (5, 4))


def test_custom_rnn_is_ten_calls_of_shared_layers():
    found = recover(subclassed.custom_rnn())
    assert found.verdict == "recovered" and found.proof.max_abs_diff == 0.0
    names = [node.name for node in found.structure.nodes]
    assert names.count("project_input") == names.count("project_state") == 10
    assert found.parts["classifier"].verdict == "declared"


def test_gan():
    found = recover(subclassed.gan())
    assert (found.verdict, codes(found.reasons)) == ("dynamic", ["no-call", "custom-train-step"])
    assert {path: part.verdict for path, part in found.parts.items()} == {
        "generator": "declared",
        "discriminator": "declared",
    }


@pytest.mark.parametrize(
    "make", [subclassed.functional_subclass, subclassed.plain_functional_subclass, subclassed.custom_sequential]
)
def test_declared_subclasses(make):
    assert recover(make()).verdict == "declared"


@pytest.mark.parametrize(
    ("make", "shape"),
    [(plain.Residual, (None, 4)), (plain.OpsAttention, (None, 5, 4)), (composite.Transformer, (None, 6))],
)
def test_saved_and_loaded_without_the_class(tmp_path, make, shape):
    model = make()
    found = recover(model, inputs(shape), expand=True)
    data = np.ones([3 if d is None else d for d in shape], "int32" if len(shape) == 2 and shape[1] == 6 else "float32")
    np.save(tmp_path / "x.npy", data)
    np.save(tmp_path / "y.npy", np.asarray(model(data)))
    found.functional.save(tmp_path / "m.keras")
    script = (
        "import sys, keras, numpy as np; m = keras.models.load_model(sys.argv[1] + '/m.keras');"
        "x, y = (np.load(sys.argv[1] + f'/{n}.npy') for n in 'xy'); assert np.array_equal(np.asarray(m(x)), y)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1500:]
