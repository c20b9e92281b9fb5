"""What the rules about serialization say of files, beside what Keras does with them, in this one process.

Whether a file loads, whether it loads without compiling, whether its tensors arrive: Keras's word on every file of
`fixtures/files`, and on every example of the rules.
"""

import json
import os
import zipfile
from functools import cache
from pathlib import Path

import keras
import numpy as np
import pytest

from inspector.linting.options import Options
from inspector.linting.run import check_file
from inspector.rules import load_rule, rule_modules

from ..broken_configs import count, replaced
from .building import write_example
from .loading import attempt, load, stored_tensors

FILES = Path(__file__).resolve().parents[2] / "fixtures" / "files"
PATHS = [path for folder in (FILES, FILES / "old") for path in sorted(folder.glob("*.*"))
         if path.suffix in (".keras", ".h5", ".dir") and ".weights." not in path.name]  # fmt: skip
CODES = [code for code in rule_modules() if code.startswith(("KS4", "KS6", "KS7"))]
LOADS = {  # findings above info on files that load, and what is lost all the same
    "text_preprocessing.h5": {"KS706"},  # its first call fails
}
REGISTERED = {"registered_dense.keras", "registered_dense.h5", "functional_subclass.keras"}  # KS719 lists the class
REGISTERED |= {"plain_functional_subclass.keras", "custom_sequential.keras"}
COPIES = {"normalizations.keras": 1}  # SpectralNormalization is stored with a copy of the kernel
ALLOWED = {("KS702", 1): 1, ("KS702", 2): 0}  # the same; a quantized kernel, into which LoRA was merged


@cache
def loaded(path):
    return load(path)


def above_info(path, options=None):
    found = check_file(os.fspath(path), [load_rule(code) for code in CODES], options)
    return {finding.code for finding in found if finding.severity != "info"}


def is_for_keras_2(path):
    """Whether KS715 says that tf_keras alone reads the file, which is no fault of it."""
    return any("Keras 3 " in finding.message for finding in check_file(os.fspath(path), [load_rule("KS715")]))


def sampled(paths, step=6):
    """Every so manieth runs by default, all of them when asked."""
    return [pytest.param(path, id=path.name, marks=[pytest.mark.slow] if number % step else [])
            for number, path in enumerate(paths)]  # fmt: skip


@pytest.mark.parametrize("path", sampled(PATHS))
def test_fixture_against_keras(path):
    """A finding above info where Keras fails or loses something, and none where it does not."""
    findings, keras_says = above_info(path), loaded(path)
    if keras_says.error is None:
        assert findings == LOADS.get(path.name, set()), findings
        assert keras_says.left == COPIES.get(path.name, 0)
    else:
        assert findings or path.name in REGISTERED or is_for_keras_2(path), keras_says.error
    if keras_says.error is not None and keras_says.error_uncompiled is None:
        assert findings <= {"KS709", "KS713"}


def examples(*codes):
    """Each example with its code, but those that take options: they are of other versions of Keras."""
    return [
        pytest.param(code, kind, index, id=f"{code}-{kind}-{index}")
        for code in codes
        for kind in ("flags", "allows")
        for index, example in enumerate(getattr(load_rule(code), kind))
        if not example.options and example.save_as.endswith((".keras", ".h5"))
    ]


FAILS = ("KS703", "KS708", "KS710", "KS711", "KS720")
SILENT = {("KS708", 3), ("KS711", 4)}  # flags that load: an axis that is dropped fits by chance; a config alone


@pytest.mark.slow
@pytest.mark.parametrize(("code", "kind", "index"), examples("KS701", "KS702", "KS704", "KS705", "KS709", *FAILS))
def test_example_against_keras(code, kind, index, tmp_path, monkeypatch):
    """What a rule flags fails to load or loses tensors, as the rule says; what it allows loads, with all of them."""
    monkeypatch.chdir(tmp_path)
    path = write_example(getattr(load_rule(code), kind)[index], tmp_path)
    found = [f for f in check_file(os.fspath(path), [load_rule(code)], Options()) if f.code == code]
    result = load(path)
    if kind == "allows":
        others = above_info(path)
        assert result.error is None or others, result.error
        assert others or result.left == ALLOWED.get((code, index), 0)
    elif code == "KS709":
        assert result.error and not result.error_uncompiled
    elif code == "KS701":
        assert result.error is None and result.left > 0
    elif code in FAILS and (code, index) not in SILENT:
        assert result.error and result.error_uncompiled, found
    elif code == "KS702":
        assert result.error or result.left == len(stored_beside(found)), result
    elif code == "KS704":
        assert result.error if found[0].severity == "error" else result.left == 2
    elif code == "KS705":
        assert result.error is None and trades_weights(path)


