"""Numbers and categories in tables, recommendations, time series, sound, graphs of few nodes, control."""

import keras
import numpy as np
from keras import layers, ops


def fraud():
    model = keras.Sequential(
        [
            keras.Input((29,)),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(64, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(1e-2),
        "binary_crossentropy",
        metrics=[keras.metrics.Precision(name="precision"), keras.metrics.Recall(name="recall")],
    )
    return model


def house_prices():
    normalize = layers.Normalization()
    normalize.adapt(np.random.default_rng(0).normal(5, 3, (50, 8)))
    model = keras.Sequential([keras.Input((8,)), normalize, layers.Dense(32, activation="relu"), layers.Dense(1)])
    model.compile("rmsprop", "mse", metrics=["mae"])
    return model


def counts():
    model = keras.Sequential(
        [keras.Input((8,)), layers.Dense(16, activation="relu"), layers.Dense(1, activation="exponential")]
    )
    model.compile("adam", "poisson")
    return model


def positive_rates():
    model = keras.Sequential(
        [keras.Input((8,)), layers.Dense(16, activation="relu"), layers.Dense(1, activation="softplus")]
    )
    model.compile("adam", "mean_squared_logarithmic_error")
    return model


def wide_and_deep():
    wide, deep = keras.Input((30,), name="wide"), keras.Input((20,), name="deep")
    x = deep
    for _ in range(3):
        x = layers.Dropout(0.1)(layers.ReLU()(layers.BatchNormalization()(layers.Dense(16)(x))))
    x = layers.Concatenate()([layers.BatchNormalization()(wide), x])
    model = keras.Model([wide, deep], layers.Dense(7, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["sparse_categorical_accuracy"])
    return model


def cross_network():
    x0 = x = features = keras.Input((16,))
    for _ in range(2):
        x = x0 * layers.Dense(16)(x) + x
    model = keras.Model(features, layers.Dense(1, activation="sigmoid")(layers.BatchNormalization()(x)))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def categories_looked_up():
    names = layers.StringLookup(vocabulary=["red", "green", "blue"], num_oov_indices=1)
    years = layers.IntegerLookup(vocabulary=[2019, 2020, 2021])
    colour, year = keras.Input((1,), dtype="string", name="colour"), keras.Input((1,), dtype="int64", name="year")
    size = keras.Input((1,), name="size")
    x = [
        layers.Flatten()(layers.Embedding(4, 3)(names(colour))),
        layers.Flatten()(layers.Embedding(4, 3)(years(year))),
        size,
    ]
    x = layers.Dense(16, activation="relu")(layers.Concatenate()(x))
    model = keras.Model([colour, year, size], layers.Dense(1, activation="sigmoid")(layers.Dropout(0.5)(x)))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def hashed_crosses():
    a, b = keras.Input((1,), dtype="string"), keras.Input((1,), dtype="string")
    x = layers.HashedCrossing(num_bins=32, output_mode="int")((a, b))
    x = layers.Flatten()(layers.Embedding(32, 4)(x))
    return keras.Model([a, b], layers.Dense(1)(x))


def gated_residual():
    x = features = keras.Input((16,))
    for _ in range(2):
        y = layers.Dropout(0.15)(layers.Dense(16)(layers.Dense(16, activation="elu")(x)))
        gate = layers.Dense(16, activation="sigmoid")(y)
        x = layers.LayerNormalization()(x + layers.Dense(16)(y) * gate)
    model = keras.Model(features, layers.Dense(1, activation="sigmoid")(x))
    model.compile("adam", keras.losses.BinaryCrossentropy(), metrics=[keras.metrics.BinaryAccuracy()])
    return model


def mixture_of_experts():
    x = keras.Input((16,))
    experts = ops.stack([layers.Dense(8, activation="relu")(x) for _ in range(4)], axis=1)
    gate = layers.Dense(4, activation="softmax")(x)
    mixed = ops.sum(layers.Reshape((4, 1))(gate) * experts, axis=1)
    model = keras.Model(x, layers.Dense(3, activation="softmax")(mixed))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def collaborative_filtering():
    user, item = keras.Input((), dtype="int32", name="user"), keras.Input((), dtype="int32", name="item")
    score = ops.sum(layers.Embedding(50, 8)(user) * layers.Embedding(60, 8)(item), axis=-1, keepdims=True)
    bias = layers.Embedding(50, 1)(user) + layers.Embedding(60, 1)(item)
    model = keras.Model([user, item], ops.sigmoid(score + bias))
    model.compile(keras.optimizers.Adam(1e-3), keras.losses.BinaryCrossentropy())
    return model


def linear_autoencoder():
    code = layers.Dense(3, name="code")
    model = keras.Sequential([keras.Input((20,)), code, layers.Dense(20, name="decoded")])
    model.compile("adam", "mse")
    return model


def low_rank_head():
    x = features = keras.Input((128,))
    x = layers.Dense(64, activation="relu")(x)
    model = keras.Model(features, layers.Dense(500)(layers.Dense(8, use_bias=False)(x)))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def support_vectors():
    model = keras.Sequential([keras.Input((16,)), layers.Dense(32, activation="relu"), layers.Dense(1)])
    model.compile("adam", "hinge")
    return model


def quantile_regression():
    x = keras.Input((8,))
    h = layers.Dense(16, activation="relu")(x)
    model = keras.Model(x, [layers.Dense(1, name=f"q{q}")(h) for q in (10, 50, 90)])
    model.compile("adam", ["mae", "mae", "mae"])
    return model


def weather():
    model = keras.Sequential([keras.Input((120, 7)), layers.LSTM(32), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.001), "mse")
    return model


def anomaly_autoencoder():
    model = keras.Sequential(
        [
            keras.Input((288, 1)),
            layers.Conv1D(32, 7, padding="same", strides=2, activation="relu"),
            layers.Dropout(0.2),
            layers.Conv1D(16, 7, padding="same", strides=2, activation="relu"),
            layers.Conv1DTranspose(16, 7, padding="same", strides=2, activation="relu"),
            layers.Dropout(0.2),
            layers.Conv1DTranspose(32, 7, padding="same", strides=2, activation="relu"),
            layers.Conv1DTranspose(1, 7, padding="same"),
        ]
    )
    model.compile("adam", "mse")
    return model


def dilated_waves():
    x = wave = keras.Input((256, 1))
    x = layers.Conv1D(16, 2, padding="causal")(x)
    skips = []
    for rate in (1, 2, 4, 8):
        y = layers.Conv1D(16, 2, padding="causal", dilation_rate=rate, activation="tanh")(x)
        g = layers.Conv1D(16, 2, padding="causal", dilation_rate=rate, activation="sigmoid")(x)
        y = layers.Multiply()([y, g])
        skips.append(layers.Conv1D(16, 1)(y))
        x = layers.Add()([x, layers.Conv1D(16, 1)(y)])
    x = layers.ReLU()(layers.Add()(skips))
    x = layers.Conv1D(64, 1, activation="relu")(x)
    model = keras.Model(wave, layers.Conv1D(256, 1, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def multivariate_forecast():
    x = series = keras.Input((48, 5))
    x = layers.LSTM(24, return_sequences=True)(x)
    model = keras.Model(series, layers.Dense(5)(x))
    model.compile("adam", "mse", metrics=["mae"])
    return model


def padded_series():
    x = series = keras.Input((30, 6))
    x = layers.LSTM(16)(layers.Masking(0.0)(x))
    model = keras.Model(series, layers.Dense(3, activation="softmax")(x))
    model.compile("adam", "categorical_crossentropy")
    return model


def stateful_character_model():
    model = keras.Sequential(
        [keras.Input((10, 20), batch_size=4), layers.LSTM(16, stateful=True), layers.Dense(20, activation="softmax")]
    )
    model.compile("adam", "categorical_crossentropy")
    return model


def speaker_recognition():
    x = audio = keras.Input((800, 1))
    for width in (8, 16):
        skip = layers.Conv1D(width, 1, padding="same")(x)
        x = layers.Conv1D(width, 3, padding="same", activation="relu")(x)
        x = layers.Conv1D(width, 3, padding="same")(x)
        x = layers.MaxPooling1D(2, 2)(layers.Activation("relu")(layers.Add()([x, skip])))
    x = layers.Dense(32, activation="relu")(layers.Flatten()(layers.AveragePooling1D(3, 3)(x)))
    model = keras.Model(audio, layers.Dense(5, activation="softmax", name="output")(x))
    model.compile("Adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def actor_critic():
    x = state = keras.Input((4,))
    x = layers.Dense(32, activation="relu")(x)
    return keras.Model(state, [layers.Dense(2, activation="softmax")(x), layers.Dense(1)(x)])


def deterministic_policy():
    last = keras.initializers.RandomUniform(-0.003, 0.003)
    x = state = keras.Input((3,))
    x = layers.Dense(64, activation="relu")(layers.Dense(64, activation="relu")(x))
    return keras.Model(state, layers.Dense(1, activation="tanh", kernel_initializer=last)(x) * 2.0)


def q_values_zero_headed():
    x = state = keras.Input((8,))
    x = layers.Dense(32, activation="relu")(x)
    model = keras.Model(state, layers.Dense(4, kernel_initializer="zeros", bias_initializer="ones")(x))
    model.compile(keras.optimizers.RMSprop(2.5e-4), "huber")
    return model


def graph_convolution():
    nodes, adjacency = keras.Input((10, 6), name="nodes"), keras.Input((10, 10), name="adjacency")
    x = nodes
    for width in (16, 4):
        x = ops.relu(ops.matmul(adjacency, layers.Dense(width, use_bias=False)(x)))
    return keras.Model([nodes, adjacency], layers.Dense(3)(ops.mean(x, axis=1)))


def aleatoric():
    x = keras.Input((8,))
    h = layers.Dense(16, activation="relu")(x)
    model = keras.Model(x, [layers.Dense(1, name="mean")(h), layers.Dense(1, activation="softplus", name="spread")(h)])
    model.compile("adam", {"mean": "mse", "spread": "mse"}, loss_weights={"mean": 1.0, "spread": 0.1})
    return model


def one_loss_of_two():
    x = keras.Input((8,))
    h = layers.Dense(16, activation="relu", name="embedding")(x)
    model = keras.Model(x, [layers.Dense(3, activation="softmax", name="label")(h), h])
    model.compile("adam", ["sparse_categorical_crossentropy", None], metrics=[["accuracy"], []])
    return model


def trained_a_little():
    rng = np.random.default_rng(0)
    model = keras.Sequential(
        [keras.Input((6,)), layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")]
    )
    model.compile("adam", "binary_crossentropy", metrics=[keras.metrics.BinaryAccuracy()])
    x = rng.normal(size=(64, 6)).astype("float32")
    model.fit(x, (x[:, :1] > 0).astype("float32"), epochs=3, verbose=0)
    return model


def with_averages_and_clipping():
    model = keras.Sequential([keras.Input((6,)), layers.Dense(16, activation="relu"), layers.Dense(1)])
    schedule = keras.optimizers.schedules.CosineDecay(0.0, 1000, warmup_target=1e-3, warmup_steps=100)
    model.compile(keras.optimizers.Adam(schedule, use_ema=True, clipnorm=1.0), "mae")
    model.fit(np.ones((8, 6)), np.ones((8, 1)), verbose=0)
    return model
