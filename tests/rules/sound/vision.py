"""Images: classifiers, segmenters, detectors, transformers, restoration."""

import keras
from keras import layers, ops


def mnist_convnet():
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


def logits_with_from_logits():
    model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(128, "relu"), layers.Dense(10)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def channels_first_frames():
    x = frames = keras.Input((4, 84, 84))
    x = layers.Permute((2, 3, 1))(x)
    x = layers.Conv2D(32, 8, strides=4, activation="relu")(x)
    x = layers.Conv2D(64, 4, strides=2, activation="relu")(x)
    x = layers.Dense(256, activation="relu")(layers.Flatten()(x))
    return keras.Model(frames, layers.Dense(4, activation="linear")(x))


def channels_first_throughout():
    x = image = keras.Input((3, 64, 64))
    x = layers.Conv2D(8, 3, padding="same", activation="relu", data_format="channels_first")(x)
    x = layers.GlobalAveragePooling2D(data_format="channels_first")(x)
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


def inverted_residuals():
    x = image = keras.Input((64, 64, 3))
    x = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    for stride, width in ((1, 16), (2, 24), (1, 24), (2, 32)):
        y = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(width * 4, 1, use_bias=False)(x)))
        y = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(y)
        y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
        y = layers.BatchNormalization()(layers.Conv2D(width, 1, use_bias=False)(y))
        x = layers.Add()([x, y]) if stride == 1 and x.shape[-1] == width else y
    x = layers.Conv2D(64, 1, use_bias=False)(x)
    x = layers.GlobalAveragePooling2D()(layers.ReLU(6.0)(layers.BatchNormalization()(x)))
    model = keras.Model(image, layers.Dense(5, activation="softmax")(layers.Dropout(0.2)(x)))
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def preactivation_residuals():
    x = image = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 3, padding="same")(x)
    for width in (16, 32):
        y = layers.Activation("relu")(layers.BatchNormalization()(x))
        skip = layers.Conv2D(width, 1)(y)
        y = layers.Conv2D(width, 3, padding="same")(y)
        y = layers.Conv2D(width, 3, padding="same")(layers.Activation("relu")(layers.BatchNormalization()(y)))
        x = layers.add([skip, y])
    x = layers.GlobalAveragePooling2D()(layers.Activation("relu")(layers.BatchNormalization()(x)))
    model = keras.Model(image, layers.Dense(10, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def zero_init_residual():
    x = image = keras.Input((32, 32, 8))
    for _ in range(2):
        y = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
        x = layers.Add()([x, layers.Conv2D(8, 3, padding="same", kernel_initializer="zeros")(y)])
    return keras.Model(image, layers.Dense(4)(layers.GlobalAveragePooling2D()(x)))


def unet():
    x = image = keras.Input((64, 64, 3))
    skips = []
    for width in (8, 16):
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
    for width, skip in zip((16, 8), reversed(skips), strict=True):
        x = layers.Conv2DTranspose(width, 2, strides=2)(x)
        x = layers.Concatenate()([x, skip])
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
    model = keras.Model(image, layers.Conv2D(3, 1, activation="softmax")(x))
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def dense_as_pointwise():
    x = image = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 3, padding="same", activation="relu")(x)
    x = layers.Dense(16, activation="relu")(x)
    model = keras.Model(image, layers.Dense(4, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=[keras.metrics.SparseCategoricalAccuracy()])
    return model


def atrous_pyramid():
    x = image = keras.Input((64, 64, 3))
    x = layers.Conv2D(16, 3, strides=4, padding="same", activation="relu")(x)
    pooled = layers.AveragePooling2D(16)(x)
    pooled = layers.UpSampling2D(16, interpolation="bilinear")(layers.Conv2D(8, 1, activation="relu")(pooled))
    branches = [layers.Conv2D(8, 3, dilation_rate=rate, padding="same", activation="relu")(x) for rate in (1, 6, 12)]
    x = layers.Conv2D(8, 1, activation="relu")(layers.Concatenate()([pooled, *branches]))
    x = layers.UpSampling2D(4, interpolation="bilinear")(x)
    model = keras.Model(image, layers.Conv2D(5, 1)(x))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def vision_transformer():
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(24, 8, strides=8, name="patches")(image)
    x = layers.Reshape((16, 24))(x)
    x = layers.Dense(24, name="projection")(x) + layers.Embedding(16, 24)(ops.arange(16))
    for _ in range(2):
        y = layers.LayerNormalization(epsilon=1e-6)(x)
        x = layers.Add()([x, layers.MultiHeadAttention(2, 12, dropout=0.1)(y, y)])
        y = layers.Dense(48, activation="gelu")(layers.LayerNormalization(epsilon=1e-6)(x))
        x = layers.Add()([x, layers.Dense(24)(layers.Dropout(0.1)(y))])
    x = layers.Dropout(0.5)(layers.Flatten()(layers.LayerNormalization(epsilon=1e-6)(x)))
    model = keras.Model(image, layers.Dense(10)(layers.Dense(32, activation="gelu")(x)))
    model.compile(
        keras.optimizers.AdamW(1e-3, weight_decay=1e-4),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy(), keras.metrics.SparseTopKCategoricalAccuracy(5)],
    )
    return model


def mlp_mixer():
    x = image = keras.Input((32, 32, 3))
    x = layers.Reshape((16, 32))(layers.Conv2D(32, 8, strides=8)(x))
    for _ in range(2):
        y = layers.Permute((2, 1))(layers.LayerNormalization()(x))
        y = layers.Dense(16)(layers.Dense(24, activation="gelu")(y))
        x = x + layers.Permute((2, 1))(y)
        x = x + layers.Dense(32)(layers.Dense(64, activation="gelu")(layers.LayerNormalization()(x)))
    return keras.Model(image, layers.Dense(4, activation="softmax")(layers.GlobalAveragePooling1D()(x)))


def squeeze_and_excite():
    x = image = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 3, activation="swish")(x)
    s = layers.Reshape((1, 1, 16))(layers.GlobalAveragePooling2D()(x))
    s = layers.Conv2D(16, 1, activation="sigmoid")(layers.Conv2D(4, 1, activation="swish")(s))
    x = layers.Multiply()([x, s])
    model = keras.Model(image, layers.Dense(1, activation="sigmoid")(layers.GlobalMaxPooling2D()(x)))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy", keras.metrics.AUC()])
    return model


