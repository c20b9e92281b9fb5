"""The table of arguments against the Keras that is installed: it is up to date, and says what Keras refuses."""

import inspect
import json
from pathlib import Path

import keras
import pytest
import tf_keras
from keras.src.legacy.saving.saving_utils import model_from_config

from fixtures.build_arguments import TABLE, read_installed, read_version
from inspector.analyses.layer_arguments import Stated, find_refused, holds, read_class, read_spans, read_table

LATEST = len(read_table().versions) - 1
LAYERS = sorted({cls.__name__ for cls in vars(tf_keras.layers).values() if inspect.isclass(cls)
                 and issubclass(cls, tf_keras.layers.Layer)})  # fmt: skip
BARE = {
    "Layer",
    "Wrapper",
    "AbstractRNNCell",
    "DenseFeatures",
    "Lambda",
    "InputLayer",
    "Attention",
    "CategoryEncoding",
}  # the last two: of a value that Keras 3 does not take
KNOWN = {"filters": 4, "kernel_size": 3, "units": 3, "rate": 0.5, "size": 2, "n": 2, "dims": (1,), "num_heads": 2,
         "target_shape": (-1,), "key_dim": 4, "input_dim": 5, "output_dim": 3, "factor": 0.2, "height": 4,
         "width": 4, "height_factor": 0.1, "width_factor": 0.1, "equation": "ab,bc->ac", "output_shape": 3,
         "stddev": 0.1, "scale": 2.0, "num_bins": 3, "axes": 1, "num_tokens": 3, "activation": "relu"}  # fmt: skip


def test_the_table_is_of_this_keras():
    """To write it anew: `python -m fixtures.build_arguments` with the wheels of every version."""
    found = read_version(read_installed(Path(keras.__file__).parent / "src"))
    assert read_table().versions[-1] == ".".join(keras.__version__.split(".")[:2])
    names = {name for name in json.loads(TABLE.read_text())["layers"] if holds(read_class(name).spans, LATEST)}
    assert names == set(found)
    for name, arguments in found.items():
        kind = read_class(name)
        assert {word for word in kind.arguments if kind.takes(word, LATEST)} == arguments, name


def make(cls):
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    if cls.__name__ == "Bidirectional":
        return cls(tf_keras.layers.LSTM(3))
    held = {"cell": tf_keras.layers.LSTMCell(3), "layer": tf_keras.layers.Dense(3),
            "cells": [tf_keras.layers.LSTMCell(3)], **KNOWN}  # fmt: skip
    return cls(**{name: held[name] for name in needed})


@pytest.mark.parametrize("name", [name for name in LAYERS if name not in BARE])
def test_what_keras_2_writes_and_keras_3_refuses(name):
    """Where the table refuses nothing Keras takes it, and where it does Keras does not, until that is dropped."""
    layer = make(getattr(tf_keras.layers, name))
    config = json.loads(json.dumps(tf_keras.utils.legacy.serialize_keras_object(layer), default=lambda v: v.tolist()))
    refused = find_refused(Stated(name, name, config["config"]), LATEST)
    held = config["config"].get("layer")
    inside = find_refused(Stated(name, held["class_name"], held["config"]), LATEST) if isinstance(held, dict) else ()
    try:
        model_from_config(json.loads(json.dumps(config)))
    except Exception as error:
        assert refused is None or refused or inside, error
    else:
        assert refused == () and not inside


ELSEWHERE = ("Layer", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper", "GroupedQueryAttention")
LAYERS_3 = sorted({cls.__name__ for cls in vars(keras.layers).values() if inspect.isclass(cls)
                   and issubclass(cls, keras.layers.Layer)} - set(ELSEWHERE))  # fmt: skip


@pytest.mark.parametrize("name", LAYERS_3)
def test_each_argument_of_any_version(name):
    """Each argument that some version has, given to the constructor: Keras complains where the table does."""
    cls, kind = getattr(keras.layers, name), read_class(name)
    for argument in [*kind.arguments, "activity_regularizer", "time_major", "nonsense"]:
        if argument in ("*", "**", "name", "dtype"):
            continue
        refused = find_refused(Stated(name, name, {argument: None}), LATEST)
        try:
            cls(**{argument: None, **{p: None for p in required(cls) if p != argument}})
        except Exception as error:
            text = str(error)
            complains = f"'{argument}'" in text and ("unexpected keyword" in text or "Unrecognized" in text)
        else:
            complains = False
        if complains:
            assert refused, argument
        elif refused:
            assert not_reached(cls, argument), (argument, refused)


def required(cls):
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    return [p.name for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]


def not_reached(cls, argument):
    """The constructor fails of another reason before it would complain: the signature itself must not have the name."""
    return argument not in inspect.signature(cls.__init__).parameters


def test_spans():
    assert read_spans("0,3-16") == ((0, 0), (3, 16))


@pytest.mark.parametrize(
    ("target", "version"),
    [(None, "3.15"), ((3, 8), "3.8"), ((3, 8, 0), "3.8"), ((3,), "3.0"), ((2, 12), "2.15"), ((3, 16), None)],
)
def test_targets(target, version):
    place = read_table().find(target)
    assert (None if place is None else read_table().versions[place]) == version
