"""Models of tf_keras go through their own round trip, and are tried with Keras 3 beside."""

import json
from pathlib import Path

import h5py
import pytest
import tf_keras

from inspector.live import roundtrip
from inspector.readers.source_code import CodeRequest
from inspector.verify import session
from inspector.verify.session import Plan, verify

FILES = Path(__file__).resolve().parents[2] / "fixtures" / "files"
PATHS = sorted([*FILES.glob("tfk_*.h5"), *FILES.glob("tfk_*.keras")])
PATHS = [path for path in PATHS if ".weights." not in path.name]
CODE = """
import tf_keras
from tf_keras import layers


class Own(tf_keras.Model):
    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.first, self.last = layers.Dense(units), layers.Dense(2)

    def call(self, x):
        return self.last(self.first(x))


class Forgets(layers.Layer):
    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return x * self.factor

    def get_config(self):
        return super().get_config()


def own():
    model = Own(3)
    model.build((None, 4))
    return model


def forgets():
    x = tf_keras.Input((4,))
    return tf_keras.Model(x, Forgets(5.0)(x))
"""


@pytest.fixture
def in_one_process(monkeypatch):
    """The two halves without processes of their own, which cost seconds each; their limits would stay here."""
    monkeypatch.setattr(roundtrip, "limit_memory", lambda limit: None)

    def ask(request, time_limit, say):
        return {"roundtrip-save": roundtrip.save, "roundtrip-load": roundtrip.load}[request["task"]](
            request, lambda text: None
        )

    monkeypatch.setattr(session, "ask_worker", ask)


def lost(checks, target):
    return {check.name: check for check in checks if check.status == "lost" and check.target == target}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_files_of_tf_keras_come_back(path, in_one_process):
    fingerprint, checks = verify(Plan(str(path), CodeRequest(file=str(path)), ("keras",)))
    assert fingerprint["keras_version"].startswith("2.")
    assert not lost(checks, "keras"), lost(checks, "keras")
    kept = {check.name for check in checks if check.target == "keras" and check.status == "kept"}
    assert {"weights", "config", "outputs", "structure", "second-round-trip"} <= kept
    refused = {"tfk_sequential_cnn.h5", "tfk_shared_embedding.h5", "tfk_toy_resnet.h5"}
    assert bool(lost(checks, "original")) is (path.name not in refused)


def test_sequential_without_input_layer(tmp_path, in_one_process):
    """As Keras 2.0 to 2.2 wrote it: Keras 3 loads it silently, with an input of one dimension more."""
    model = tf_keras.Sequential([tf_keras.layers.Dense(3, input_shape=(10,)), tf_keras.layers.Dense(2)])
    path = tmp_path / "old.h5"
    model.save(path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"] = config["config"]["layers"][1:]
        file.attrs["model_config"] = json.dumps(config)
    checks = verify(Plan(str(path), CodeRequest(file=str(path))))[1]
    assert {"old-arguments", "outputs"} <= lost(checks, "original").keys()
    assert not lost(checks, "keras")


def test_without_tf_keras(monkeypatch, in_one_process):
    """Keras 3 is tried alone, and that is said."""
    monkeypatch.setattr(roundtrip, "has_tf_keras", lambda: False)
    path = str(FILES / "tfk_toy_resnet.h5")
    fingerprint, checks = verify(Plan(path, CodeRequest(file=path)))
    assert fingerprint["keras_version"].startswith("3.")
    assert any(check.status == "unknown" and check.hint == "pip install tf_keras" for check in checks)
    assert not any(check.status == "lost" for check in checks)


@pytest.mark.slow
def test_code_of_tf_keras(tmp_path):
    path = tmp_path / "old_model.py"
    path.write_text(CODE)
    request = CodeRequest(custom=(str(path),))
    checks = verify(Plan(f"{path}:forgets", request, ("keras", "h5", "weights")))[1]
    assert lost(checks, "code").keys() == {"constructor"}
    assert {"outputs"} <= lost(checks, "keras").keys() and {"outputs"} <= lost(checks, "h5").keys()
    checks = verify(Plan(f"{path}:own", CodeRequest(), ("keras", "savedmodel", "json")))[1]
    assert lost(checks, "json").keys() == {"load"}
    assert "@tf_keras.saving.register_keras_serializable" in lost(checks, "json")["load"].hint
    assert not lost(checks, "keras") and not lost(checks, "savedmodel")


def test_what_is_meant_by_keras_2():
    assert tf_keras.__version__.startswith("2.")
    assert session.is_old(str(FILES / "tfk_toy_resnet.h5"))
    assert not session.is_old(str(FILES / "toy_resnet.keras"))
