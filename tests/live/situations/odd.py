"""Odd signatures and outputs that are fine all the same, and some that are not."""

import keras
from keras import layers, ops


class TwoDense(keras.Model):
    def __init__(self):
        super().__init__()
        self.a, self.b = layers.Dense(4), layers.Dense(4)


class NestedStructure(TwoDense):
    def call(self, inputs):
        return {"a": [self.a(inputs["x"][0]), self.b(inputs["x"][1])], "b": inputs["y"]["z"]}


class Variadic(TwoDense):
    def call(self, *inputs):
        return self.a(inputs[0]) + self.b(inputs[1])


class OptionalKeyword(TwoDense):
    def call(self, x, *, scale=None, training=None):
        return self.a(x) if scale is None else self.a(x) * scale


class ConstantOutput(TwoDense):
    def call(self, x):
        return self.a(x), ops.ones((2, 3)), None


class Identity(TwoDense):
    def call(self, x):
        return x


class UnusedInput(TwoDense):
    def call(self, x, y):
        return self.a(x)


class NoOutput(TwoDense):
    def call(self, x):
        self.a(x)


class TextOutput(TwoDense):
    def call(self, x):
        return {"y": self.a(x), "name": "text"}


class Scans(TwoDense):
    def call(self, x):
        return ops.scan(lambda carry, row: (carry + row, carry), ops.zeros((4,)), self.a(x))[1]


class FunctionalWithCall(keras.Model):
    """A Functional subclass that adds a layer in `call`."""

    def __init__(self):
        inputs = keras.Input((3,))
        super().__init__(inputs, layers.Dense(3)(inputs))
        self.post = layers.Dense(2)

    def call(self, x, training=None, mask=None):
        return self.post(super().call(x))


class BuildsTwo(TwoDense):
    def build(self, x_shape, y_shape):
        self.a.build(x_shape)
        self.b.build(y_shape)

    def call(self, x, y):
        return self.a(x) + self.b(y)


class KeepsMetric(TwoDense):
    def __init__(self):
        super().__init__()
        self.mean = keras.metrics.Mean(name="mean")

    def call(self, x):
        y = self.a(x)
        self.mean.update_state(y)
        return y


class Wrappers(TwoDense):
    def __init__(self):
        super().__init__()
        self.both = layers.Bidirectional(layers.LSTM(3, return_sequences=True))
        self.each = layers.TimeDistributed(self.a)

    def call(self, x):
        return self.each(self.both(x))


class Text(keras.Model):
    def __init__(self):
        super().__init__()
        self.look, self.embed = layers.StringLookup(vocabulary=["a", "b"]), layers.Embedding(4, 3)

    def call(self, x):
        return self.embed(self.look(x))
