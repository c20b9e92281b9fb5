"""Words: classifiers, taggers, translators, language models."""

import keras
from keras import layers, ops


def bag_of_embeddings():
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(1000, 16, mask_zero=True),
            layers.Dropout(0.2),
            layers.GlobalAveragePooling1D(),
            layers.Dropout(0.2),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=[keras.metrics.BinaryAccuracy(threshold=0.5)])
    return model


def convolutions_over_words():
    x = tokens = keras.Input((None,), dtype="int64")
    x = layers.Dropout(0.5)(layers.Embedding(2000, 32)(x))
    x = layers.Conv1D(32, 7, padding="valid", activation="relu", strides=3)(x)
    x = layers.Conv1D(32, 7, padding="valid", activation="relu", strides=3)(x)
    x = layers.Dropout(0.5)(layers.Dense(32, activation="relu")(layers.GlobalMaxPooling1D()(x)))
    model = keras.Model(tokens, layers.Dense(1, activation="sigmoid", name="predictions")(x))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def stacked_bidirectional():
    x = tokens = keras.Input((None,), dtype="int32")
    x = layers.Embedding(500, 32, mask_zero=True)(x)
    x = layers.Bidirectional(layers.LSTM(16, return_sequences=True))(x)
    x = layers.Bidirectional(layers.LSTM(16))(x)
    model = keras.Model(tokens, layers.Dense(1, activation="sigmoid")(x))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def tagger():
    x = tokens = keras.Input((None,), dtype="int32")
    x = layers.LSTM(32, return_sequences=True)(layers.Embedding(500, 32, mask_zero=True)(x))
    x = layers.TimeDistributed(layers.Dense(9, activation="softmax"))(x)
    model = keras.Model(tokens, x)
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def tagger_with_plain_dense():
    x = tokens = keras.Input((50,), dtype="int32")
    x = layers.Bidirectional(layers.GRU(16, return_sequences=True))(layers.Embedding(500, 32)(x))
    model = keras.Model(tokens, layers.Dense(9)(x))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def multi_label_papers():
    model = keras.Sequential(
        [
            keras.Input((300,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(32, activation="relu"),
            layers.Dense(40, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["binary_accuracy"])
    return model


def vectorized_end_to_end():
    vectorize = layers.TextVectorization(max_tokens=40, output_sequence_length=8)
    vectorize.adapt(["the cat sat on the mat", "a dog ran over a hill", "birds sing"])
    x = text = keras.Input((1,), dtype="string")
    x = layers.Embedding(40, 8)(vectorize(x))
    model = keras.Model(text, layers.Dense(1, activation="sigmoid")(layers.GlobalMaxPooling1D()(x)))
    model.compile("adam", "binary_crossentropy")
    return model


def transformer_classifier():
    x = tokens = keras.Input((40,), dtype="int32")
    x = layers.Embedding(1000, 32)(x) + layers.Embedding(40, 32)(ops.arange(40))
    y = layers.Dropout(0.1)(layers.MultiHeadAttention(2, 32)(x, x))
    x = layers.LayerNormalization(epsilon=1e-6)(x + y)
    y = layers.Dropout(0.1)(keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(32)])(x))
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization(epsilon=1e-6)(x + y))
    x = layers.Dropout(0.1)(layers.Dense(20, activation="relu")(layers.Dropout(0.1)(x)))
    model = keras.Model(tokens, layers.Dense(2, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def causal_language_model():
    x = tokens = keras.Input((32,), dtype="int32")
    embedding = layers.Embedding(300, 24)
    x = embedding(tokens)
    for _ in range(2):
        y = layers.LayerNormalization()(x)
        x = x + layers.MultiHeadAttention(2, 12)(y, y, use_causal_mask=True)
        y = layers.Dense(96, activation="gelu")(layers.LayerNormalization()(x))
        x = x + layers.Dense(24)(y)
    model = keras.Model(tokens, layers.Dense(300)(layers.LayerNormalization()(x)))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def sequence_to_sequence():
    source, target = keras.Input((None, 30), name="source"), keras.Input((None, 40), name="target")
    _, h, c = layers.LSTM(32, return_state=True)(source)
    x, _, _ = layers.LSTM(32, return_sequences=True, return_state=True)(target, initial_state=[h, c])
    model = keras.Model([source, target], layers.Dense(40, activation="softmax")(x))
    model.compile("rmsprop", "categorical_crossentropy", metrics=["accuracy"])
    return model


def addition_with_repeat_vector():
    model = keras.Sequential(
        [
            keras.Input((7, 12)),
            layers.LSTM(32),
            layers.RepeatVector(4),
            layers.LSTM(32, return_sequences=True),
            layers.Dense(12, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


def memory_network():
    story, question = keras.Input((20,), dtype="int32"), keras.Input((5,), dtype="int32")
    m = layers.Dropout(0.3)(layers.Embedding(30, 16)(story))
    c = layers.Dropout(0.3)(layers.Embedding(30, 5)(story))
    q = layers.Dropout(0.3)(layers.Embedding(30, 16)(question))
    match = layers.Activation("softmax")(layers.Dot(axes=(2, 2))([m, q]))
    response = layers.Permute((2, 1))(layers.Add()([match, c]))
    x = layers.Dropout(0.3)(layers.LSTM(8)(layers.Concatenate()([response, q])))
    model = keras.Model([story, question], layers.Activation("softmax")(layers.Dense(30)(x)))
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def additive_attention_pooling():
    x = states = keras.Input((20, 32))
    score = layers.Dense(1)(layers.Dense(16, activation="tanh")(x))
    weights = layers.Softmax(axis=1)(score)
    x = ops.sum(weights * states, axis=1)
    model = keras.Model(states, layers.Dense(5, activation="softmax")(x))
    model.compile("adam", "categorical_crossentropy")
    return model


def knowledge_distilled():
    teacher_sized = keras.Sequential(
        [keras.Input((64,)), layers.Dense(32, activation="relu"), layers.Dense(10, activation="softmax")]
    )
    teacher_sized.compile("adam", keras.losses.KLDivergence())
    return teacher_sized


def masked_words():
    x = tokens = keras.Input((16,), dtype="int32")
    x = layers.Embedding(200, 32, name="word")(x)
    y = layers.MultiHeadAttention(4, 8)(x, x)
    x = layers.LayerNormalization()(x + layers.Dropout(0.1)(y))
    model = keras.Model(tokens, layers.Dense(200, name="mlm", activation="softmax")(x))
    model.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy())
    return model
