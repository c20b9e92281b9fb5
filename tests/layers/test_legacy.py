"""Layers of older files: tf_keras where it still has the class, stated numbers where nothing runs it any more."""

from __future__ import annotations

import json
from typing import Any

import pytest
import tf_keras
from tf_keras.src.layers.rnn.cell_wrappers import DropoutWrapper, ResidualWrapper
from tf_keras.src.layers.rnn.cudnn_gru import CuDNNGRU
from tf_keras.src.layers.rnn.cudnn_lstm import CuDNNLSTM
from tf_keras.src.layers.rnn.gru_v1 import GRU as GRUV1
from tf_keras.src.saving.legacy.saved_model.json_utils import get_json_type

from inspector.analyses.inference import Inference, guarded
from inspector.graph import Layer, Spec, Unknown, flatten
from inspector.keras_config import decode_layer
from inspector.knowledge import Subject
from inspector.layers import all_knowledge

L = tf_keras.layers
SEQUENCE = (2, 5, 3)


def known(layer: Layer, *args: Any) -> tuple[Any, Any, Any]:
    """Output, weights and multiply-accumulates of one call."""
    inference = Inference()
    subject = Subject(layer, inference)
    output = inference.outputs(subject, args, {})
    assert not isinstance(output, Unknown), output.why
    return output, inference.weights(subject, args, {}), inference.macs(subject, output, args, {})


def decoded(layer: Any, legacy: bool) -> Layer:
    data = tf_keras.layers.serialize(layer, use_legacy_format=legacy)
    return decode_layer(json.loads(json.dumps(data, default=get_json_type)))


def specs_of(inputs: Any) -> Any:
    return [specs_of(item) for item in inputs] if isinstance(inputs, list) else Spec(inputs)


def tensors_of(inputs: Any) -> Any:
    if isinstance(inputs, list):
        return [tensors_of(item) for item in inputs]
    return tf_keras.Input(batch_shape=inputs)


FLAGS = {"return_sequences": True, "return_state": True}
REAL = [
    (L.LSTM(4, **FLAGS), SEQUENCE),
    (L.LSTM(4, stateful=True), SEQUENCE),
    (L.GRU(4, reset_after=False, **FLAGS), SEQUENCE),
    (L.GRU(4, time_major=True, **FLAGS), SEQUENCE),
    (L.SimpleRNN(4, time_major=True), SEQUENCE),
    (L.LSTM(4, dtype="mixed_float16"), SEQUENCE),
    (GRUV1(4), SEQUENCE),
    (L.RNN([L.LSTMCell(4), L.GRUCell(6)], return_state=True), SEQUENCE),
    (L.RNN(ResidualWrapper(L.GRUCell(3)), return_sequences=True), SEQUENCE),
    (L.RNN(DropoutWrapper(L.SimpleRNNCell(3))), SEQUENCE),
    (L.Bidirectional(L.GRU(4, return_sequences=True)), SEQUENCE),
    (L.Bidirectional(L.LSTM(4, return_state=True), merge_mode=None), SEQUENCE),
    (L.TimeDistributed(L.Dense(4)), SEQUENCE),
    (L.ConvLSTM2D(2, 3, **FLAGS), (2, 4, 9, 8, 3)),
    (L.Attention(use_scale=True), [(2, 5, 8), (2, 7, 8)]),
    (L.AdditiveAttention(), [(2, 5, 8), (2, 7, 8)]),
    (L.Normalization(), (2, 3)),
    (L.Rescaling(2.0), (2, 3)),
    (L.Resizing(4, 5), (2, 8, 8, 3)),
    (L.RandomCrop(4, 5), (2, 8, 8, 3)),
    (L.RandomFlip(), (2, 8, 8, 3)),
    (L.RandomHeight(0.2), (2, 8, 8, 3)),
    (L.RandomWidth(0.2), (2, 8, 8, 3)),
    (L.experimental.RandomFourierFeatures(6), (2, 3)),
    (L.experimental.RandomFourierFeatures(6, trainable=True), (2, 3)),
]


@pytest.mark.parametrize("legacy", [True, False], ids=["old", "new"])
@pytest.mark.parametrize(("layer", "inputs"), REAL, ids=[layer.name for layer, _ in REAL])
def test_agrees_with_tf_keras(layer, inputs, legacy):
    real = layer.from_config(layer.get_config())
    outputs = real(tensors_of(inputs))
    output, weights, macs = known(decoded(layer, legacy), specs_of(inputs))
    assert [(spec.shape, spec.dtype) for spec in flatten(output)] == [
        (tuple(tensor.shape), tensor.dtype.name) for tensor in flatten(outputs)
    ]
    trainable = {id(weight) for weight in real.trainable_weights}
    assert [(tuple(spec.shape), spec.dtype, spec.trainable) for spec in weights] == [
        (tuple(weight.shape), weight.dtype.name, id(weight) in trainable) for weight in real.weights
    ]
    assert macs is None or macs >= 0


