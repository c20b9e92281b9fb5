"""What a file alone tells: every loss that it states is one that Keras meets, and a clean file is called clean."""

import json
from pathlib import Path

import h5py
import keras
import pytest

import inspector
from inspector.verify.records import DESIGN, LOST, UNKNOWN
from inspector.verify.static import static_checks

FILES = Path(__file__).resolve().parents[2] / "fixtures" / "files"


def found(path, status=LOST):
    return {(check.name, check.layer) for check in static_checks(inspector.read(path)) if check.status == status}


# Files that Keras 3.15.1 was seen to refuse, or to load without what they are stored with
FAILS = {
    "dict_inputs.h5": {("h5-limits", "add")},
    "dtype_by_layer.h5": {("h5-limits", "narrow")},
    "masks.h5": {("h5-limits", "not_equal_1")},
    "operators.h5": {("h5-limits", "multiply")},
    "mixed_float16.h5": {("compile", None)},
    "trained.h5": {("compile", None)},
    "python_lambda.h5": {("python-code", "double")},
    "python_lambda.keras": {("python-code", "double")},
    "text_preprocessing.h5": {("vocabulary", "vectorize")},
    "attentions.h5": {("h5-limits", "scaled")},
    "nested_three_deep.npz.keras": {("weights-format", None)},
    "normalizations.h5": {("h5-limits", "layer")},
    "tfk_attention.h5": {("h5-limits", "tf.__operators__.add"), ("old-arguments", "attend")},
    "tfk_frozen.h5": {("old-arguments", "backbone")},
    "tfk_mixed_float16.h5": {("old-arguments", "hidden")},
    "tfk_nested_autoencoder.h5": {("old-arguments", "decoder/conv2d_transpose"), ("old-arguments", "encoder")},
    "tfk_ticket_router.h5": {("old-arguments", "lstm"), ("old-arguments", "lstm_1")},
    "keras20_sequential.json": {("old-arguments", "dense_1")},
}


@pytest.mark.parametrize("name", FAILS)
def test_what_is_lost(name):
    assert found(FILES / name) == FAILS[name]


def test_every_keras_archive_of_tf_keras_is_refused_by_keras_3():
    for path in FILES.glob("tfk_*.keras"):
        assert ("old-arguments", None) in found(path)


SILENT = [
    path.name
    for path in sorted(FILES.glob("*.keras")) + sorted(FILES.glob("*.h5"))
    if path.name not in FAILS and not path.name.startswith("tfk_") and path.name not in ("reindexed_nodes.h5",)
]
SILENT += ["tfk_sequential_cnn.h5", "tfk_shared_embedding.h5", "tfk_toy_resnet.h5"]  # fmt: skip


@pytest.mark.parametrize("name", SILENT)
def test_no_false_alarm(name):
    assert not found(FILES / name)


def test_layers_shared_between_nested_models():
    assert found(FILES / "old" / "keras3.6.0_shared.keras") == {("sharing", "shared")}


def saved(path, model):
    model.save(path)
    return found(path)


def test_a_layer_shared_by_two_wrappers(tmp_path):
    """Keras 3.15.1: `Layer 'dense' expected 2 variables, but received 0 variables during loading`."""
    x = keras.Input((3, 4))
    shared = keras.layers.Dense(4, name="dense")
    first, second = (keras.layers.TimeDistributed(shared, name=name) for name in "ab")
    path = tmp_path / "x.keras"
    assert saved(path, keras.Model(x, second(first(x)))) == {("weights", "b")}
    with pytest.raises(ValueError, match="expected 2 variables"):
        keras.saving.load_model(path)


def test_a_layer_without_weights_may_be_bfloat16(tmp_path):
    """Nothing of it is stored, so that there is nothing which Keras could not read."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.1, dtype="bfloat16")])
    assert not saved(tmp_path / "x.h5", model)
    keras.saving.load_model(tmp_path / "x.h5")


def test_a_vocabulary_that_was_never_learnt(tmp_path):
    x = keras.Input((1,), dtype="int64")
    model = keras.Model(x, keras.layers.IntegerLookup(name="look")(x))
    assert saved(tmp_path / "x.keras", model) == {("vocabulary", "look")}
    with pytest.raises(Exception, match=r"(?i)vocabulary|table"):
        keras.saving.load_model(tmp_path / "x.keras")


def test_an_optimizer_that_was_never_trained_lost_nothing():
    """Of `mixed_float16.keras` the four numbers of the loss scale are stored, and no state: nothing starts anew."""
    assert not found(FILES / "mixed_float16.keras")


def test_lora_is_by_design():
    assert found(FILES / "lora.keras", DESIGN) == {("lora", "embed"), ("lora", "out")}


def test_custom_classes_are_named():
    assert found(FILES / "custom_dense.keras", UNKNOWN) == {("custom-classes", "custom_dense")}
    assert found(FILES / "custom_dense.h5", UNKNOWN) == {("custom-classes", "custom_dense")}
    assert ("build-state", None) in found(FILES / "dqn_agent.keras", UNKNOWN)
    assert ("build-state", None) not in found(FILES / "functional_subclass.keras", UNKNOWN)  # __init__ makes its graph


def test_subclasses_of_sequential_and_functional_are_named():
    for name in ("custom_sequential", "plain_functional_subclass"):
        for ending in ("keras", "h5"):
            assert ("custom-classes", None) in found(FILES / f"{name}.{ending}", UNKNOWN)


def rewrite(path, target, change):
    """A copy of an .h5 file with its config changed."""
    target.write_bytes(path.read_bytes())
    with h5py.File(target, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        change(config)
        file.attrs["model_config"] = json.dumps(config)
    return target


def test_weights_that_do_not_fit_the_config(tmp_path):
    def widen(config):
        layer = next(item for item in config["config"]["layers"] if item["class_name"] == "Dense")
        layer["config"]["use_bias"] = False

    assert ("weights", "fc1") in found(rewrite(FILES / "branch.h5", tmp_path / "x.h5", widen))


def test_old_learning_rate(tmp_path):
    path = tmp_path / "x.h5"
    path.write_bytes((FILES / "branch.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        training = {"loss": "bce", "optimizer_config": {"class_name": "Adam", "config": {"lr": 0.1}}}
        file.attrs["training_config"] = json.dumps(training)
    assert ("old-arguments", None) in found(path)
