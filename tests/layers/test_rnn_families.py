"""Recurrent layers and attention in every combination of their options, against real Keras."""

from __future__ import annotations

from itertools import product

import keras
import pytest

from inspector.analyses.inference import Inference
from inspector.graph import Spec, Unknown
from inspector.knowledge import Example, Subject
from inspector.layers import all_knowledge

from .oracle import check, decoded, keras_layer, known_outputs

FLAGS = (False, True)
POLICIES = ("float32", "mixed_float16")
STATES = {"LSTM": 2, "GRU": 1, "SimpleRNN": 1}
CELLS = {
    "lstm": Example("LSTMCell", {"units": 4}),
    "gru": Example("GRUCell", {"units": 4, "reset_after": False}),
    "stack": [Example("LSTMCell", {"units": 4}), Example("SimpleRNNCell", {"units": 2})],
    "stack of one": [Example("GRUCell", {"units": 4})],
}


def call_options(masked: bool, states: int) -> dict:
    """A mask and initial states as keyword arguments."""
    kwargs = {"mask": Spec((2, 5), "bool")} if masked else {}
    return {**kwargs, "initial_state": [Spec((2, 4))] * states} if states else kwargs


@pytest.mark.parametrize("kind", STATES)
@pytest.mark.parametrize("stateful", FLAGS)
@pytest.mark.parametrize("dtype", POLICIES)
def test_recurrent(kind, stateful, dtype):
    for sequences, state, masked, given in product(FLAGS, FLAGS, FLAGS, FLAGS):
        config = {"units": 4, "return_sequences": sequences, "return_state": state, "stateful": stateful}
        kwargs = call_options(masked, STATES[kind] if given else 0)
        check(Example(kind, {**config, "dtype": dtype}, ((2, 5, 3),), kwargs))


@pytest.mark.parametrize("kind", STATES)
@pytest.mark.parametrize("mode", ["sum", "mul", "ave", "concat", None])
@pytest.mark.parametrize("dtype", POLICIES)
def test_bidirectional(kind, mode, dtype):
    for sequences, state, stateful, masked in product(FLAGS, FLAGS, FLAGS, FLAGS):
        if state and stateful:
            continue  # Keras 3.15.1 itself fails on this: its compute_mask multiplies a generator
        config = {"units": 4, "return_sequences": sequences, "return_state": state, "stateful": stateful}
        inner = Example(kind, {**config, "dtype": dtype})
        outer = {"layer": inner, "merge_mode": mode, "dtype": dtype}
        given = call_options(masked, 2 * STATES[kind] if sequences else 0)
        check(Example("Bidirectional", outer, ((2, 5, 3),), given))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("dtype", POLICIES)
def test_any_cell_in_a_loop(cell, dtype):
    for sequences, state, unroll in product(FLAGS, FLAGS, FLAGS):
        config = {"return_sequences": sequences, "return_state": state, "unroll": unroll, "dtype": dtype}
        check(Example("RNN", {"cell": CELLS[cell], **config}, ((None, 5, 3),)))


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_convolutional_lstm(rank, data_format):
    for padding, (strides, dilation), sequences, state in product(
        ("valid", "same"), ((1, 1), (2, 1), (1, 2)), FLAGS, FLAGS
    ):
        config = {"filters": 2, "kernel_size": 3, "padding": padding, "strides": strides, "dilation_rate": dilation}
        config |= {"data_format": data_format, "return_sequences": sequences, "return_state": state}
        image = (8, 9, 7)[:rank]
        shape = (None, 4, *image, 3) if data_format == "channels_last" else (None, 4, 3, *image)
        check(Example(f"ConvLSTM{rank}D", config, (shape,)))


@pytest.mark.parametrize("dtype", POLICIES)
@pytest.mark.parametrize("scores", FLAGS)
def test_multi_head_attention(dtype, scores):
    choices = product((None, 5), FLAGS, FLAGS, (None, 4, (4, 2)), FLAGS)
    for value_dim, bias, gate, output_shape, has_key in choices:
        config = {"num_heads": 2, "key_dim": 3, "value_dim": value_dim, "use_bias": bias, "use_gate": gate}
        inputs = ((None, 5, 8), (None, 7, 6), (None, 7, 4))[: 3 if has_key else 2]
        config |= {"output_shape": output_shape, "dtype": dtype}
        check(Example("MultiHeadAttention", config, inputs, {"return_attention_scores": scores}))


