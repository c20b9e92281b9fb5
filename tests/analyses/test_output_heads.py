"""The activation behind each output, through everything that only moves values, held to models of real Keras."""

import pytest

from inspector.analyses.facts import find_facts
from inspector.analyses.flow import find_flow
from inspector.analyses.output_heads import find_heads
from inspector.analyses.training import read_training
from inspector.testing import model_from

D = "layers.Dense(4, activation='softmax', name='d')(x)"
HEADS = {
    D: ("softmax", True, "d"),
    "layers.Softmax(axis=1, name='s')(layers.Dense(4)(x))": ("softmax", True, "s"),
    "ops.softmax(layers.Dense(4)(x))": ("softmax", True, "softmax"),
    "keras.activations.softmax(layers.Dense(4)(x))": ("softmax", True, "softmax"),
    f"layers.Activation('linear', dtype='float32')({D})": ("softmax", True, "d"),
    f"layers.Dropout(0.5)(layers.Identity()(ops.cast({D}, 'float16')))": ("softmax", True, "d"),
    f"layers.Reshape((24,))({D})": ("softmax", False, "d"),
    f"layers.Flatten()(layers.Permute((2, 1))({D}))": ("softmax", False, "d"),
    f"ops.transpose(ops.squeeze(ops.expand_dims({D}, 1), 1), (0, 2, 1))": ("softmax", False, "d"),
    f"{D}[:, 0]": ("softmax", False, "d"),
    f"layers.GlobalAveragePooling1D()({D})": ("softmax", False, "d"),
    f"ops.mean({D}, axis=1)": ("softmax", False, "d"),
    "layers.Average()([layers.Dense(4, 'softmax')(x), layers.Dense(4, 'softmax')(x)])": ("softmax", False, None),
    "layers.Concatenate()([layers.Dense(1, 'sigmoid')(x), layers.Dense(2, 'sigmoid')(x)])": ("sigmoid", False, None),
    "layers.Concatenate()([layers.Dense(1, 'sigmoid')(x), layers.Dense(2)(x)])": (None, False, None),
    "layers.TimeDistributed(layers.Dense(4, activation='sigmoid'), name='t')(x)": ("sigmoid", True, "t"),
    "layers.TimeDistributed(keras.Sequential([layers.Dense(4, activation='sigmoid')]))(x)": (None, True, None),
    "keras.Sequential([layers.Dense(4), layers.Activation('tanh', name='a')], name='q')(x)": ("tanh", True, "q/a"),
    "layers.Dense(4, name='d')(x)": ("linear", True, "d"),
    "layers.Conv1D(4, 1, activation=layers.LeakyReLU(), name='c')(x)": ("leaky_relu", True, "c"),
    "layers.EinsumDense('abc,cd->abd', (None, 4), name='e')(x)": ("linear", True, "e"),
    "layers.Lambda(lambda t: t)(layers.Dense(4, activation='softmax')(x))": (None, True, None),
    "layers.Dense(4, activation=lambda t: t * 2)(x)": (None, True, None),
    f"{D} * 2.0": (None, True, None),
    "layers.Add()([x, x])": (None, True, None),
    "layers.BatchNormalization()(layers.Dense(4)(x))": (None, True, None),
    "layers.LSTM(4, name='l')(x)": ("tanh", True, "l"),
    "layers.LSTM(4, activation='sigmoid')(x)": (None, True, None),
    "layers.SimpleRNN(4, activation='sigmoid', name='r')(x)": ("sigmoid", True, "r"),
    "layers.LSTM(4, return_state=True)(x)[2]": (None, True, None),
    "layers.ReLU(max_value=1.0)(layers.Dense(4)(x))": (None, True, None),
    "layers.ReLU(max_value=6.0, name='r')(layers.Dense(4)(x))": ("relu", True, "r"),
    "layers.Embedding(9, 4)(x)": (None, True, None),
    "layers.Identity()(x)": (None, True, None),
}


def heads_of(model):
    read = model_from(model)
    return find_heads(find_flow(find_facts(read)), read_training(read))


@pytest.mark.parametrize("code", HEADS)
def test_what_an_output_went_through_last(code):
    import keras

    x = keras.Input((6, 4))
    names = {"keras": keras, "layers": keras.layers, "ops": keras.ops, "x": x}
    keras.backend.clear_session()
    head = heads_of(keras.Model(x, eval(code, names)))[0]
    activation, kept, path = HEADS[code]
    assert head.activation == activation
    assert path is None or head.step.path == path
    assert activation is None or head.kept == kept


def test_one_layer_used_several_times_ends_each_output():
    import keras

    x, dense = keras.Input((4,)), keras.layers.Dense(4, activation="sigmoid", name="d")
    model = keras.Model(x, [dense(x), keras.layers.Softmax(name="s")(dense(dense(x)))])
    assert [(head.activation, head.step.path) for head in heads_of(model)] == [("sigmoid", "d"), ("softmax", "s")]


def test_nested_outputs_are_given_no_losses():
    """Keras hands losses out by a nested structure, which a flat list of outputs does not show."""
    import keras

    x = keras.Input((4,))
    a, b, c = (keras.layers.Dense(2, name=name)(x) for name in "abc")
    model = keras.Model(x, [[a, b], c])
    model.compile("adam", [["mse", "mae"], "mse"])
    assert [head.losses for head in heads_of(model)] == [[], [], []]


def test_a_long_chain_is_not_followed_to_its_end():
    import keras

    x = keras.Input((4,))
    y = keras.layers.Dense(4, activation="softmax")(x)
    for _ in range(80):
        y = keras.layers.Identity()(y)
    assert heads_of(keras.Model(x, y))[0].activation is None