def super_resolution():
    x = image = keras.Input((None, None, 1))
    x = layers.Conv2D(32, 5, padding="same", activation="relu", kernel_initializer="orthogonal")(x)
    x = layers.Conv2D(9, 3, padding="same", activation="relu", kernel_initializer="orthogonal")(x)
    x = layers.Conv2D(9, 3, padding="same")(x)
    model = keras.Model(image, ops.nn.sigmoid(x))
    model.compile("adam", "mean_squared_error")
    return model


def low_light():
    x = image = keras.Input((None, None, 3))
    first = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(first)
    x = layers.Concatenate()([first, x])
    return keras.Model(image, layers.Conv2D(24, 3, padding="same", activation="tanh")(x))


def captcha_with_ctc():
    x = image = keras.Input((100, 32, 1))
    for width in (8, 16):
        x = layers.MaxPooling2D()(layers.Conv2D(width, 3, padding="same", activation="relu")(x))
    x = layers.Dense(32, activation="relu")(layers.Reshape((25, 128))(x))
    x = layers.Bidirectional(layers.LSTM(16, return_sequences=True))(x)
    model = keras.Model(image, layers.Dense(12)(x))
    model.compile("adam", keras.losses.CTC())
    return model


def two_headed_detector():
    x = image = keras.Input((64, 64, 3))
    for width in (8, 16, 32):
        x = layers.MaxPooling2D()(layers.Conv2D(width, 3, padding="same", activation="relu")(x))
    x = layers.Flatten()(x)
    box = layers.Dense(4, activation="sigmoid", name="box")(layers.Dense(32, activation="relu")(x))
    label = layers.Dense(3, activation="softmax", name="label")(layers.Dense(32, activation="relu")(x))
    model = keras.Model(image, {"box": box, "label": label})
    model.compile("adam", {"box": "mse", "label": "sparse_categorical_crossentropy"}, metrics={"label": ["accuracy"]})
    return model


def anchor_heads():
    image = keras.Input((64, 64, 3))
    x = layers.Conv2D(16, 3, strides=8, padding="same", activation="relu")(image)
    heads = []
    for outputs in (9, 36):
        y = x
        for _ in range(2):
            y = layers.ReLU()(layers.Conv2D(16, 3, padding="same")(y))
        y = layers.Conv2D(outputs, 3, padding="same", bias_initializer=keras.initializers.Constant(-4.6))(y)
        heads.append(layers.Reshape((-1, outputs))(y))
    return keras.Model(image, layers.Concatenate(axis=-1)(heads))


