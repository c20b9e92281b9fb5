"""A model captured from code has every fact that Keras has, and the graph of the file it saves."""

from __future__ import annotations

import json
import warnings

import keras
import pytest

from fixtures.catalogue import CASES
from fixtures.oracle import describe
from inspector.analyses.summary import summarise
from inspector.api import from_keras, read
from inspector.testing import assert_same_graph, model_from
from tests.differential.compare import differences
from tests.differential.random_models import random_model
from tests.live import models

BUILT = [case for case in CASES if case.builder and not case.raises and case.framework == "keras"]
LARGE = {"vgg19", "vgg16_and_text", "mnist_cnn_sequential", "mnist_cnn_functional"}
SUBCLASSED = {"mnist_cnn_subclassed", "small_mnist_cnn_subclassed", "mlp", "built_mlp", "custom_rnn", "gan", "tree_rnn",
              "dqn_agent"}  # fmt: skip
DECLARED = [case for case in BUILT if case.name not in SUBCLASSED]
NOT_IN_ITS_FILE = {"functional_subclass"}  # its own get_config holds no graph


def record_of(model):
    return json.loads(json.dumps(summarise(model)))


@pytest.mark.parametrize("case", DECLARED, ids=lambda case: case.name)
def test_every_fact_is_kerass_own(case):
    model = case.build()
    assert differences(record_of(from_keras(model)), describe(model)) == []


@pytest.mark.parametrize("case", [c for c in BUILT if c.name in SUBCLASSED], ids=lambda case: case.name)
def test_subclassed_models_have_kerass_weights(case):
    model = case.build()
    record = record_of(from_keras(model))
    expected = describe(model)
    rows = {row["path"]: row for row in record["layers"]}
    for theirs in expected["layers"]:
        fields = ("class_name", "kind", "params", "trainable_params", "dtype")
        assert [rows[theirs["path"]][f] for f in fields] == [theirs[f] for f in fields]
    if expected["totals"]["params"] is not None:
        totals = ("params", "trainable_params", "non_trainable_params", "bytes")
        assert [record["totals"][f] for f in totals] == [expected["totals"][f] for f in totals]
    tops = [row["params"] for row in record["layers"] if row["depth"] == 0]
    assert None in tops or sum(tops) == record["totals"]["params"]


@pytest.mark.parametrize(
    "case", [c for c in DECLARED if c.name not in LARGE | NOT_IN_ITS_FILE], ids=lambda case: case.name
)
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_the_file_it_saves_holds_the_same_graph(case, suffix, tmp_path):
    model = case.build()
    path = tmp_path / f"model{suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.save(path)
        except Exception:
            assert suffix == ".h5"
            pytest.skip("the legacy format cannot hold it")
    assert_same_graph(model, read(path))


@pytest.mark.parametrize("seed", range(40))
def test_random_models(seed, tmp_path):
    try:
        model = random_model(seed * 7919 + 1)
    except ValueError:
        pytest.skip("Keras refuses the model")
    model.save(tmp_path / "model.keras")
    captured = from_keras(model)
    assert differences(record_of(captured), describe(model)) == []
    assert_same_graph(captured, read(tmp_path / "model.keras"))


def test_graphs_that_differ_are_told_apart():
    def net(units=4, activation="relu", twice=False):
        keras.utils.clear_session()
        inputs = keras.Input((3,), name="x")
        layer = keras.layers.Dense(units, activation=activation, name="d")
        x = keras.layers.Dense(3, name="first")(inputs)
        return keras.Model(inputs, layer(layer(x)) if twice else layer(x), name="net")

    assert_same_graph(net(), model_from(net))
    for other in (net(5), net(activation="gelu"), net(3, twice=True)):
        with pytest.raises(AssertionError, match="the graphs differ"):
            assert_same_graph(net(), other)


def test_layers_of_one_name_are_told_apart_when_opened():
    record = record_of(from_keras(models.Towers(), inputs=[{"shape": [None, 4]}], expand=True))
    names = [row["path"] for row in record["layers"]]
    assert len(set(names)) == len(names)
    assert {"dense", "dense_1", "dense_2", "dense_3"} < set(names)
    assert sum(row["params"] for row in record["layers"]) == record["totals"]["params"] == 2 * (20 + 20 + 4)


def test_a_layer_that_cannot_be_serialised_is_still_a_row():
    record = record_of(from_keras(models.Unserialisable(), inputs=[{"shape": [None, 4]}]))
    row = next(row for row in record["layers"] if row["class_name"] == "NoConfig")
    assert (row["params"], row["output_shape"]) == (15, [None, 3])


def test_functions_of_the_backend_are_operations():
    record = record_of(from_keras(models.RawOperations(), inputs=[{"shape": [None, 4]}]))
    raw = next(row for row in record["layers"] if row["class_name"].startswith("tf."))
    assert (raw["kind"], raw["output_shape"]) == ("operation", [None, 4])


def test_variables_used_directly_have_a_row():
    record = record_of(from_keras(models.DirectWeights(), inputs=[{"shape": [None, 4]}]))
    rows = {row["path"]: row["params"] for row in record["layers"]}
    assert rows["w"] == 4 and sum(rows.values()) == record["totals"]["params"]


def test_what_is_not_built_is_not_counted():
    model = models.OneBranch()
    model(keras.ops.ones((1, 4)))
    record = record_of(from_keras(model))
    rows = {row["path"]: row for row in record["layers"]}
    assert (rows["taken"]["params"], rows["other"]["params"]) == (15, None)
    assert "params" in rows["other"]["unknown"] and record["totals"]["params"] is None


def test_a_layer_in_two_models_counts_once():
    record = record_of(from_keras(models.layer_in_two_models()))
    assert record["totals"]["params"] == models.layer_in_two_models().count_params() == 20


def test_layers_never_called_are_listed():
    record = record_of(from_keras(models.HoldsUnused(), inputs=[{"shape": [None, 4]}]))
    row = next(row for row in record["layers"] if row["name"] == "unused")
    assert row["calls"] == [] and row["params"] is None
