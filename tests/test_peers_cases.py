"""What other tools get wrong in a summary, each as a case: counted rightly, shown whole, told apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import Input, Model, Sequential, layers

from inspector.analyses.summary import summarise
from inspector.cli.output import run
from inspector.readers import read


def record_of(path: Path) -> dict[str, Any]:
    return json.loads(json.dumps(summarise(read(path))))


def rows_of(path: Path) -> dict[str, Any]:
    return {row["path"]: row for row in record_of(path)["layers"]}


@pytest.fixture
def printed(capfd):
    def call(*arguments: Any) -> str:
        assert run(["summary", *map(str, arguments)]) == 0
        return capfd.readouterr().out

    return call


def save(model: Any, path: Path) -> Path:
    (model.save_weights if path.name.endswith(".weights.h5") else model.save)(path)
    return path


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_totals_leave_the_optimizer_out(suffix, tmp_path, printed):
    """Keras adds the optimizer's variables to the total of a model that was fitted."""
    model = Sequential([Input((4,)), layers.Dense(3)])
    model.compile("adam", "mse")
    model.fit(np.zeros((4, 4)), np.zeros((4, 3)), verbose=0)
    path = save(model, tmp_path / f"m{suffix}")
    totals = record_of(path)["totals"]
    assert totals["params"] == totals["trainable_params"] == 15 and totals["optimizer_params"] == 32
    assert "Params  " in (text := printed(path)) and "47" not in text
    assert "32 (" in text and "apart from the model" in text


def test_a_layer_called_at_two_shapes_shows_both(tmp_path, printed):
    conv = layers.Conv2D(2, 3, name="conv")
    large, tiny = Input((32, 32, 3)), Input((16, 16, 3))
    path = save(Model([large, tiny], [conv(large), conv(tiny)]), tmp_path / "m.keras")
    row = rows_of(path)["conv"]
    assert [call["output_shape"] for call in row["calls"]] == [[None, 30, 30, 2], [None, 14, 14, 2]]
    text = printed(path)
    assert "(None, 30, 30, 2)" in text and "(None, 14, 14, 2)" in text


@pytest.mark.parametrize("form", ["table", "tree", "csv", "markdown"])
def test_nothing_is_cut_off_a_terminal(form, tmp_path, printed, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    name = "a_layer_of_a_very_long_name_" * 6
    x = Input((4,), name="x")
    path = save(Model(x, layers.Add()([layers.Dense(4, name=name)(x), x])), tmp_path / "m.keras")
    text = printed(path, "--format", form)
    assert name in text and "…" not in text


def test_nested_weights_files_are_complete(tmp_path):
    """Keras's own editor of these files leaves the layers of nested models out."""
    inner = Sequential([Input((4,)), layers.Dense(6, name="one"), layers.Dense(2, name="two")], name="inner")
    model = Sequential([Input((4,)), inner, layers.Dense(1, name="head")])
    record = record_of(save(model, tmp_path / "m.weights.h5"))
    assert record["totals"]["params"] == model.count_params()
    names = {row["path"]: row["params"] for row in record["layers"]}
    assert sorted(filter(None, (names[path] for path in names if path.endswith(("one", "two", "head"))))) == [3, 14, 30]


def test_weights_are_told_by_the_names_in_the_file(tmp_path):
    """Keras addresses them by class and position, so that names are the only way to see whose they are."""
    model = Sequential([Input((4,)), layers.Dense(3, name="three"), layers.Dense(2, name="one")])
    rows = rows_of(save(model, tmp_path / "m.weights.h5"))
    assert {path: row["params"] for path, row in rows.items()} == {"three": 15, "one": 8}


def test_layers_that_call_each_other_in_turn(tmp_path):
    x = Input((4,))
    a, b = layers.Dense(4, name="a"), layers.Dense(4, name="b")
    rows = rows_of(save(Model(x, a(b(a(b(x))))), tmp_path / "m.keras"))
    assert [call["connected_to"] for call in rows["a"]["calls"]] == [["b[0][0]"], ["b[1][0]"]]
    assert rows["a"]["params"] == 20


def test_kwargs_of_attention_are_connections(tmp_path):
    x, y = Input((5, 4), name="x"), Input((7, 4), name="y")
    rows = rows_of(
        save(Model([x, y], layers.MultiHeadAttention(2, 2, name="mha")(query=x, value=y)), tmp_path / "m.keras")
    )
    assert rows["mha"]["calls"][0]["connected_to"] == ["x[0][0]", "y[0][0]"]


class Own(Model):
    """A subclassed model, whose config lists no layers."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first, self.last = layers.Dense(5, name="first"), layers.Dense(2, name="last")

    def call(self, x: Any) -> Any:
        return self.last(self.first(x))


def test_a_subclassed_model_has_the_layers_its_weights_tell(tmp_path):
    model = Own()
    model(np.zeros((1, 4)))
    record = record_of(save(model, tmp_path / "m.keras"))
    assert {row["name"]: row["params"] for row in record["layers"]} == {"first": 25, "last": 12}
    assert record["totals"]["params"] == 37
    assert all(row["output_shape"] is None and row["unknown"]["output_shape"] for row in record["layers"])


def test_shared_and_frozen_layers_are_counted_once(tmp_path):
    x, y = Input((4,)), Input((4,))
    shared = layers.Dense(4, trainable=False, name="shared")
    record = record_of(save(Model([x, y], layers.Add()([shared(x), shared(y)])), tmp_path / "m.keras"))
    totals = record["totals"]
    assert (totals["params"], totals["trainable_params"], totals["non_trainable_params"]) == (20, 0, 20)


def test_a_frozen_attention_is_counted_as_keras_trains_it(tmp_path):
    """Its own flag does not reach the projections that it builds, and `fit` goes on changing them."""
    x = Input((5, 4))
    model = Model(x, layers.MultiHeadAttention(2, 2, trainable=False, name="mha")(x, x))
    record = record_of(save(model, tmp_path / "m.keras"))
    trained = sum(int(np.prod(v.shape)) for v in model.trainable_weights)
    assert record["totals"]["trainable_params"] == trained > 0
    assert record["layers"][1]["trainable_params"] == 0


def test_a_model_saved_unbuilt_says_so(tmp_path):
    record = record_of(save(Sequential([layers.Dense(3)]), tmp_path / "m.keras"))
    assert not record["model"]["built"] and record["totals"]["params"] is None
    assert "unbuilt" in {note["code"] for note in record["notes"]}


def test_the_same_numbers_in_every_form(tmp_path, printed):
    model = keras.applications.MobileNetV3Small(weights=None, input_shape=(64, 64, 3), classes=5)
    path = save(model, tmp_path / "m.keras")
    count = f"{model.count_params():,}"
    for form in ("table", "tree", "markdown"):
        assert count in printed(path, "--format", form)
    assert json.loads(printed(path, "--format", "json"))["totals"]["params"] == model.count_params()


def test_memory_and_macs_are_columns(tmp_path, printed):
    x = Input((8, 8, 3))
    path = save(Model(x, layers.Conv2D(4, 3, name="conv")(x)), tmp_path / "m.keras")
    rows = printed(path, "--format", "csv", "--columns", "path,macs,memory").split()
    assert rows[2] == f"conv,{6 * 6 * 4 * 27},{6 * 6 * 4 * 4}"
