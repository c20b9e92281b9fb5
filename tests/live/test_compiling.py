"""What a live model was compiled with is captured as far as it can be written, of Keras 3 and of tf_keras."""

from __future__ import annotations

import keras
import pytest

from inspector.api import from_keras
from inspector.live.compiling import CLASS, OBJECT, compile_config

CODE = """\
import keras

def build():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", keras.losses.MeanSquaredError, metrics=["mae"])
    return model
"""


class Bare(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return y_pred

    def get_config(self):
        raise NotImplementedError


def small(api):
    return api.Sequential([api.layers.Input((4,)), api.layers.Dense(1)])


def test_what_keras_can_write_is_as_it_writes_it():
    model = small(keras)
    model.compile("sgd", "mse", metrics=["mae"])
    assert compile_config(model) == model.get_compile_config()


@pytest.mark.parametrize("name", ["keras", "tf_keras"])
def test_a_class_and_a_bare_object_leave_the_rest_known(name):
    api = pytest.importorskip(name)
    model = small(api)
    model.compile("adam", api.losses.MeanSquaredError, metrics=["mae"])
    training = from_keras(model).training
    assert training["loss"]["class_name"] == CLASS and training["loss"]["config"]["name"] == "MeanSquaredError"
    assert training["metrics"] == ["mae"] and training["optimizer"] is not None


def test_an_object_without_a_config_is_named():
    model = small(keras)
    model.compile("adam", Bare())
    assert compile_config(model)["loss"] == {"class_name": OBJECT, "config": {"module": __name__, "name": "Bare"}}


def test_code_shows_it_to_check(tmp_path, capfd, monkeypatch):
    from inspector.cli.output import run

    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(CODE)
    assert run(["check", "--select", "KS1", "--format", "concise", "net.py:build"]) == 1
    out, _ = capfd.readouterr()
    assert "KS115" in out and "MeanSquaredError" in out


def test_a_model_that_was_not_compiled_has_none():
    assert from_keras(small(keras)).training is None
