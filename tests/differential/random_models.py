"""Random functional models over Keras's own layers, grown one call at a time from whatever tensors there are."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import keras
from keras import layers, ops

Rule = tuple[Callable[[Any], bool], Callable[[Random, Any], Any]]


def rank(*ranks: int) -> Callable[[Any], bool]:
    return lambda x: len(x.shape) in ranks and x.dtype.startswith("float")


def spatial(minimum: int) -> Callable[[Any], bool]:
    return lambda x: len(x.shape) == 4 and all(d is None or d >= minimum for d in x.shape[1:3])


def timed(minimum: int = 1) -> Callable[[Any], bool]:
    return lambda x: len(x.shape) == 3 and (x.shape[1] is None or x.shape[1] >= minimum) and x.shape[2] is not None


def known(x: Any) -> bool:
    return all(dim is not None for dim in x.shape[1:]) and len(x.shape) > 1


POOLING = (layers.MaxPooling2D, layers.AveragePooling2D)
GLOBAL_POOLING = (layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D)
RECURRENT = (layers.LSTM, layers.GRU, layers.SimpleRNN)


def pad(random: Random) -> str:
    return random.choice(["same", "valid"])


def both_ways(random: Random, x: Any) -> Any:
    merge_mode = random.choice(["concat", "sum", "ave", None])
    return layers.Bidirectional(layers.GRU(2, return_sequences=True), merge_mode=merge_mode)(x)


RULES: tuple[Rule, ...] = (
    (rank(2, 3, 4), lambda r, x: layers.Dense(r.randint(1, 9), use_bias=r.random() < 0.7)(x)),
    (rank(2, 3, 4), lambda r, x: layers.BatchNormalization(center=r.random() < 0.5, trainable=r.random() < 0.7)(x)),
    (rank(2, 3, 4), lambda r, x: layers.LayerNormalization()(x)),
    (rank(2, 3, 4), lambda r, x: layers.Activation(r.choice(["relu", "gelu", "softmax", "tanh"]))(x)),
    (rank(2, 3, 4), lambda r, x: layers.Dropout(0.3)(x)),
    (rank(2, 3, 4), lambda r, x: r.choice([layers.ReLU, layers.LeakyReLU, layers.ELU, layers.Softmax])()(x)),
    (rank(2, 3, 4), lambda r, x: layers.GaussianNoise(0.1)(x)),
    (spatial(3), lambda r, x: layers.Conv2D(r.randint(1, 6), r.choice([1, 2, 3, (3, 1)]), strides=r.choice([1, 2]),
                                            padding=pad(r))(x)),
    (spatial(5), lambda r, x: layers.Conv2D(4, 3, dilation_rate=2, padding=pad(r))(x)),
    (spatial(3), lambda r, x: layers.DepthwiseConv2D(3, padding="same", depth_multiplier=r.randint(1, 2))(x)),
    (spatial(3), lambda r, x: layers.SeparableConv2D(r.randint(1, 5), 3, strides=r.choice([1, 2]))(x)),
    (spatial(1), lambda r, x: layers.Conv2DTranspose(3, r.choice([2, 3]), strides=r.choice([1, 2]),
                                                     padding=pad(r))(x)),
    (spatial(2), lambda r, x: r.choice(POOLING)(2, padding=pad(r))(x)),
    (spatial(1), lambda r, x: r.choice(GLOBAL_POOLING)(keepdims=r.random() < 0.3)(x)),
    (spatial(1), lambda r, x: layers.UpSampling2D(2)(x)),
    (spatial(1), lambda r, x: layers.ZeroPadding2D(((0, 1), (2, 0)))(x)),
    (spatial(4), lambda r, x: layers.Cropping2D(1)(x)),
    (timed(3), lambda r, x: layers.Conv1D(r.randint(1, 5), 3, padding=r.choice(["same", "valid", "causal"]))(x)),
    (timed(2), lambda r, x: layers.MaxPooling1D(2)(x)),
    (timed(), lambda r, x: r.choice([layers.GlobalAveragePooling1D, layers.GlobalMaxPooling1D])()(x)),
    (timed(), lambda r, x: r.choice(RECURRENT)(3, return_sequences=r.random() < 0.5)(x)),
    (timed(), lambda r, x: layers.LSTM(2, return_sequences=True, return_state=True)(x)),
    (timed(), lambda r, x: both_ways(r, x)),
    (timed(), lambda r, x: layers.TimeDistributed(layers.Dense(r.randint(1, 4)))(x)),
    (timed(), lambda r, x: layers.MultiHeadAttention(2, 3)(query=x, value=x)),
    (timed(), lambda r, x: layers.MultiHeadAttention(1, 2, use_bias=False)(x, x, return_attention_scores=True)),
    (timed(), lambda r, x: layers.Attention(use_scale=r.random() < 0.5)([x, x])),
    (timed(), lambda r, x: layers.AdditiveAttention()([x, x])),
    (known, lambda r, x: layers.Flatten()(x)),
    (known, lambda r, x: layers.Reshape((-1, 1))(x)),
    (rank(2), lambda r, x: layers.RepeatVector(r.randint(1, 4))(x)),
    (rank(3), lambda r, x: layers.Permute((2, 1))(x)),
    (rank(2, 3, 4), lambda r, x: x * 2.0 + 1),
    (rank(2, 3, 4), lambda r, x: ops.mean(x, axis=-1, keepdims=True)),
    (rank(2, 3, 4), lambda r, x: ops.relu(x) - ops.sigmoid(x)),
    (rank(2, 3), lambda r, x: x[:, :1]),
    (rank(2, 3), lambda r, x: ops.concatenate([x, x], axis=-1)),
    (rank(3), lambda r, x: ops.transpose(x, (0, 2, 1))),
    (rank(2, 3, 4), lambda r, x: ops.expand_dims(x, 1) if len(x.shape) < 4 else x),
)  # fmt: skip

JOINS = (layers.Add, layers.Multiply, layers.Average, layers.Maximum, layers.Subtract)


def make_inputs(random: Random) -> list[Any]:
    shapes = [(12, 12, 3), (None, None, 2), (9, 4), (None, 5), (7,)]
    inputs = [keras.Input(random.choice(shapes), name=f"in_{i}") for i in range(random.randint(1, 3))]
    if random.random() < 0.4:
        inputs.append(keras.Input((6,), dtype="int32", name="tokens"))
    return inputs


def grow(random: Random, tensors: list[Any], steps: int) -> None:
    """Add calls: a rule on one tensor, a join of two alike, a shared layer, a nested model."""
    shared: list[tuple[Any, Any]] = []
    for _ in range(steps):
        x = random.choice(tensors)
        fitting = [build for fits, build in RULES if fits(x)]
        alike = [t for t in tensors if t.shape == x.shape and t is not x and t.dtype == x.dtype]
        if not x.dtype.startswith("float"):
            made = layers.Embedding(11, random.randint(1, 5), mask_zero=random.random() < 0.3)(x)
        elif alike and random.random() < 0.4:
            made = random.choice(JOINS)()([x, random.choice(alike)])
        elif shared and random.random() < 0.2:
            layer, shape = random.choice(shared)
            fit = [
                t for t in tensors if t.shape[-1] == shape[-1] and len(t.shape) == len(shape) and t.dtype == "float32"
            ]
            made = layer(random.choice(fit))
        elif random.random() < 0.1 and rank(2, 3, 4)(x):
            made = nest(random, x)
        elif random.random() < 0.1 and rank(2, 3)(x):
            layer = layers.Dense(random.randint(1, 4))
            shared.append((layer, x.shape))
            made = layer(x)
        elif fitting:
            made = random.choice(fitting)(random, x)
        else:
            continue
        tensors.extend(made if isinstance(made, (list, tuple)) else [made])


def nest(random: Random, x: Any) -> Any:
    """A model called as a layer: Sequential or Functional, sometimes twice, sometimes frozen."""
    width = random.randint(1, 4)
    if random.random() < 0.5:
        model = keras.Sequential([keras.Input(x.shape[1:]), layers.Dense(width), layers.ReLU()])
    else:
        entry = keras.Input(x.shape[1:])
        tensors = [entry]
        grow(random, tensors, random.randint(1, 4))
        model = keras.Model(entry, tensors[-1])
    model.trainable = random.random() < 0.8
    out = model(x)
    if random.random() < 0.3:
        model(layers.Activation("tanh")(x))
    return out


def random_model(seed: int) -> Any:
    """The model of a seed; the same seed gives the same model."""
    random = Random(seed)
    keras.utils.clear_session()
    inputs = make_inputs(random)
    tensors = list(inputs)
    while len(tensors) < len(inputs) + 2:
        grow(random, tensors, random.randint(3, 14))
    made = tensors[len(inputs) :]
    outputs: Any = random.sample(made, min(len(made), random.randint(1, 3)))
    form = random.random()
    if form < 0.25:
        outputs = {f"out_{i}": tensor for i, tensor in enumerate(outputs)}
    elif form < 0.6:
        outputs = outputs[0]
    ends = inputs[0] if len(inputs) == 1 and random.random() < 0.5 else inputs
    if random.random() < 0.15:
        ends = {tensor.name: tensor for tensor in inputs}
    return keras.Model(ends, outputs)