WORDS = {"vocabulary": ["a", "b"]}
ENCODERS = [
    (L.Discretization([0.0, 1.0]), [(None, 1), (None, 6)], "float32"),
    (L.Discretization([0.0, 1.0], output_mode="one_hot"), [(None, 1), (None,)], "float32"),
    (L.Hashing(5), [(None, 1), (None, 6), (None,)], "int64"),
    (L.Hashing(5, output_mode="one_hot"), [(None, 1), (None,)], "int64"),
    (L.Hashing(5, output_mode="multi_hot"), [(None, 6), (None,)], "int64"),
    (L.StringLookup(**WORDS), [(None, 1), (None,)], "string"),
    (L.StringLookup(**WORDS, output_mode="multi_hot"), [(None, 6)], "string"),
    (L.IntegerLookup(vocabulary=[1, 2], output_mode="count"), [(None, 6)], "int64"),
    (L.CategoryEncoding(4, output_mode="one_hot"), [(None, 1), (None,)], "int64"),
    (L.CategoryEncoding(4), [(None, 6)], "int64"),
    (L.TextVectorization(**WORDS, output_sequence_length=3), [(None, 1), (None,)], "string"),
    (L.TextVectorization(**WORDS, output_mode="count"), [(None, 1), (None,)], "string"),
]


@pytest.mark.parametrize(("layer", "shapes", "dtype"), ENCODERS)
def test_encoders_agree_with_tf_keras(layer, shapes, dtype):
    for shape in shapes:
        real = layer(tf_keras.Input(batch_shape=shape, dtype=dtype))
        output, weights, _macs = known(decoded(layer, True), Spec(shape, dtype))
        assert output == Spec(tuple(real.shape), real.dtype.name)
        assert not weights


@pytest.mark.parametrize("axes", [None, (2,), (1, 2)])
def test_attention_scores_agree_with_tf_keras(axes):
    query, value = ((2, 5, 8), (2, 7, 6)) if axes is None else ((2, 4, 5, 8), (2, 4, 7, 8))
    layer = L.MultiHeadAttention(2, 3, value_dim=5, attention_axes=axes)
    real = layer(tf_keras.Input(batch_shape=query), tf_keras.Input(batch_shape=value), return_attention_scores=True)
    found, inference = decoded(layer, True), Inference()
    arguments = (Spec(query), Spec(value)), {"return_attention_scores": True}
    output = inference.outputs(Subject(found, inference), *arguments)
    assert [spec.shape for spec in output] == [tuple(tensor.shape) for tensor in real]
    weights = inference.weights(Subject(found, inference), *arguments)
    assert [(spec.name, spec.shape) for spec in weights] == [
        (weight.name.split("/")[-1].split(":")[0], tuple(weight.shape)) for weight in layer.weights
    ]


@pytest.mark.parametrize("kind", [CuDNNLSTM, CuDNNGRU])
def test_cudnn_layers(kind):
    layer = kind(4, return_sequences=True, return_state=True)
    layer.build((None, 5, 3))
    output, weights, macs = known(decoded(layer, True), Spec((None, 5, 3)))
    gates = 4 if kind is CuDNNLSTM else 3
    assert [spec.shape for spec in flatten(output)] == [(None, 5, 4), *[(None, 4)] * (2 if gates == 4 else 1)]
    assert [spec.shape for spec in weights] == [tuple(weight.shape) for weight in layer.weights]
    assert macs == 5 * gates * 4 * (3 + 4)


