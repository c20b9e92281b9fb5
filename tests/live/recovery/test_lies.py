"""The guards: nothing is called recovered that is not."""

import numpy as np
import pytest

from inspector.live.recovery import recover
from tests.live.recovery.given import codes, inputs, line_of, size
from tests.live.situations import lies

REFUSED = {
    "noise by a name": (lies.NoiseByName, "dynamic", "stochastic-values"),
    "numpy noise": (lies.NumpyNoise, "dynamic", "stochastic-values"),
    "own generator": (lies.OwnGenerator, "dynamic", "stochastic-values"),
    "clock": (lies.Clock, "dynamic", "stochastic-values"),
    "backend noise": (lies.BackendNoise, "dynamic", "stochastic-values"),
    "alternating": (lies.AlternatingCalls, "dynamic", "stochastic-structure"),
    "frozen weight": (lies.FrozenWeight, "opaque", "weights-unreached"),
    "values only": (lies.RaisesOnSymbolic, "opaque", "not-symbolic"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    make, verdict, code = REFUSED[name]
    found = recover(make(), inputs((None, 4)))
    assert (found.verdict, found.reasons[0].code) == (verdict, code)
    assert found.reasons[0].file == lies.__file__


def test_lines():
    found = recover(lies.FrozenWeight(), inputs((None, 4)))
    assert found.reasons[0].line == line_of(lies, "tf.exp(self.scale.value)")
    found = recover(lies.RaisesOnSymbolic(), inputs((None, 4)))
    assert found.reasons[0].line == line_of(lies, "# values only")


def test_a_tf_function_is_looked_into():
    found = recover(lies.CompiledCall(), inputs((None, 4)))
    assert (found.verdict, found.strategy, size(found)) == ("recovered", "symbolic", (4, 3))


def test_an_integer_tensor_as_index_is_take():
    found = recover(lies.TensorIndex(), inputs((None, 4)))
    assert (found.verdict, found.strategy) == ("recovered", "symbolic")
    assert "Take" in [node.class_name for node in found.structure.nodes]


def test_a_count_of_calls_is_put_back():
    model = lies.AlternatingCalls()
    model(np.ones((1, 4), "float32"))
    before = model.turn
    recover(model)
    assert model.turn == before


def test_reasons_come_without_doubles():
    for make in (lies.NoiseByName, lies.RaisesOnSymbolic):
        found = recover(make(), inputs((None, 4)))
        assert len(set(codes(found.reasons))) == len(found.reasons)
