"""Models that make things: VAE, diffusion, radiance fields; and one that learns from another."""

import math

import keras
from keras import layers, ops


class Sampling(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs):
        mean, log_var = inputs
        shape = (ops.shape(mean)[0], ops.shape(mean)[1])
        return mean + ops.exp(0.5 * log_var) * keras.random.normal(shape=shape, seed=self.seed_generator)


class Encoder(layers.Layer):
    def __init__(self, latent=2, **kwargs):
        super().__init__(**kwargs)
        self.hidden = layers.Dense(8, activation="relu")
        self.mean, self.log_var, self.sample = layers.Dense(latent), layers.Dense(latent), Sampling()

    def call(self, x):
        x = self.hidden(x)
        mean, log_var = self.mean(x), self.log_var(x)
        return mean, log_var, self.sample((mean, log_var))


class VAE(keras.Model):
    """With its loss added in `call`."""

    def __init__(self):
        super().__init__(name="vae")
        self.encoder = Encoder(name="encoder")
        self.decoder = keras.Sequential(
            [layers.Dense(8, activation="relu"), layers.Dense(6, activation="sigmoid")], name="decoder"
        )

    def call(self, x):
        mean, log_var, z = self.encoder(x)
        self.add_loss(-0.5 * ops.mean(log_var - ops.square(mean) - ops.exp(log_var) + 1))
        return self.decoder(z)


class TimeEmbedding(layers.Layer):
    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        self.frequencies = [math.exp(-math.log(10000.0) * i / (width // 2 - 1)) for i in range(width // 2)]

    def call(self, t):
        angles = ops.cast(t, "float32")[:, None] * ops.convert_to_tensor(self.frequencies)[None, :]
        return ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)


class ResidualBlock(layers.Layer):
    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.norm, self.conv1 = layers.GroupNormalization(2), layers.Conv2D(width, 3, padding="same")
        self.time, self.conv2 = layers.Dense(width), layers.Conv2D(width, 3, padding="same")
        self.match = layers.Conv2D(width, 1)

    def call(self, x, t):
        residual = x if x.shape[-1] == self.width else self.match(x)
        y = self.conv1(ops.silu(self.norm(x)))
        y = y + self.time(t)[:, None, None, :]
        return self.conv2(ops.silu(y)) + residual


class DiffusionUNet(keras.Model):
    """A noisy image and a step in, the noise out."""

    def __init__(self):
        super().__init__(name="diffusion_unet")
        self.stem, self.embed = layers.Conv2D(4, 3, padding="same"), TimeEmbedding(8, name="time")
        self.down, self.middle = ResidualBlock(4, name="down"), ResidualBlock(8, name="middle")
        self.up, self.pool, self.grow = ResidualBlock(4, name="up"), layers.AveragePooling2D(2), layers.UpSampling2D()
        self.out = layers.Conv2D(1, 1, kernel_initializer="zeros")

    def call(self, inputs):
        image, step = inputs["image"], inputs["step"]
        t = self.embed(step)
        skip = self.down(self.stem(image), t)
        x = self.middle(self.pool(skip), t)
        return self.out(self.up(ops.concatenate([self.grow(x), skip], axis=-1), t))


class NeRF(keras.Model):
    """Positional encoding by a python loop, and a skip into the middle."""

    def __init__(self, depth=4, frequencies=3):
        super().__init__(name="nerf")
        self.frequencies = frequencies
        self.dense = [layers.Dense(8, activation="relu") for _ in range(depth)]
        self.out = layers.Dense(4)

    def encode(self, x):
        parts = [x]
        for i in range(self.frequencies):
            parts += [ops.sin(2.0**i * x), ops.cos(2.0**i * x)]
        return ops.concatenate(parts, axis=-1)

    def call(self, rays):
        encoded = x = self.encode(rays)
        for i, layer in enumerate(self.dense):
            x = layer(x)
            if i == 1:
                x = ops.concatenate([x, encoded], axis=-1)
        out = self.out(x)
        return ops.sigmoid(out[..., :-1]), ops.relu(out[..., -1])


class Distiller(keras.Model):
    """A student that learns from a teacher: `call` is the student's."""

    def __init__(self):
        super().__init__(name="distiller")
        self.teacher = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(3)], name="teacher")
        self.student = keras.Sequential([layers.Dense(4, activation="relu"), layers.Dense(3)], name="student")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        teacher = ops.softmax(self.teacher(x, training=False) / 3.0)
        return ops.mean(keras.losses.kl_divergence(teacher, ops.softmax(y_pred / 3.0)))

    def call(self, x):
        return self.student(x)