def spatial_transformer():
    x = image = keras.Input((40, 40, 1))
    x = layers.MaxPooling2D()(layers.Conv2D(8, 5, activation="relu")(x))
    x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
    theta = layers.Dense(6, kernel_initializer="zeros", name="theta")(x)
    return keras.Model(image, theta)


def augmented_transfer():
    base = keras.Sequential(
        [
            keras.Input((48, 48, 3)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling2D(),
        ],
        name="base",
    )
    base.trainable = False
    x = image = keras.Input((48, 48, 3))
    x = layers.RandomFlip("horizontal")(x)
    x = layers.RandomRotation(0.1)(x)
    x = layers.Rescaling(1 / 127.5, offset=-1)(x)
    x = layers.Dropout(0.2)(base(x, training=False))
    model = keras.Model(image, layers.Dense(1)(x))
    model.compile(
        "adam", keras.losses.BinaryCrossentropy(from_logits=True), metrics=[keras.metrics.BinaryAccuracy(threshold=0)]
    )
    return model


def mixed_precision_head():
    policy = keras.dtype_policies.DTypePolicy("mixed_float16")
    x = image = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, activation="relu", dtype=policy)(x)
    x = layers.Dense(10, dtype=policy)(layers.GlobalAveragePooling2D(dtype=policy)(x))
    model = keras.Model(image, layers.Activation("softmax", dtype="float32")(x))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def shared_siamese():
    tower = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(4, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.BatchNormalization(),
            layers.Dense(10, activation="tanh"),
        ],
        name="tower",
    )
    left, right = keras.Input((28, 28, 1)), keras.Input((28, 28, 1))
    distance = ops.sqrt(ops.sum(ops.square(tower(left) - tower(right)), axis=1, keepdims=True) + 1e-7)
    x = layers.Dense(1, activation="sigmoid")(layers.BatchNormalization()(distance))
    model = keras.Model([left, right], x)
    model.compile("RMSprop", "binary_crossentropy", metrics=["accuracy"])
    return model


def global_average_without_dense():
    x = image = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 3, activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(10, 1)(x))
    model = keras.Model(image, layers.Softmax()(x))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def fully_convolutional():
    x = image = keras.Input((None, None, 3))
    for width in (8, 16):
        x = layers.Conv2D(width, 3, strides=2, activation="relu")(x)
    x = layers.Conv2D(5, 1, activation="softmax")(x)
    return keras.Model(image, layers.GlobalMaxPooling2D()(x))


def video_classifier():
    x = video = keras.Input((None, 32, 32, 3))
    frame = keras.Sequential(
        [keras.Input((32, 32, 3)), layers.Conv2D(8, 3, activation="relu"), layers.GlobalAveragePooling2D()]
    )
    x = layers.GRU(16)(layers.TimeDistributed(frame)(x))
    model = keras.Model(video, layers.Dense(5, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def next_frame():
    x = video = keras.Input((None, 24, 24, 1))
    x = layers.BatchNormalization()(
        layers.ConvLSTM2D(8, 5, padding="same", return_sequences=True, activation="relu")(x)
    )
    x = layers.ConvLSTM2D(8, 3, padding="same", return_sequences=True, activation="relu")(x)
    x = layers.Conv3D(1, 3, padding="same", activation="sigmoid")(x)
    model = keras.Model(video, x)
    model.compile("adam", "binary_crossentropy")
    return model


def volumes():
    x = scan = keras.Input((32, 32, 16, 1))
    for width in (8, 16):
        x = layers.BatchNormalization()(layers.MaxPooling3D(2)(layers.Conv3D(width, 3, activation="relu")(x)))
    x = layers.Dropout(0.3)(layers.Dense(32, activation="relu")(layers.GlobalAveragePooling3D()(x)))
    model = keras.Model(scan, layers.Dense(1, activation="sigmoid")(x))
    schedule = keras.optimizers.schedules.ExponentialDecay(1e-4, 100_000, 0.96, staircase=True)
    model.compile(keras.optimizers.Adam(schedule), "binary_crossentropy", metrics=["acc"])
    return model
