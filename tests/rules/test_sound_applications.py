"""No rule says more than `info` of any model of `keras.applications`, plain or compiled, as `.keras`."""

import keras
import pytest

from inspector.linting.run import check_file
from inspector.rules import load_rules
from tests.test_applications import NAMES

FEW = ("MobileNetV3Small", "EfficientNetB0", "DenseNet121")


@pytest.mark.parametrize(
    "name", [name if name in FEW else pytest.param(name, marks=pytest.mark.slow) for name in NAMES]
)
def test_nothing_is_said_of_an_application(name, tmp_path):
    keras.backend.clear_session()
    model = getattr(keras.applications, name)(weights=None)
    model.compile("adam", "categorical_crossentropy", ["accuracy"])
    path = tmp_path / f"{name}.keras"
    model.save(path)
    told = [f for f in check_file(str(path), load_rules()) if f.severity != "info"]
    path.unlink()
    assert told == []
