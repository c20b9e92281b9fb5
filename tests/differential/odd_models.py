"""Models that put together what single fixtures do not, one function each; `built` gathers them by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import Input, Model, Sequential, layers, ops

Build = Callable[[], Any]
BUILDERS: dict[str, Build] = {}


def built(function: Build) -> Build:
    BUILDERS[function.__name__] = function
    return function


@keras.saving.register_keras_serializable("odd")
class Scale(layers.Layer):
    """A custom layer in the middle of a graph."""

    def __init__(self, by: float = 2.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.by = by

    def build(self, shape: Any) -> None:
        self.gain = self.add_weight(shape=(shape[-1],), name="gain")
        self.built = True

    def call(self, x: Any) -> Any:
        return x * self.gain * self.by

    def compute_output_shape(self, shape: Any) -> Any:
        return shape

    def get_config(self) -> Any:
        return {**super().get_config(), "by": self.by}


@keras.saving.register_keras_serializable("odd")
class Dense(Scale):
    """A custom class of the name of one of Keras's own."""


def small(name: str | None = None, width: int = 4) -> Any:
    return Sequential([Input((width,)), layers.Dense(width), layers.ReLU()], name=name)


@built
def nested_at_other_shapes() -> Any:
    entry = Input((None, None, 2))
    inner = Model(entry, layers.GlobalMaxPooling2D()(layers.Conv2D(3, 3)(entry)), name="inner")
    a, b = Input((9, 9, 2)), Input((None, 5, 2))
    return Model([a, b], layers.Add()([inner(a), inner(b)]))


@built
def bidirectional_conv_lstm() -> Any:
    x = Input((3, 8, 8, 2))
    return Model(x, layers.Bidirectional(layers.ConvLSTM2D(3, 3, return_sequences=True))(x))


@built
def time_distributed_model() -> Any:
    x = Input((5, 8, 8, 1))
    inner = Sequential([Input((8, 8, 1)), layers.Conv2D(2, 3), layers.BatchNormalization(), layers.Flatten()])
    return Model(x, layers.LSTM(3)(layers.TimeDistributed(inner)(x)))


@built
def shared_at_three_depths() -> Any:
    shared = small("shared")
    a = Input((4,))
    one = Model(a, shared(a), name="one")
    b = Input((4,))
    two = Model(b, layers.Add()([one(b), shared(b)]), name="two")
    c = Input((4,))
    return Model(c, layers.Concatenate()([two(c), one(c), shared(c)]))


@built
def dict_of_list_inputs() -> Any:
    ends = {"a": [Input((3,), name="p"), Input((3,), name="q")], "b": Input((2,), name="r")}
    joined = layers.Concatenate()([*ends["a"], ends["b"]])
    return Model(ends, {"main": layers.Dense(2)(joined), "other": [layers.ReLU()(joined)]})


@built
def optional_inputs() -> Any:
    a = Input((3,), name="a")
    b = Input((3,), name="b", optional=True)
    return Model([a, b], layers.Dense(2)(a))


@built
def layers_with_several_outputs() -> Any:
    x = Input((6, 4))
    y, h, c = layers.LSTM(3, return_sequences=True, return_state=True)(x)
    out, scores = layers.MultiHeadAttention(2, 3)(y, y, return_attention_scores=True)
    wide, *states = layers.Bidirectional(layers.GRU(2, return_sequences=True, return_state=True))(out)
    return Model(x, [wide, states, scores, h, layers.Dense(1)(c)])


@built
def masks_in_a_chain() -> Any:
    tokens = Input((None,), dtype="int32")
    x = layers.Embedding(20, 6, mask_zero=True)(tokens)
    x = layers.SpatialDropout1D(0.1)(x)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
    x = layers.TimeDistributed(layers.Dense(5))(x)
    return Model(tokens, layers.GlobalAveragePooling1D()(x))


@built
def explicit_masks() -> Any:
    q, mask = Input((5, 4)), Input((5,), dtype="bool")
    x = layers.MultiHeadAttention(2, 2)(q, q, key=q, query_mask=mask, value_mask=mask)
    x = layers.GroupQueryAttention(4, 4, 2)(x, x)
    x = layers.Attention()([x, x], mask=[mask, mask])
    return Model([q, mask], layers.LSTM(2)(x, mask=mask))


