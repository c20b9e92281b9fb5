"""Code that decides on values, recurses over data, or differs from run to run. No raw backend code here."""

import keras
import numpy as np
from keras import layers, ops


class BranchOnValue(keras.Model):
    def __init__(self):
        super().__init__(name="branch_on_value")
        self.first, self.a, self.b = layers.Dense(4), layers.Dense(2), layers.Dense(2)

    def call(self, x):
        h = self.first(x)
        if ops.sum(h) > 0:  # branch on a value
            return self.a(h)
        return self.b(h)


class LoopOnValue(keras.Model):
    def __init__(self):
        super().__init__(name="loop_on_value")
        self.dense = layers.Dense(4)

    def call(self, x):
        while ops.max(x) > 1.0:  # loop on a value
            x = x * 0.5
        return self.dense(x)


class DataTree(keras.Model):
    """Recursion that ends where the data says."""

    def __init__(self):
        super().__init__(name="data_tree")
        self.leaf, self.join = layers.Dense(4), layers.Dense(4)

    def node(self, x, depth):
        if depth == 0 or float(ops.mean(x)) < 0:  # value needed
            return self.leaf(x)
        return self.join(ops.concatenate([self.node(x, depth - 1), self.node(-x, depth - 1)], -1))

    def call(self, x):
        return self.node(x, 3)


class Cond(keras.Model):
    def __init__(self):
        super().__init__(name="cond")
        self.first, self.a, self.b, self.out = layers.Dense(4), layers.Dense(4), layers.Dense(4), layers.Dense(1)

    def call(self, x):
        h = self.first(x)
        h = ops.cond(ops.sum(h) > 0, lambda: self.a(h), lambda: self.b(h))  # closures
        return self.out(h)


class Endless(keras.Model):
    def __init__(self):
        super().__init__(name="endless")
        self.dense = layers.Dense(4)

    def go(self, x):
        return self.go(self.dense(x))  # without end

    def call(self, x):
        return self.go(x)


class Iterates(keras.Model):
    def __init__(self):
        super().__init__(name="iterates")
        self.dense = layers.Dense(4)

    def call(self, x):
        return ops.stack([self.dense(row[None])[0] for row in x])  # iterates


class CountFromData(keras.Model):
    def __init__(self):
        super().__init__(name="count_from_data")
        self.dense = layers.Dense(4)

    def call(self, x):
        for _ in range(int(ops.max(x))):  # count from data
            x = self.dense(x)
        return x


class Asserts(keras.Model):
    def __init__(self):
        super().__init__(name="asserts")
        self.dense = layers.Dense(4)

    def call(self, x):
        assert ops.all(x > -100.0)  # assert on a value
        return self.dense(x)


class NumpyDrop(keras.Model):
    """Drops a layer by NumPy's global generator."""

    def __init__(self):
        super().__init__(name="numpy_drop")
        self.first, self.second, self.out = layers.Dense(4), layers.Dense(4), layers.Dense(1)

    def call(self, x):
        x = self.first(x)
        if np.random.rand() < 0.5:  # layer drop
            x = self.second(x)
        return self.out(x)


class Sampling(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1)

    def call(self, inputs):
        mean, log_var = inputs
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_var) * noise


class VAE(keras.Model):
    def __init__(self):
        super().__init__(name="vae")
        self.mean, self.log_var, self.sample, self.decode = (
            layers.Dense(3),
            layers.Dense(3),
            Sampling(),
            layers.Dense(4),
        )

    def call(self, x):
        return self.decode(self.sample([self.mean(x), self.log_var(x)]))


class InlineVAE(keras.Model):
    """Draws in `call` itself."""

    def __init__(self):
        super().__init__(name="inline_vae")
        self.mean, self.decode = layers.Dense(3), layers.Dense(4)
        self.seed_generator = keras.random.SeedGenerator(1)

    def call(self, x):
        mean = self.mean(x)
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)  # draw
        return self.decode(mean + noise)


class UserBug(keras.Model):
    def __init__(self):
        super().__init__(name="user_bug")
        self.dense = layers.Dense(4)

    def call(self, x):
        return self.dense(x) + self.missing  # bug


class BranchInPart(keras.Model):
    """The whole is a DAG; one of its parts is not."""

    def __init__(self):
        super().__init__(name="branch_in_part")
        self.first, self.part, self.out = layers.Dense(4), BranchingLayer(name="part"), layers.Dense(1)

    def call(self, x):
        return self.out(self.part(self.first(x)))


class BranchingLayer(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.a, self.b = layers.Dense(3), layers.Dense(3)

    def call(self, x):
        if ops.mean(x) > 0:  # branch in a part
            return self.a(x)
        return self.b(x)