X = Spec((None, 5, 3))
ROWS = [Spec((None, 6)), Spec((None, 6))]
GRIDS = [Spec((None, 5, 6)), Spec((None, 4, 6))]
PEEPHOLE = {"class_name": "PeepholeLSTMCell", "config": {"units": 4}}
STATED = [
    ("Merge", {"mode": "sum"}, ROWS, (None, 6), [], 0),
    ("Merge", {"mode": "max"}, ROWS, (None, 6), [], 0),
    ("Merge", {"mode": "concat", "concat_axis": -1}, ROWS, (None, 12), [], 0),
    ("Merge", {"mode": "concat", "concat_axis": 1}, GRIDS, (None, 9, 6), [], 0),
    ("Merge", {"mode": "dot", "dot_axes": -1}, ROWS, (None, 1), [], 6),
    ("Merge", {"mode": "cos", "dot_axes": 1}, ROWS, (None, 1), [], 6),
    ("Merge", {"mode": "dot", "dot_axes": [2, 2]}, GRIDS, (None, 5, 4), [], 5 * 4 * 6),
    ("TimeDistributedDense", {"output_dim": 4}, X, (None, 5, 4), [(3, 4), (4,)], 60),
    ("MaxoutDense", {"output_dim": 4, "nb_feature": 2}, Spec((None, 3)), (None, 4), [(2, 3, 4), (2, 4)], 24),
    ("Highway", {"bias": False}, Spec((None, 3)), (None, 3), [(3, 3), (3, 3)], 18),
    ("Highway", {}, Spec((None, 3)), (None, 3), [(3, 3), (3, 3), (3,), (3,)], 18),
    ("LSTM", {"output_dim": 4}, X, (None, 4), [(3, 16), (4, 16), (16,)], 5 * 16 * 7),
    ("GRU", {"units": 4}, X, (None, 4), [(3, 12), (4, 12), (12,)], 5 * 12 * 7),
    ("GRUV2", {"units": 4, "reset_after": True}, X, (None, 4), [(3, 12), (4, 12), (2, 12)], 5 * 12 * 7),
    ("LSTMV1", {"units": 4, "return_sequences": True}, X, (None, 5, 4), [(3, 16), (4, 16), (16,)], 5 * 16 * 7),
    ("RNN", {"cell": PEEPHOLE}, X, (None, 4), [(3, 16), (4, 16), (16,), (4,), (4,), (4,)], 5 * 16 * 7),
]


@pytest.mark.parametrize(("kind", "config", "inputs", "shape", "weights", "macs"), STATED)
def test_stated_numbers(kind, config, inputs, shape, weights, macs):
    layer = decode_layer({"class_name": kind, "config": {"name": "it", **config}})
    output, specs, count = known(layer, inputs)
    assert output.shape == shape
    assert [spec.shape for spec in specs] == weights
    assert count == macs


def test_initial_state_in_the_list_of_inputs():
    layer = decode_layer({"class_name": "LSTM", "config": {"name": "it", "units": 4}})
    state = Spec((None, 4))
    assert known(layer, [X, state, state])[0] == state


@pytest.mark.parametrize("kind", ["DenseFeatures", "FeatureSpace", "TFSMLayer", "JaxLayer"])
def test_opaque_layers_say_why(kind):
    layer, inference = decode_layer({"class_name": kind, "config": {"name": "it"}}), Inference()
    output = inference.outputs(Subject(layer, inference), (X,), {})
    assert isinstance(output, Unknown)
    assert "not a layer of Keras" not in output.why


@pytest.mark.parametrize("kind", ["Bidirectional", "TimeDistributed", "Pipeline", "StackedRNNCells", "RNN"])
@pytest.mark.parametrize("depth", [40, 900])
def test_deep_wrappers_give_reasons(kind, depth):
    key = {"Pipeline": "layers", "StackedRNNCells": "cells", "RNN": "cell"}.get(kind, "layer")
    data: dict[str, Any] = {"class_name": "LSTM", "config": {"units": 4}}
    for _ in range(depth):
        data = {"class_name": kind, "config": {key: [data] if key.endswith("s") else data}}
    layer, inference = decode_layer(data), Inference()
    subject = Subject(layer, inference)
    assert isinstance(inference.outputs(subject, (X,), {}), (Unknown, Spec, tuple))
    assert guarded(lambda: inference.weights(subject, (X,), {})) is not None
    guarded(lambda: inference.macs(subject, None, (X,), {}))


HOSTILE = [None, -1, 10**30, "x", [], {}, True, 1.5, ["a"], {"class_name": "Dense"}]


@pytest.mark.parametrize("value", HOSTILE, ids=repr)
def test_hostile_configs_give_reasons(value):
    keys = ("units", "filters", "kernel_size", "num_heads", "key_dim", "num_bins", "layer", "cell", "cells", "layers")
    keys += ("output_shape", "vocabulary_size", "max_tokens", "axis", "height", "width", "mode", "merge_mode", "dtype")
    for kind in all_knowledge():
        if "." in kind:
            continue
        layer = Layer("it", kind, "layer", dict.fromkeys(keys, value))
        inference = Inference()
        for args in ((X,), (ROWS,), (X, X), (), ({"images": X},)):
            subject = Subject(layer, inference)
            output = inference.outputs(subject, args, {})
            assert isinstance(output, Unknown) or all(isinstance(leaf, Spec) for leaf in flatten(output))
