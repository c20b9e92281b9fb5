"""Recovery looks, and leaves no trace: variables, seeds, generators, attributes, nodes, patches."""

import random

import keras
import numpy as np
import pytest

from inspector.live.recovery import recover
from inspector.live.recovery.state import forget_nodes
from tests.live.recovery.given import inputs
from tests.live.situations import backend, composite, dynamic, effects, plain

MODELS = [
    (plain.CNN, (2, 8, 8, 1)),
    (dynamic.VAE, (2, 4)),
    (dynamic.InlineVAE, (2, 4)),
    (dynamic.BranchOnValue, (2, 4)),
    (dynamic.NumpyDrop, (2, 4)),
    (effects.CountsCalls, (2, 4)),
    (effects.MovingMean, (2, 4)),
    (backend.RawOps, (2, 4)),
    (backend.NumpyInCall, (2, 4)),
    (composite.Transformer, (2, 6)),
]


def patchable():
    """What recovery patches, as it is now."""
    classes = (keras.Layer, keras.Operation, keras.Variable)
    return [{key: value for c in cls.__mro__[:-1] for key, value in vars(c).items()} for cls in classes] + [
        dict(vars(keras.random))
    ]


@pytest.mark.parametrize(("make", "shape"), MODELS)
def test_state_is_kept(make, shape):
    model = make()
    model(np.ones(shape, "float32"))
    values = [v.numpy().copy() for v in model.variables]
    generators = random.getstate(), np.random.get_state()
    patches = patchable()
    recover(model)
    assert all(np.array_equal(a, v.numpy()) for a, v in zip(values, model.variables, strict=True))
    assert random.getstate() == generators[0]
    assert np.array_equal(np.random.get_state()[1], generators[1][1])
    assert patchable() == patches


def test_the_first_run_leaves_what_it_builds_at_its_start():
    model = effects.CountsCalls()
    recover(model, inputs((None, 4)))
    assert float(model.count.value) == 0.0


def test_attributes():
    model = effects.KeepsTensor()
    model(np.ones((1, 4), "float32"))
    before = model.last
    recover(model)
    assert not isinstance(model.last, keras.KerasTensor)
    assert type(model.last) is type(before)


def test_nodes_of_failed_and_second_traces_are_taken_away():
    model = dynamic.BranchOnValue()
    recover(model, inputs((None, 4)))
    assert all(not layer._inbound_nodes for layer in model.layers)
    model = plain.MLP()
    found = recover(model, inputs((None, 4)))
    assert [len(layer._inbound_nodes) for layer in model.layers] == [1, 1]
    forget_nodes(node for layer in model.layers for node in list(layer._inbound_nodes))
    assert [len(layer._inbound_nodes) for layer in model.layers] == [0, 0]
    assert found.functional is not None


def test_twice_gives_the_same():
    model = composite.Transformer()
    first, second = (recover(model, inputs((None, 6)), expand=True) for _ in range(2))
    assert first.structure == second.structure


def test_traceback_filtering_is_put_back():
    assert keras.config.is_traceback_filtering_enabled()
    recover(backend.NumpyInCall(), inputs((None, 4)))
    assert keras.config.is_traceback_filtering_enabled()