@built
def attention_with_its_mask() -> Any:
    q, k = Input((5, 4)), Input((7, 4))
    mask = Input((5, 7), dtype="bool")
    x = layers.MultiHeadAttention(2, 2, value_dim=3, output_shape=6)(q, k, attention_mask=mask, use_causal_mask=True)
    return Model([q, k, mask], x)


@built
def integer_inputs() -> Any:
    a, b = Input((4,), dtype="int64"), Input((4,), dtype="uint8")
    return Model([a, b], ops.cast(ops.maximum(a, ops.cast(b, "int64")) + 1, "float32"))


@built
def float64_policy() -> Any:
    x = Input((4,), dtype="float64")
    return Model(x, layers.BatchNormalization(dtype="float64")(layers.Dense(3, dtype="float64")(x)))


@built
def bfloat16_policies() -> Any:
    x = Input((8, 8, 3))
    y = layers.Conv2D(4, 3, dtype="mixed_bfloat16")(x)
    y = layers.BatchNormalization(dtype="mixed_bfloat16")(y)
    return Model(x, layers.Dense(2, dtype="bfloat16")(layers.Flatten()(y)))


@built
def dtype_policy_map() -> Any:
    policies = keras.dtype_policies.DTypePolicyMap()
    x = Input((4,))
    inner = Sequential([Input((4,)), layers.Dense(3, dtype="mixed_float16", name="d")], name="s")
    policies["mha"] = keras.dtype_policies.DTypePolicy("mixed_float16")
    y = layers.Reshape((2, 3))(layers.Dense(6)(inner(x)))
    return Model(x, layers.MultiHeadAttention(1, 2, dtype=policies, name="mha")(y, y))


@built
def quantized_then_lora() -> Any:
    model = Sequential([Input((8,)), layers.Dense(16), layers.ReLU(), layers.Dense(4)])
    model.quantize("int8")
    model.layers[0].enable_lora(2)
    return model


@built
def lora_embedding_and_einsum() -> Any:
    x = Input((5,), dtype="int32")
    embedding, dense = layers.Embedding(10, 6), layers.EinsumDense("abc,cd->abd", (None, 4), bias_axes="d")
    model = Model(x, dense(embedding(x)))
    embedding.enable_lora(2)
    dense.enable_lora(3)
    return model


@built
def stacked_cells() -> Any:
    x = Input((6, 4))
    cells = [layers.LSTMCell(5), layers.GRUCell(3), layers.SimpleRNNCell(2)]
    y = layers.RNN(cells, return_sequences=True)(x)
    z = layers.RNN(layers.StackedRNNCells([layers.LSTMCell(2), layers.LSTMCell(3)]), return_state=True)(y)
    return Model(x, z)


@built
def stateful() -> Any:
    x = Input(batch_shape=(2, 6, 4))
    y = layers.GRU(3, stateful=True, return_sequences=True)(x)
    return Model(x, layers.Bidirectional(layers.LSTM(2, stateful=True), merge_mode="mul")(y))


@built
def operators() -> Any:
    a, b = Input((4,)), Input((4,))
    y = ((a + b) * 2 - 1) / (ops.abs(a) + 1) ** 2
    y = (-y) % 3 // 2
    return Model([a, b], [y[:, 1:3], y[..., ::2], y @ ops.transpose(b), (a > b), ops.where(a > b, a, 0.0)])


