"""Layers of the user's that hold no other layers, and layers that nothing calls."""

import abc
import functools

import keras
from keras import layers, ops


class CustomDense(layers.Layer):
    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], self.units), name="w")
        self.b = self.add_weight(shape=(self.units,), name="b")

    def call(self, x):
        return ops.matmul(x, self.w) + self.b  # custom dense


class Decides(layers.Layer):
    def call(self, x):
        if ops.max(x) > 0:  # decides
            return x
        return -x


class Attends(layers.Layer):
    def call(self, query, key, *, scale=1.0):
        return ops.matmul(ops.softmax(ops.matmul(query, ops.transpose(key, (0, 2, 1))) * scale), key)


class Cell(layers.Layer):
    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")

    def call(self, x, states):
        h = ops.tanh(ops.matmul(x, self.kernel) + states[0])
        return h, [h]


class Leaves(keras.Model):
    def __init__(self):
        super().__init__(name="leaves")
        self.first, self.second = CustomDense(name="first"), CustomDense(name="second")
        self.plain = layers.Dense(4, name="plain")

    def call(self, x):
        return self.second(self.plain(self.first(x)))


class OneDecides(Leaves):
    def __init__(self):
        super().__init__()
        self.decides = Decides(name="decides")

    def call(self, x):
        return self.decides(super().call(x))


class Sequences(keras.Model):
    def __init__(self):
        super().__init__(name="sequences")
        self.attends, self.rnn = Attends(name="attends"), layers.RNN(Cell(name="cell"), name="rnn")

    def call(self, x):
        return self.rnn(self.attends(x, x, scale=0.5))


def functional():
    inputs = keras.Input((4,))
    x = inputs
    for index in range(3):
        x = CustomDense(name=f"custom_{index}")(x)
    return keras.Model(inputs, x)


def functional_rnn():
    inputs = keras.Input((5, 4))
    return keras.Model(inputs, layers.RNN(Cell(name="cell"), name="rnn")(inputs))


class Block(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.used, self.spare = layers.Dense(4, name="used"), layers.Dense(5, name="spare")

    def call(self, x):
        return self.used(x)


class Idle(keras.Model):
    """`idle` and `block/spare` are called by nothing; the others in ways of their own."""

    def __init__(self):
        super().__init__(name="idle_model")
        self.block, self.idle = Block(name="block"), layers.Dense(2, name="idle")
        self.in_training = layers.Dense(4, name="in_training")
        self.table = layers.Embedding(4, 4, name="table")
        self.table.build(())

    def call(self, x, training=False):
        x = self.block(x)
        if training:
            x = self.in_training(x)
        return ops.matmul(x, self.table.embeddings)


class Residual:
    """A mixin."""

    def residual(self, function, x):
        return x + function(x)


class Encoder(keras.Model, abc.ABC):
    """A base with a template method."""

    @abc.abstractmethod
    def encode(self, x): ...

    def call(self, x, **kwargs):
        return self.head(self.encode(x)) * kwargs.get("scale", 1.0)


class Wild(Residual, Encoder):
    """Weights in the model, dicts of layers, properties, partials, a dict of outputs."""

    def __init__(self):
        super().__init__(name="wild")
        self.heads = {"a": layers.Dense(2), "b": [layers.Dense(3), layers.Dense(4)]}
        self.activate = functools.partial(keras.activations.leaky_relu, negative_slope=0.3)
        self._encoder = layers.Dense(4, activation=functools.partial(ops.leaky_relu, negative_slope=0.1))

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), name="scale")
        self.built = True

    @property
    def encoder(self):
        return self._encoder

    def encode(self, x):
        return self.residual(self.encoder, x * self.scale)

    def head(self, x):
        return self.activate(x)

    def call(self, x, training=None, **kwargs):
        x = super().call(x, **kwargs)
        deep = x
        for layer in self.heads["b"]:
            deep = layer(deep)
        return {"a": self.heads["a"](x), "b": deep}


class Inner(keras.Model):
    def __init__(self):
        super().__init__()
        self.leaf = CustomDense(4, name="leaf")

    def call(self, x):
        return self.leaf(x) + x


class Middle(keras.Model):
    def __init__(self):
        super().__init__()
        self.one, self.two = Inner(), Inner()

    def call(self, x):
        return self.two(self.one(x))


def nested():
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Dense(2)(Middle()(inputs)))
