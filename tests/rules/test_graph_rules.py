"""The examples of the rules on graphs once more: as live models, and built by Keras 2 where it can build them."""

import json
from pathlib import Path

import pytest

from inspector.linting.run import check_file, check_model
from inspector.rules import load_rule, rule_modules
from inspector.testing import model_from

CODES = [code for code in rule_modules() if code.startswith("KS2")]
EXAMPLES = [
    pytest.param(code, kind, example, id=f"{code}-{kind}-{index}")
    for code in CODES
    for kind in ("flags", "allows")
    for index, example in enumerate(getattr(load_rule(code), kind))
    if "edit_" not in example.code
]
NOT_LIVE = ("KS225",)  # a live model's values are not read
NOT_KERAS_2 = ("keras.ops", "enable_lora", "lookup.adapt")


def build(code, **names):
    import numpy as np

    names = {"np": np, "json": json, "Path": Path, **names}
    exec(compile(code, "<example>", "exec"), names)
    return names["model"]


@pytest.mark.slow
@pytest.mark.parametrize(("code", "kind", "example"), EXAMPLES)
def test_live_models_show_what_files_show(code, kind, example):
    import keras

    if code in NOT_LIVE or "set_weights" in example.code:
        pytest.skip("it is about stored values")
    keras.backend.clear_session()
    model = build(example.code, keras=keras, layers=keras.layers, ops=keras.ops)
    found = check_model(model_from(model), [load_rule(code)])
    assert bool(found) == (kind == "flags"), found
    assert all(finding.code == code for finding in found)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["h5", "keras"])
@pytest.mark.parametrize(("code", "kind", "example"), EXAMPLES)
def test_models_of_keras_2_show_the_same(code, kind, example, ending, tmp_path):
    import tf_keras

    if any(word in example.code for word in NOT_KERAS_2):
        pytest.skip("Keras 2 has nothing like it")
    tf_keras.backend.clear_session()
    model = build(example.code, keras=tf_keras, layers=tf_keras.layers)
    path = str(tmp_path / f"model.{ending}")
    model.save(path)
    found = check_file(path, [load_rule(code)])
    assert bool(found) == (kind == "flags"), found
    assert all(finding.code == code for finding in found)


def test_a_tensor_is_scanned_once(tmp_path, monkeypatch):
    """Whatever number of rules ask for its values."""
    import keras

    from inspector.analyses import tensor_values

    layers = [keras.layers.Input((4,)), keras.layers.Normalization(), keras.layers.Dense(2)]
    keras.Sequential(layers).save(tmp_path / "model.keras")
    seen = []
    scan = tensor_values.scan_values
    monkeypatch.setattr(tensor_values, "scan_values", lambda weight: seen.append(weight.path) or scan(weight))
    check_file(str(tmp_path / "model.keras"), [load_rule(code) for code in ("KS225", "KS501", "KS502")])
    assert sorted(seen) == sorted(set(seen)) and len(seen) == 5
