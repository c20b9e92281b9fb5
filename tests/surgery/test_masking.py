"""Masks that a submodel loses when it starts behind their source, and those that it keeps."""

import keras
import pytest
import tf_keras

from .parents import check_equal, extract, load, read


def save_sequence(library, path):
    layers = library.layers
    library.Sequential([
        layers.Input((None,), dtype="int32"), layers.Embedding(9, 4, mask_zero=True, name="emb"),
        layers.Dropout(0.1, name="drop"), layers.LSTM(3, name="lstm"), layers.Dense(2, name="dense"),
    ]).save(path)  # fmt: skip
    return read(path)


@pytest.mark.parametrize("ending", [".h5", ".keras"])
@pytest.mark.parametrize("library", [keras, tf_keras])
def test_a_mask_that_nothing_names_is_told(library, ending, tmp_path):
    model = save_sequence(library, tmp_path / f"parent{ending}")
    for start in ("emb", "drop"):
        (told,) = extract(model, ["dense"], starts=[start]).to_dict()["notes"]
        assert told["code"] == "mask-lost" and told["layer"] == start and "'lstm'" in told["message"]
    assert "notes" not in extract(model, ["dense"], starts=["lstm"]).to_dict()
    assert "notes" not in extract(model, ["drop"], starts=["emb"]).to_dict()
    assert "notes" not in extract(model, ["dense"]).to_dict()


def test_a_mask_that_calls_name_comes_in_as_an_input(tmp_path):
    tokens = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(9, 4, mask_zero=True, name="emb")(tokens)
    x = keras.layers.Bidirectional(keras.layers.LSTM(3, return_sequences=True), name="both")(x)
    x = keras.layers.MultiHeadAttention(2, 2, name="attend")(x, x)
    keras.Model(tokens, keras.layers.GlobalAveragePooling1D(name="pool")(x)).save(tmp_path / "parent.keras")
    model = read(tmp_path / "parent.keras")
    submodel = extract(model, ["pool"], starts=["emb", "not_equal"])
    assert "notes" not in submodel.to_dict()
    check_equal(load(tmp_path / "parent.keras", model), submodel, tmp_path)
