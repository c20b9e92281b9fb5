"""Keras 1 configs, told in Keras 2's words."""

import json

import pytest

from fixtures.catalogue import FILES
from inspector.analyses.facts import find_facts
from inspector.keras_config.keras1 import is_keras1, translate_keras1
from inspector.readers import read


@pytest.mark.parametrize(
    ("name", "params"),
    [("keras1_sequential", 28 + 370), ("keras1_model", 25 + 9), ("keras20_sequential", 40 + 20 + 10)],
)
def test_handwritten_files(name, params):
    assert find_facts(read(FILES / f"{name}.json")).totals.params == params


def translated(class_name, **config):
    data = {"class_name": "Sequential", "config": [{"class_name": class_name, "config": config}]}
    layer = translate_keras1(data)["config"][0]
    return layer["class_name"], layer["config"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            (
                "Convolution2D",
                {"nb_filter": 4, "nb_row": 3, "nb_col": 2, "subsample": [2, 1], "dim_ordering": "th", "bias": False},
            ),
            (
                "Conv2D",
                {
                    "filters": 4,
                    "kernel_size": [3, 2],
                    "strides": [2, 1],
                    "data_format": "channels_first",
                    "use_bias": False,
                },
            ),
        ),
        (
            ("Convolution1D", {"nb_filter": 4, "filter_length": 3, "subsample_length": 2, "border_mode": "same"}),
            ("Conv1D", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}),
        ),
        (
            ("Convolution3D", {"nb_filter": 1, "kernel_dim1": 1, "kernel_dim2": 2, "kernel_dim3": 3}),
            ("Conv3D", {"filters": 1, "kernel_size": [1, 2, 3]}),
        ),
        (("AtrousConvolution2D", {"atrous_rate": [2, 2]}), ("Conv2D", {"dilation_rate": [2, 2]})),
        (
            (
                "LSTM",
                {
                    "output_dim": 3,
                    "inner_activation": "sigmoid",
                    "dropout_W": 0.1,
                    "consume_less": "cpu",
                    "forget_bias_init": "one",
                },
            ),
            ("LSTM", {"units": 3, "recurrent_activation": "sigmoid", "dropout": 0.1, "unit_forget_bias": True}),
        ),
        (("GRU", {"output_dim": 3}), ("GRU", {"units": 3, "reset_after": False})),
        (
            ("Embedding", {"input_dim": 5, "output_dim": 2, "init": "uniform", "dropout": 0.1}),
            ("Embedding", {"input_dim": 5, "output_dim": 2, "embeddings_initializer": "uniform"}),
        ),
        (("Dropout", {"p": 0.5}), ("Dropout", {"rate": 0.5})),
        (("MaxPooling1D", {"pool_length": 2, "stride": 2}), ("MaxPooling1D", {"pool_size": 2, "strides": 2})),
        (
            ("Dense", {"output_dim": 2, "W_regularizer": {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.1}}),
            ("Dense", {"units": 2, "kernel_regularizer": {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.1}}}),
        ),
        (("Merge", {"mode": "concat", "concat_axis": 1}), ("Concatenate", {"axis": 1})),
        (("Merge", {"mode": "cos", "dot_axes": 1}), ("Dot", {"axes": 1, "normalize": True})),
        (("Merge", {"mode": "<lambda>"}), ("Merge", {"mode": "<lambda>"})),
    ],
)
def test_classes_and_arguments(before, after):
    assert translated(before[0], **json.loads(json.dumps(before[1]))) == after


def test_nested_and_wrapped_layers_are_translated():
    dense = {"class_name": "Dense", "config": {"output_dim": 2}}
    data = {"class_name": "Sequential", "config": [{"class_name": "TimeDistributed", "config": {"layer": dense}}]}
    assert translate_keras1(data)["config"][0]["config"]["layer"]["config"] == {"units": 2}


def test_dialect_by_version_and_by_structure():
    old = {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {"W_regularizer": None}}]}
    new = {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {"units": 2}}]}
    assert is_keras1(old, None) and is_keras1(new, "1.2.2") and is_keras1(old, 7)
    assert not is_keras1(new, None) and not is_keras1(old, "2.1.6") and not is_keras1({"config": 3}, None)
