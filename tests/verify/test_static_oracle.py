"""What the static check says of a file, beside what Keras 3 does with it: no false alarm, no loss unnoticed."""

import inspect
import json
import warnings
import zipfile
from pathlib import Path

import keras
import pytest
import tf_keras
from keras.src.legacy.saving.saving_utils import model_from_config

import inspector
from inspector.errors import KinspectError
from inspector.verify.records import DESIGN, LOST
from inspector.verify.static import static_checks, verify_file
from inspector.verify.static_old import GONE, REFUSED

FILES = Path(__file__).resolve().parents[2] / "fixtures" / "files"
PATHS = [path for folder in (FILES, FILES / "old") for path in sorted(folder.glob("*.*"))
         if path.suffix in (".keras", ".h5") and ".weights." not in path.name]  # fmt: skip
# They load, and lose something: the optimizer's variables, a vocabulary
LOADS_AND_LOSES = {"mixed_float16.keras", "text_preprocessing.h5"}


def loads(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            keras.saving.load_model(path)
        except Exception:
            return False
    return True


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_static_against_keras(path):
    checks = list(static_checks(inspector.read(path)))
    names = {check.name for check in checks if check.status not in ("kept", DESIGN)}
    if any(check.status == LOST for check in checks):
        assert path.name in LOADS_AND_LOSES or not loads(path), checks
    elif not names:
        assert loads(path)


def make(cls):
    """A layer of tf_keras with whatever its constructor must have."""
    known = {"filters": 4, "kernel_size": 3, "units": 3, "rate": 0.5, "size": 2, "n": 2, "dims": (1,), "num_heads": 2,
             "target_shape": (-1,), "key_dim": 4, "input_dim": 5, "output_dim": 3, "factor": 0.2, "height": 4,
             "width": 4, "height_factor": 0.1, "width_factor": 0.1, "equation": "ab,bc->ac", "output_shape": 3,
             "cell": tf_keras.layers.LSTMCell(3), "layer": tf_keras.layers.Dense(3), "stddev": 0.1, "scale": 2.0,
             "cells": [tf_keras.layers.LSTMCell(3)], "num_bins": 3, "axes": 1, "num_tokens": 3,
             "activation": "relu"}  # fmt: skip
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    if cls is tf_keras.layers.Bidirectional:
        return cls(tf_keras.layers.LSTM(3))
    return cls(**{name: known[name] for name in needed})


LAYERS = sorted({cls.__name__ for cls in vars(tf_keras.layers).values() if inspect.isclass(cls)
                 and issubclass(cls, tf_keras.layers.Layer)})  # fmt: skip
BARE = {"Layer", "Wrapper", "AbstractRNNCell", "DenseFeatures", "Lambda", "InputLayer", "Attention", "CategoryEncoding"}


@pytest.mark.parametrize("name", [name for name in LAYERS if name not in BARE])
def test_arguments_that_keras_3_refuses(name):
    """Those of the table, and no others, are refused."""
    layer = make(getattr(tf_keras.layers, name))
    config = tf_keras.utils.legacy.serialize_keras_object(layer)
    refused = {key for key, classes, _ in REFUSED if name in classes and key in config["config"]}
    if name == "Bidirectional":
        refused = {"time_major"}
    try:
        model_from_config(json.loads(json.dumps(config, default=lambda value: value.tolist())))
    except Exception:
        assert refused or name in GONE
        for key in refused:
            config["config"].pop(key, None)
        if refused and name not in ("Bidirectional", "Discretization"):
            model_from_config(config)
    else:
        assert not refused and name not in GONE


SMALL = [path for path in PATHS if path.stat().st_size < 60_000][::4]


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.name)
def test_broken_files_are_answered(path, tmp_path):
    """Cut and flipped anywhere, and with an archive's config cut short: checks, or one line that says why not."""
    content = path.read_bytes()
    copies = [content[: len(content) * part // 7] for part in range(7)]
    for place in range(0, len(content), max(1, len(content) // 60)):
        flipped = bytearray(content)
        flipped[place] ^= 0x11
        copies.append(bytes(flipped))
    copy = tmp_path / path.name
    for data in copies:
        copy.write_bytes(data)
        answer_kindly(copy)


def answer_kindly(path):
    try:
        record = verify_file(inspector.read(path))
    except KinspectError as error:
        assert error.message and "\n" not in error.message
    else:
        assert record["checks"]


@pytest.mark.parametrize("name", ["branch", "nested_three_deep", "trained", "lora"])
def test_broken_configs_are_answered(name, tmp_path):
    """Any value of the config in place of any other: numbers, texts, lists where dicts were."""
    with zipfile.ZipFile(FILES / f"{name}.keras") as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    config = json.loads(members["config.json"])
    for place in range(0, count(config), 7):
        for value in (None, 7, "x", [], {}, [[1]], {"class_name": 3, "config": 4}):
            path = tmp_path / "x.keras"
            with zipfile.ZipFile(path, "w") as archive:
                for member, data in members.items():
                    changed = json.dumps(replaced(config, [place], value)) if member == "config.json" else data
                    archive.writestr(member, changed)
            answer_kindly(path)


def count(value):
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(count(item) for item in items)


def replaced(value, left, new):
    """The value with its place-th part, counted in depth, replaced."""
    left[0] -= 1
    if left[0] < 0:
        return new if left[0] == -1 else value
    if isinstance(value, dict):
        return {key: replaced(item, left, new) for key, item in value.items()}
    return [replaced(item, left, new) for item in value] if isinstance(value, list) else value