def macs_of(example: Example) -> int | None:
    layer, inference = decoded(keras_layer(example)[0]), Inference()
    known, bound = known_outputs(layer, example, inference)
    return inference.macs(Subject(layer, inference), known, *bound)


SEQUENCE = ((None, 5, 3),)


@pytest.mark.parametrize(
    ("example", "macs"),
    [
        (Example("LSTM", {"units": 4}, SEQUENCE), 5 * 4 * 4 * (3 + 4)),
        (Example("GRU", {"units": 4}, SEQUENCE), 5 * 3 * 4 * (3 + 4)),
        (Example("SimpleRNN", {"units": 4}, SEQUENCE), 5 * 4 * (3 + 4)),
        (Example("LSTM", {"units": 4}, ((None, None, 3),)), None),
        (Example("RNN", {"cell": CELLS["stack"]}, SEQUENCE), 5 * (4 * 4 * (3 + 4) + 2 * (4 + 2))),
        (Example("Bidirectional", {"layer": Example("GRU", {"units": 4})}, SEQUENCE), 2 * 5 * 3 * 4 * (3 + 4)),
        (Example("TimeDistributed", {"layer": Example("Dense", {"units": 4})}, SEQUENCE), 5 * 3 * 4),
        (Example("TimeDistributed", {"layer": Example("Dense", {"units": 4})}, ((None, None, 3),)), None),
        (
            Example("ConvLSTM2D", {"filters": 2, "kernel_size": 3}, ((None, 4, 9, 8, 3),)),
            4 * (7 * 6) * 4 * 2 * 9 * (3 + 2),
        ),
        (
            Example("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "value_dim": 5}, ((None, 5, 8), (None, 7, 6))),
            5 * 8 * 6 + 7 * 6 * 6 + 7 * 6 * 10 + 5 * 10 * 8 + 2 * 5 * 7 * (3 + 5),
        ),
        (
            Example(
                "MultiHeadAttention",
                {"num_heads": 2, "key_dim": 3, "attention_axes": (2,)},
                ((None, 4, 5, 8), (None, 4, 7, 8)),
            ),
            (4 * 5 + 2 * 4 * 7 + 4 * 5) * 8 * 6 + 2 * 4 * 5 * 7 * (3 + 3),
        ),
        (
            Example(
                "GroupQueryAttention",
                {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2},
                ((None, 5, 8), (None, 7, 8)),
            ),
            2 * 5 * 8 * 12 + 2 * 7 * 8 * 6 + 4 * 5 * 7 * (3 + 3),
        ),
        (Example("Attention", {}, ((None, 5, 8), (None, 7, 8)), nested=True), 2 * 5 * 7 * 8),
        (Example("AdditiveAttention", {}, ((None, 5, 8), (None, 7, 8)), nested=True), 5 * 7 * 8),
    ],
)
def test_macs(example, macs):
    assert macs_of(example) == macs


def test_time_distributed_over_a_model():
    entry = keras.Input((4, 3))
    inner = keras.Model(entry, keras.layers.Dense(2)(keras.layers.Flatten()(entry)), name="inner")
    layer = keras.layers.TimeDistributed(inner)
    outputs = layer(keras.KerasTensor((None, 5, 4, 3)))
    known, inference = decoded(layer), Inference()
    bound = ((Spec((None, 5, 4, 3)),), {})
    found = inference.outputs(Subject(known, inference), *bound)
    assert found == Spec(tuple(outputs.shape), outputs.dtype)
    assert [spec.shape for spec in inference.weights(Subject(known, inference), *bound)] == [(12, 2), (2,)]
    assert inference.macs(Subject(known, inference), found, *bound) == 5 * 12 * 2


class OwnCell(keras.layers.Layer):
    state_size = output_size = 4

    def call(self, inputs, states):
        return states[0], states


def test_own_cell_is_not_known():
    layer, inference = decoded(keras.layers.RNN(OwnCell())), Inference()
    found = inference.outputs(Subject(layer, inference), (Spec((None, 5, 3)),), {})
    assert isinstance(found, Unknown)
    assert "OwnCell" in found.why


def test_masking_is_that_of_keras():
    examples = [(kind, k) for kind, k in all_knowledge().items() if k.examples and hasattr(keras.layers, kind)]
    wrong = []
    for kind, knowledge in examples:
        example = next((example for example in knowledge.examples if example.kind == kind), None)
        if example is not None and keras_layer(example)[0].supports_masking != knowledge.masking:
            wrong.append(kind)
    assert not wrong
