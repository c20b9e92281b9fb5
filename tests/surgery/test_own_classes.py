"""Layers of classes that are the user's own: kept with their weights, and nothing said of them that is not known."""

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from keras import layers, ops

from inspector import summary
from inspector.graph import walk
from inspector.live.proving import compare
from inspector.readers import read
from inspector.surgery.extract import extract, place


class Bare(keras.Model):
    """A functional model with a config of its own, without the flags that layers have."""

    def __init__(self, units=3, **more):
        entry = keras.Input((4,))
        super().__init__(inputs=entry, outputs=layers.Dense(units, name="inside")(entry), **more)
        self.units = units

    def get_config(self):
        return {"units": self.units, "name": self.name}


@keras.saving.register_keras_serializable("own")
class Registered(Bare):
    """The same, under a name that says that it is no operation."""


@keras.saving.register_keras_serializable("own")
class Cell(layers.Layer):
    """A recurrent cell that Keras does not have."""

    def __init__(self, units, **more):
        super().__init__(**more)
        self.units = self.state_size = self.output_size = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")

    def call(self, inputs, states):
        now = ops.tanh(ops.matmul(inputs, self.kernel) + states[0])
        return now, [now]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@pytest.mark.parametrize("own", [Bare, Registered])
@pytest.mark.parametrize("ending", [".h5", ".keras"])
def test_a_model_with_a_config_of_its_own_keeps_its_weights(tmp_path, own, ending):
    entry = keras.Input((4,), name="x")
    path = tmp_path / f"model{ending}"
    keras.Model(entry, layers.Dense(2, name="head")(own(5, name="own")(entry))).save(path)
    submodel = extract(read(path), every=True)
    submodel.save(tmp_path / f"child{ending}")
    assert len(submodel.cargo.tensors) == 4
    parent, child = (
        keras.saving.load_model(file, compile=False, custom_objects={"Bare": Bare})
        for file in (path, tmp_path / f"child{ending}")
    )
    proof = compare(parent, child, [*map(place, submodel.cut.inputs)], [*map(place, submodel.cut.outputs)])
    assert proof["ok"] and proof["max_abs_diff"] == 0


@pytest.mark.parametrize("ending", [".h5", ".keras"])
def test_a_model_with_a_config_of_its_own_as_an_output(tmp_path, ending):
    """Keras counts the calls of such a model from 1, and only among the outputs."""
    entry, own = keras.Input((4,), name="x"), Registered(4, name="own")
    file = tmp_path / f"model{ending}"
    keras.Model(entry, [own(own(entry)), layers.Dense(2, name="head")(entry)]).save(file)
    model = read(file)
    assert {path: layer.kind for path, _, layer in walk(model.graph)}["own"] == "layer"
    assert [tuple(ref) for ref in model.graph.output_refs()] == [("own", 1, 0), ("head", 0, 0)]


def test_one_shape_is_not_told_for_a_layer_that_gives_two(tmp_path):
    entry = keras.Input((5, 3), name="x")
    steps, state = layers.RNN(Cell(4), return_sequences=True, return_state=True, name="rnn")(entry)
    keras.Model(entry, [layers.Dense(2, name="head")(steps), state]).save(tmp_path / "model.keras")
    record = summary(tmp_path / "model.keras").to_dict()
    rnn, head = record["layers"][1:]
    assert rnn["output_shape"] is None and "Cell" in rnn["unknown"]["output_shape"]
    assert head["output_shape"] == [None, 5, 2]  # the one shape that the file states
