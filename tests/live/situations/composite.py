"""Composite layers: blocks in models, loops over shared layers, recursion over static structure."""

import keras
from keras import layers, ops


class Block(layers.Layer):
    """A transformer block."""

    def __init__(self, width=8, heads=2, **kwargs):
        super().__init__(**kwargs)
        self.attention = layers.MultiHeadAttention(heads, width // heads)
        self.norm1, self.norm2 = layers.LayerNormalization(), layers.LayerNormalization()
        self.wide, self.narrow = layers.Dense(16, activation="relu"), layers.Dense(width)
        self.drop = layers.Dropout(0.1)
        self.supports_masking = True

    def call(self, x, training=False):
        x = self.norm1(x + self.attention(x, x))
        return self.norm2(x + self.drop(self.narrow(self.wide(x)), training=training))


class Transformer(keras.Model):
    def __init__(self, blocks=2, mask_zero=False):
        super().__init__(name="transformer")
        self.embed = layers.Embedding(30, 8, mask_zero=mask_zero)
        self.blocks = [Block(name=f"block_{i}") for i in range(blocks)]
        self.drop, self.pool, self.out = layers.Dropout(0.1), layers.GlobalAveragePooling1D(), layers.Dense(2)

    def call(self, tokens, training=False):
        x = self.drop(self.embed(tokens), training=training)
        for block in self.blocks:
            x = block(x, training=training)
        return self.out(self.pool(x))


class LoopRNN(keras.Model):
    """A python loop over a static time axis; the state needs the batch size."""

    def __init__(self, units=6, steps=None):
        super().__init__(name="loop_rnn")
        self.units, self.steps = units, steps
        self.project_input, self.project_state = layers.Dense(units), layers.Dense(units)
        self.classify = layers.Dense(1, activation="sigmoid")

    def call(self, x):
        state = ops.zeros((x.shape[0], self.units))
        outputs = []
        for t in range(x.shape[1]):
            state = self.project_input(x[:, t, :]) + self.project_state(state)
            outputs.append(state)
        return self.classify(ops.stack(outputs, axis=1))


class BatchArithmetic(keras.Model):
    def __init__(self):
        super().__init__(name="batch_arithmetic")
        self.dense = layers.Dense(3)

    def call(self, x):
        b, t, f = x.shape
        return ops.reshape(self.dense(ops.reshape(x, (b * t, f))), (b, t, 3))


class StaticTree(keras.Model):
    """Recursion over the model's own structure."""

    def __init__(self, depth=3):
        super().__init__(name="static_tree")
        self.depth = depth
        self.leaf, self.join, self.out = layers.Dense(4), layers.Dense(4, activation="tanh"), layers.Dense(1)

    def node(self, x, depth):
        if depth == 0:
            return self.leaf(x)
        return self.join(ops.concatenate([self.node(x, depth - 1), self.node(x * 0.5, depth - 1)], -1))

    def call(self, x):
        return self.out(self.node(x, self.depth))


class CallsItself(keras.Model):
    def __init__(self):
        super().__init__(name="calls_itself")
        self.dense = layers.Dense(4)

    def call(self, x, depth=3):
        x = self.dense(x)
        return x if depth == 0 else self(x, depth=depth - 1)


class SameClassInside(keras.Model):
    """A layer that holds another of its own class: nesting, no recursion."""

    def __init__(self, depth=2):
        super().__init__(name="same_class_inside")
        self.shell = Shell(depth, name="shell")

    def call(self, x):
        return self.shell(x)


class Shell(layers.Layer):
    def __init__(self, depth, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4, name="dense")
        self.inner = Shell(depth - 1, name="inner") if depth else None

    def call(self, x):
        x = self.dense(x)
        return self.inner(x) if self.inner else x


class InSequential(keras.Model):
    """User blocks inside a Sequential."""

    def __init__(self):
        super().__init__(name="in_sequential")
        self.body = keras.Sequential([Block(name="a"), Block(name="b")], name="body")
        self.out = layers.Dense(1)

    def call(self, x):
        return self.out(self.body(x))


class Frozen(keras.Model):
    """A Sequential that freezes to the shape of its first call."""

    def __init__(self):
        super().__init__(name="frozen")
        self.stem = keras.Sequential([layers.Conv2D(4, 3, padding="same"), layers.ReLU()], name="stem")
        self.head = layers.Conv2D(1, 1)

    def call(self, x):
        return self.head(self.stem(x))


class NeverCalled(keras.Model):
    """Holds a block and a layer that `call` does not use."""

    def __init__(self):
        super().__init__(name="never_called")
        self.used, self.dead, self.block = layers.Dense(4), layers.Dense(4), Block(name="block")

    def build(self, input_shape):
        self.used.build(input_shape)
        self.dead.build(input_shape)

    def call(self, x):
        return self.used(x)
