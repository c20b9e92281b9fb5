"""Autoencoders, adversaries, diffusion, flows, and models in Python classes."""

import keras
from keras import layers, ops


def convolutional_autoencoder():
    x = image = keras.Input((28, 28, 1))
    for _ in range(2):
        x = layers.MaxPooling2D(2, padding="same")(layers.Conv2D(16, 3, activation="relu", padding="same")(x))
    for _ in range(2):
        x = layers.Conv2DTranspose(16, 3, strides=2, activation="relu", padding="same")(x)
    model = keras.Model(image, layers.Conv2D(1, 3, activation="sigmoid", padding="same")(x))
    model.compile("adam", "binary_crossentropy")
    return model


def variational_encoder():
    x = image = keras.Input((28, 28, 1))
    for width in (16, 32):
        x = layers.Conv2D(width, 3, activation="relu", strides=2, padding="same")(x)
    x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
    mean, spread = layers.Dense(2, name="z_mean")(x), layers.Dense(2, name="z_log_var")(x)
    return keras.Model(image, [mean, spread])


def decoder():
    x = z = keras.Input((2,))
    x = layers.Reshape((7, 7, 16))(layers.Dense(7 * 7 * 16, activation="relu")(x))
    for width in (16, 8):
        x = layers.Conv2DTranspose(width, 3, activation="relu", strides=2, padding="same")(x)
    return keras.Model(z, layers.Conv2DTranspose(1, 3, activation="sigmoid", padding="same")(x))


def discriminator():
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(16, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv2D(32, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(2e-4, beta_1=0.5), "binary_crossentropy")
    return model


def generator():
    x = noise = keras.Input((64,))
    x = layers.Reshape((8, 8, 16))(layers.Dense(8 * 8 * 16, use_bias=False)(x))
    x = layers.LeakyReLU(0.2)(layers.BatchNormalization()(x))
    for width in (16, 8):
        x = layers.UpSampling2D()(x)
        x = layers.LeakyReLU(0.2)(
            layers.BatchNormalization()(layers.Conv2D(width, 3, padding="same", use_bias=False)(x))
        )
    return keras.Model(noise, layers.Activation("tanh")(layers.Conv2D(3, 3, padding="same")(x)))


def critic_of_wasserstein():
    x = image = keras.Input((28, 28, 1))
    x = layers.ZeroPadding2D(2)(x)
    x = layers.Dropout(0.3)(layers.LeakyReLU(0.2)(layers.Conv2D(16, 5, strides=2, padding="same")(x)))
    return keras.Model(image, layers.Dense(1)(layers.Flatten()(x)))


def cycle_generator():
    x = image = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 7, padding="same", use_bias=False)(x)
    x = layers.Activation("relu")(layers.GroupNormalization(groups=-1)(x))
    for _ in range(2):
        y = layers.Activation("relu")(layers.GroupNormalization(groups=-1)(layers.Conv2D(8, 3, padding="same")(x)))
        x = layers.add([x, layers.GroupNormalization(groups=-1)(layers.Conv2D(8, 3, padding="same")(y))])
    return keras.Model(image, layers.Activation("tanh")(layers.Conv2D(3, 7, padding="same")(x)))


def noise_predictor():
    image, time = keras.Input((16, 16, 3)), keras.Input((1, 1, 1))
    t = layers.UpSampling2D(16, interpolation="nearest")(layers.Dense(8, activation="swish")(time))
    x = layers.Concatenate()([layers.Conv2D(8, 1)(image), t])
    skips = []
    for width in (16, 24):
        residual = layers.Conv2D(width, 1)(x)
        y = layers.BatchNormalization(center=False, scale=False)(x)
        y = layers.Conv2D(width, 3, padding="same", activation="swish")(y)
        x = layers.Add()([layers.Conv2D(width, 3, padding="same")(y), residual])
        skips.append(x)
        x = layers.AveragePooling2D(2)(x)
    for width in (24, 16):
        x = layers.Concatenate()([layers.UpSampling2D(2, interpolation="bilinear")(x), skips.pop()])
        x = layers.Conv2D(width, 3, padding="same", activation="swish")(x)
    return keras.Model([image, time], layers.Conv2D(3, 1, kernel_initializer="zeros")(x))


def coupling_layer():
    x = keras.Input((2,))
    shift = scale = x
    for _ in range(2):
        shift = layers.Dense(16, activation="relu", kernel_regularizer=keras.regularizers.L2(0.01))(shift)
        scale = layers.Dense(16, activation="relu", kernel_regularizer=keras.regularizers.L2(0.01))(scale)
    return keras.Model(x, [layers.Dense(2, activation="tanh")(scale), layers.Dense(2, activation="linear")(shift)])


def neural_style_losses():
    x = image = keras.Input((32, 32, 3))
    outputs = {}
    for index, width in enumerate((8, 16)):
        x = layers.Conv2D(width, 3, activation="relu", padding="same", name=f"block{index}_conv")(x)
        outputs[f"block{index}"] = x
        x = layers.MaxPooling2D(name=f"block{index}_pool")(x)
    model = keras.Model(image, outputs)
    model.trainable = False
    return model


@keras.saving.register_keras_serializable("sound")
class Patches(layers.Layer):
    """Cuts an image into patches: a custom layer with a config, as the public examples have many."""

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = size

    def call(self, images):
        patches = ops.image.extract_patches(images, size=self.size)
        return ops.reshape(patches, (ops.shape(patches)[0], -1, patches.shape[-1]))

    def get_config(self):
        return {**super().get_config(), "size": self.size}


def with_a_custom_layer():
    x = image = keras.Input((32, 32, 3))
    x = layers.Dense(16, activation="relu")(Patches(8)(x))
    model = keras.Model(image, layers.Dense(4, activation="softmax")(layers.GlobalAveragePooling1D()(x)))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


@keras.saving.register_keras_serializable("sound")
class Classifier(keras.Model):
    """A subclassed model that keeps what its constructor got, and says how it is built."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.hidden = layers.Dense(16, activation="relu")
        self.head = layers.Dense(units, activation="softmax")

    def build(self, shape):
        self.hidden.build(shape)
        self.head.build((*shape[:-1], 16))
        self.built = True

    def call(self, x):
        return self.head(self.hidden(x))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def subclassed():
    model = Classifier(3)
    model.build((None, 8))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@keras.saving.register_keras_serializable("sound")
def focal_of_logits(y_true, y_pred):
    """A loss of the user's, which takes logits as it pleases."""
    return keras.losses.binary_focal_crossentropy(y_true, y_pred, from_logits=True)


def with_a_custom_loss():
    model = keras.Sequential([keras.Input((8,)), layers.Dense(16, activation="relu"), layers.Dense(4)])
    model.compile("adam", focal_of_logits)
    return model


def named_lambda():
    model = keras.Sequential(
        [keras.Input((8, 8)), layers.Lambda(ops.abs), layers.Flatten(), layers.Dense(2, "softmax")]
    )
    model.compile("adam", "categorical_crossentropy")
    return model


def quantized():
    model = keras.Sequential(
        [keras.Input((16,)), layers.Dense(16, activation="relu"), layers.Dense(4, activation="softmax")]
    )
    model.quantize("int8")
    return model


def adapted_by_low_rank():
    dense = layers.Dense(16, activation="relu")
    model = keras.Sequential([keras.Input((16,)), dense, layers.Dense(4)])
    dense.enable_lora(2)
    return model
