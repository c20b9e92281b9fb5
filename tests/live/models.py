"""Small models with one difficulty each, and factories that fail in one way each."""

import keras
from keras import layers, ops


class Block(layers.Layer):
    """Two Dense layers and a weight used directly."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first, self.second = layers.Dense(4, name="dense"), layers.Dense(4, name="dense")

    def build(self, shape):
        self.scale = self.add_weight(shape=(4,), name="scale")
        super().build(shape)

    def call(self, inputs):
        return self.second(self.first(inputs)) * self.scale


class Towers(keras.Model):
    """Two blocks whose layers have the same names."""

    def __init__(self):
        super().__init__(name="towers")
        self.left, self.right = Block(name="left"), Block(name="right")

    def call(self, inputs):
        return self.left(inputs) + self.right(inputs)


class NoConfig(layers.Layer):
    """A layer whose get_config raises."""

    def __init__(self, thing):
        super().__init__()
        self.inner, self.thing = layers.Dense(3), thing

    def call(self, inputs):
        return self.inner(inputs)

    def get_config(self):
        raise RuntimeError("no config")


class Unserialisable(keras.Model):
    def __init__(self):
        super().__init__()
        self.part = NoConfig(object())

    def call(self, inputs):
        return self.part(inputs)


class RawOperations(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4)

    def call(self, inputs):
        import tensorflow as tf

        return tf.nn.silu(self.dense(inputs))


class DirectWeights(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4)
        self.w = self.add_weight(shape=(4,), name="w")

    def call(self, inputs):
        return self.dense(inputs) * self.w


class OneBranch(keras.Model):
    """One call builds one of its layers."""

    def __init__(self):
        super().__init__()
        self.taken, self.other = layers.Dense(3, name="taken"), layers.Dense(2, name="other")

    def call(self, inputs):
        if ops.sum(inputs) > 0:
            return self.taken(inputs)
        return self.other(inputs)


class OneDense(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4)

    def call(self, inputs):
        return self.dense(inputs)


class HoldsUnused(keras.Model):
    def __init__(self):
        super().__init__()
        self.used, self.unused = layers.Dense(3, name="used"), layers.Dense(2, name="unused")

    def call(self, inputs):
        return self.used(inputs)


class Pair(keras.Model):
    """A dict of two inputs."""

    def __init__(self):
        super().__init__()
        self.embed, self.dense = layers.Embedding(10, 3), layers.Dense(3)

    def call(self, inputs):
        return ops.mean(self.embed(inputs["tokens"]), 1) + self.dense(inputs["numbers"])


def layer_in_two_models():
    layer, inner, outer = layers.Dense(4), keras.Input((4,)), keras.Input((4,))
    return keras.Model(outer, layer(keras.Model(inner, layer(inner))(outer)))


def dense(units: int = 4, name: str = "plain"):
    print("noise on stdout")
    inputs = keras.Input((3,), name="x")
    return keras.Model(inputs, layers.Dense(units, name="d")(inputs), name=name)


def fails():
    return layers.Concatenate()([keras.Input((100, 3)), keras.Input((50, 4))])


def fails_in_call():
    model = Unserialisable()
    model.part = None
    return model(ops.ones((1, 2)))


def returns_nothing():
    keras.Input((3,))


def exits():
    raise SystemExit(3)


def dies():
    import os

    os._exit(5)


def crashes():
    import ctypes

    ctypes.string_at(0)


def waits():
    import subprocess
    import sys
    import time

    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(987.25)"])
    time.sleep(100)


def needs_units(units):
    return dense(units)


ready = dense(2)
number = 3


class Samples(keras.Model):
    """Its call draws random numbers, which no layer of a file could."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4)
        self.generator = keras.random.SeedGenerator(1)

    def call(self, x):
        return self.dense(x) + keras.random.normal(ops.shape(x), seed=self.generator)  # drawn