@built
def operations_of_each_family() -> Any:
    x = Input((6, 8))
    parts = [
        ops.sum(x, axis=1), ops.argmax(x, axis=-1), ops.cumsum(x, axis=1), ops.reshape(x, (-1, 4, 12)),
        *ops.split(x, 2, axis=1), ops.pad(x, ((0, 0), (1, 2), (0, 0))), ops.roll(x, 1), ops.repeat(x, 2, axis=1),
        ops.tile(x, (1, 2, 1)), ops.stack([x, x], axis=2), ops.matmul(x, ops.transpose(x, (0, 2, 1))),
        ops.einsum("bij,bkj->bik", x, x), ops.norm(x, axis=-1), ops.top_k(x, 3)[0], ops.one_hot(ops.argmax(x, -1), 5),
        ops.moving_average(x) if hasattr(ops, "moving_average") else ops.softplus(x), ops.take(x, [0, 2], axis=1),
        ops.flip(x, axis=1), ops.squeeze(ops.expand_dims(x, 1), 1), ops.logsumexp(x, axis=1), ops.clip(x, 0, 1),
        ops.image.resize(ops.expand_dims(x, -1), (3, 5)), ops.max_pool(x, 2), ops.average_pool(x, 3, padding="same"),
        ops.segment_sum(ops.ones((4,)), ops.cast([0, 1, 1, 2], "int32"), 3) + ops.sum(x), ops.median(x, axis=1),
        ops.rfft(x)[0], ops.extract_sequences(x, 3, 2),
    ]  # fmt: skip
    return Model(x, parts)


@built
def spectral_normalization() -> Any:
    x = Input((8, 8, 3))
    y = layers.SpectralNormalization(layers.Conv2D(4, 3), power_iterations=2)(x)
    return Model(x, layers.SpectralNormalization(layers.Dense(2))(layers.Flatten()(y)))


@built
def custom_in_the_middle() -> Any:
    x = Input((4,))
    y = Scale(3.0, name="scale")(layers.Dense(5)(x))
    return Model(x, layers.Dense(2)(y))


@built
def custom_of_a_builtin_name() -> Any:
    x = Input((4,))
    return Model(x, layers.Dense(2)(Dense(1.0, name="own")(x)))


@built
def odd_names() -> Any:
    x = Input((4,), name="in put")
    y = layers.Dense(3, name="größe: 層")(x)
    return Model(x, layers.Dense(2, name="a[0][0], 'q'")(y), name="a model: of mine")


@built
def sequential_in_sequential_in_functional() -> Any:
    inner = Sequential(
        [Input((4,)), layers.Dense(3), Sequential([Input((3,)), layers.Dense(2)], name="in")], name="out"
    )
    x = Input((4,))
    return Model(x, layers.Dense(1)(inner(x)))


@built
def output_is_an_input() -> Any:
    x, y = Input((4,), name="x"), Input((2,), name="y")
    return Model([x, y], [x, layers.Dense(2)(y), y])


@built
def called_twelve_times() -> Any:
    x = Input((4,))
    dense = layers.Dense(4)
    y = x
    for _ in range(12):
        y = dense(y)
    return Model(x, y)


def fitted(optimizer: Any, **options: Any) -> Any:
    x = Input((4,))
    frozen = layers.Dense(5, trainable=False)
    model = Model(x, layers.Dense(2)(layers.BatchNormalization()(frozen(x))))
    model.compile(optimizer, "mse", metrics=["mae"], **options)
    model.fit(np.zeros((8, 4)), np.zeros((8, 2)), verbose=0)
    return model


for _optimizer in ("sgd", "adam", "rmsprop", "adagrad", "adadelta", "nadam", "ftrl", "adamw", "adafactor", "lion"):
    BUILDERS[f"fitted_{_optimizer}"] = lambda name=_optimizer: fitted(name)
BUILDERS["fitted_momentum"] = lambda: fitted(keras.optimizers.SGD(0.1, momentum=0.9))
BUILDERS["fitted_ema"] = lambda: fitted(keras.optimizers.Adam(use_ema=True, amsgrad=True))
BUILDERS["fitted_scaled"] = lambda: fitted(keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()))
BUILDERS["fitted_accumulating"] = lambda: fitted(keras.optimizers.Adam(gradient_accumulation_steps=2))


@built
def compiled_and_not_fitted() -> Any:
    model = small()
    model.compile("adam", "mse")
    return model


@built
def frozen_after_fit() -> Any:
    model = fitted("adam")
    model.layers[-1].trainable = False
    return model