def stored_beside(found):
    return [number for finding in found for number in range(int(finding.message.split(" ")[0]))]


def trades_weights(path):
    """Whether the layers hold other weights than those under their names, in a model whose names were swapped."""
    model, _, _ = attempt(path)
    return {layer.name for layer in model._flatten_layers()} >= {"a", "b"}


@pytest.mark.parametrize("index", range(len(load_rule("KS718").flags)))
def test_tied_weights_come_back_apart(index, tmp_path):
    path = write_example(load_rule("KS718").flags[index], tmp_path)
    model, error, _ = attempt(path)
    assert error is None
    assert len(model.weights) == stored_tensors(path).total() == 4
    first, second = (layer for layer in model._flatten_layers() if layer.name == "shared")
    assert first is not second
    assert np.array_equal(np.asarray(first.kernel), np.asarray(second.kernel))


@pytest.mark.parametrize(("code", "kind", "index"), examples("KS716"))
def test_optimizer_state(code, kind, index, tmp_path):
    """Keras says that it skips the state where the rule does; where nothing was trained nothing is lost by it."""
    path = write_example(getattr(load_rule(code), kind)[index], tmp_path)
    _, error, said = attempt(path)
    assert error is None
    skipped = "Skipping variable loading" in said
    assert skipped or kind == "allows"


def test_vocabularies(tmp_path):
    """A lookup layer that the rule flags fails when it is loaded or called."""
    rule = load_rule("KS706")
    for kind in ("flags", "allows"):
        for index, example in enumerate(getattr(rule, kind)):
            if kind == "allows" and "Hashing" in example.code:
                continue
            folder = tmp_path / f"{kind}{index}"
            folder.mkdir()
            path = write_example(example, folder)
            model, error, _ = attempt(path)
            assert (error is not None or not answers(model)) == (kind == "flags"), example.title


def answers(model):
    import tensorflow as tf

    dtype = model.inputs[0].dtype
    value = {"string": "a", "int64": 1}.get(str(dtype), 1.0)
    shape = [1 if dim is None else dim for dim in model.inputs[0].shape]
    try:
        model(tf.fill(shape, tf.constant(value, dtype)))
    except Exception:
        return False
    return True


def test_first_layer_with_batch_input_shape(tmp_path):
    """A Dense loads in silence, and expects a dimension more."""
    path = write_example(load_rule("KS712").flags[0], tmp_path)
    assert keras.saving.load_model(path).input_shape == (None, None, 4)


ASKED = [load_rule(code) for code in rule_modules() if code.startswith(("KS7", "KS8", "KS41"))]
STRICT = Options(
    target_keras="3.8", max_params=1, max_bytes=1, max_macs=1, allowed_formats=("x",), forbidden_layers=("Dense",),
    required_metadata=("input", "output", "dtype=x", "keras-version=9", "nonsense"),
)  # fmt: skip


@pytest.mark.parametrize("name", ["branch", "nested_three_deep", "text_preprocessing", "gan"])
def test_broken_configs_do_not_stop_a_rule(name, tmp_path):
    """Any value of the config in place of any other: numbers, texts, lists where dicts were."""
    with zipfile.ZipFile(FILES / f"{name}.keras") as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    config = json.loads(members["config.json"])
    path = tmp_path / "x.keras"
    for place in range(0, count(config), 17):
        for value in (None, 7, "x", [], {}, [[1]], {"class_name": 3, "config": 4}, 10**30):
            changed = json.dumps(replaced(config, [place], value)).encode()
            with zipfile.ZipFile(path, "w") as archive:
                for member, data in members.items():
                    archive.writestr(member, changed if member == "config.json" else data)
            assert "KS690" not in {finding.code for finding in check_file(os.fspath(path), ASKED, STRICT)}
