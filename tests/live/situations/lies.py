"""Models that a careless recovery would call recovered."""

import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from keras.random import normal


class NoiseByName(keras.Model):
    """Draws through a name bound at import, which no patch of `keras.random` reaches."""

    def __init__(self):
        super().__init__(name="noise_by_name")
        self.dense = layers.Dense(4)
        self.seed_generator = keras.random.SeedGenerator(1)

    def call(self, x):
        return self.dense(x) + normal((x.shape[0], 4), seed=self.seed_generator)


class NumpyNoise(keras.Model):
    def __init__(self):
        super().__init__(name="numpy_noise")
        self.dense = layers.Dense(4)

    def call(self, x):
        return self.dense(x) * np.random.rand()


class OwnGenerator(keras.Model):
    def __init__(self):
        super().__init__(name="own_generator")
        self.dense, self.rng = layers.Dense(4), np.random.default_rng(0)

    def call(self, x):
        return self.dense(x) * float(self.rng.normal())


class Clock(keras.Model):
    def __init__(self):
        super().__init__(name="clock")
        self.dense = layers.Dense(4)

    def call(self, x):
        return self.dense(x) * (time.perf_counter() % 1.0)


class BackendNoise(keras.Model):
    def __init__(self):
        super().__init__(name="backend_noise")
        self.dense = layers.Dense(4)

    def call(self, x):
        return self.dense(x) + tf.random.normal((4,))


class FrozenWeight(keras.Model):
    """Reads a weight as a value: the graph would keep the number, and training would not move it."""

    def __init__(self):
        super().__init__(name="frozen_weight")
        self.dense = layers.Dense(4)
        self.scale = self.add_weight(shape=(4,), initializer="ones", name="scale")

    def call(self, x):
        return self.dense(x) * tf.exp(self.scale.value)


class AlternatingCalls(keras.Model):
    """Every second call goes another way."""

    def __init__(self):
        super().__init__(name="alternating")
        self.a, self.b, self.turn = layers.Dense(4), layers.Dense(4), 0

    def call(self, x):
        self.turn += 1
        return self.a(x) if self.turn % 2 else self.b(x)


class CompiledCall(keras.Model):
    """`call` is a `tf.function`."""

    def __init__(self):
        super().__init__(name="compiled_call")
        self.dense, self.out = layers.Dense(4), layers.Dense(2)

    @tf.function
    def call(self, x):
        return self.out(ops.relu(self.dense(x)))


class TensorIndex(keras.Model):
    def __init__(self):
        super().__init__(name="tensor_index")
        self.dense = layers.Dense(4)

    def call(self, x):
        h = self.dense(x)
        return h[ops.argmax(ops.sum(h, axis=-1))]  # index by a tensor


class RaisesOnSymbolic(keras.Model):
    """Fine on values, an error of its own on symbolic tensors."""

    def __init__(self):
        super().__init__(name="raises_on_symbolic")
        self.dense = layers.Dense(4)

    def call(self, x):
        if isinstance(x, keras.KerasTensor) or not tf.executing_eagerly():
            raise RuntimeError("values only")  # values only
        return self.dense(x)