@built
def frozen_composites() -> Any:
    x = Input((5, 4))
    y = layers.MultiHeadAttention(2, 2, trainable=False)(x, x)
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True), trainable=False)(y)
    y = layers.TimeDistributed(layers.Dense(3), trainable=False)(y)
    y = layers.RNN(layers.GRUCell(2), trainable=False, return_sequences=True)(y)
    return Model(x, layers.LSTM(2, trainable=False)(y))


@built
def preprocessing_in_a_model() -> Any:
    number, word = Input((3,)), Input((1,), dtype="string")
    scaling = layers.Normalization()
    scaling.adapt(np.random.default_rng(0).normal(size=(10, 3)))
    lookup = layers.StringLookup(vocabulary=["a", "b"], output_mode="multi_hot")
    bins = layers.Discretization(bin_boundaries=[0.0, 1.0])
    return Model(
        [number, word], layers.Concatenate()([scaling(number), lookup(word), ops.cast(bins(number), "float32")])
    )


@built
def augmentation() -> Any:
    x = Input((None, None, 3))
    y = layers.RandomFlip()(layers.Rescaling(1 / 255)(x))
    y = layers.CenterCrop(8, 8)(layers.RandomRotation(0.1)(layers.Resizing(10, 12)(y)))
    return Model(x, layers.RandomContrast(0.1)(y))


@built
def channels_first_and_groups() -> Any:
    x = Input((4, 9, 9))
    y = layers.Conv2D(6, 3, groups=2, data_format="channels_first", padding="same")(x)
    y = layers.DepthwiseConv2D(3, strides=2, data_format="channels_first")(y)
    y = layers.GroupNormalization(3, axis=1)(y)
    return Model(x, layers.Conv2DTranspose(2, 4, 3, output_padding=1, data_format="channels_first")(y))


@built
def three_dimensions() -> Any:
    x = Input((6, 7, 8, 2))
    y = layers.Conv3D(3, (1, 2, 3), dilation_rate=(1, 2, 1))(x)
    y = layers.ZeroPadding3D(1)(layers.MaxPooling3D(2)(y))
    return Model(x, layers.Conv3DTranspose(2, 2)(layers.UpSampling3D((1, 2, 1))(y)))


@built
def convolutional_cells() -> Any:
    a, b = Input((4, 9, 2)), Input((2, 6, 6, 6, 1))
    one = layers.ConvLSTM1D(3, 3, return_state=True, padding="same")(a)
    return Model([a, b], [*one, layers.ConvLSTM3D(2, 3)(b)])


@built
def unusual_normalizations() -> Any:
    x = Input((4, 6))
    y = layers.LayerNormalization(axis=[1, 2])(x)
    y = layers.RMSNormalization()(layers.UnitNormalization()(y))
    return Model(x, layers.BatchNormalization(axis=1, scale=False)(layers.PReLU(shared_axes=[1])(y)))


@built
def tied_embedding() -> Any:
    tokens = Input((5,), dtype="int32")
    embedding = layers.ReversibleEmbedding(9, 4) if hasattr(layers, "ReversibleEmbedding") else layers.Embedding(9, 4)
    x = embedding(tokens)
    return Model(tokens, embedding(x, reverse=True) if hasattr(layers, "ReversibleEmbedding") else x)


@built
def built_sequential_without_input() -> Any:
    model = Sequential([layers.Dense(3), layers.Dropout(0.2), Sequential([layers.Dense(2)])])
    model.build((None, 4))
    return model


@built
def uncalled_and_partial() -> Any:
    x = Input((4,))
    hidden = layers.Dense(3, name="hidden")(x)
    whole = Model(x, layers.Dense(2)(hidden))
    return Model(whole.input, whole.get_layer("hidden").output, name="part")


@built
def model_of_a_model_with_keywords() -> Any:
    a, b = Input((4,), name="a"), Input((4,), name="b")
    inner = Model({"a": a, "b": b}, {"sum": a + b, "both": layers.Concatenate()([a, b])}, name="inner")
    x = Input((4,))
    made = inner({"a": x, "b": layers.Dense(4)(x)})
    return Model(x, layers.Add()([made["sum"], layers.Dense(4)(made["both"])]))
