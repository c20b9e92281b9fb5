"""The models that `capture.py` measures."""

import keras
from keras import layers


class Classifier(keras.Model):
    """A two-layer perceptron by subclassing."""

    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(64, activation="relu")
        self.digit = layers.Dense(10)

    def call(self, inputs):
        return self.digit(self.hidden(inputs))


class Block(layers.Layer):
    """Attention and a feed-forward part, each with a skip connection."""

    def __init__(self, width, heads):
        super().__init__()
        self.attention = layers.MultiHeadAttention(heads, width // heads)
        self.first, self.second = layers.LayerNormalization(), layers.LayerNormalization()
        self.grow, self.shrink = layers.Dense(4 * width, activation="gelu"), layers.Dense(width)

    def call(self, inputs):
        x = self.first(inputs + self.attention(inputs, inputs))
        return self.second(x + self.shrink(self.grow(x)))


class Transformer(keras.Model):
    """An encoder of six blocks over tokens."""

    def __init__(self, width=128, heads=4, blocks=6):
        super().__init__()
        self.embed = layers.Embedding(8000, width)
        self.blocks = [Block(width, heads) for _ in range(blocks)]
        self.pool, self.classify = layers.GlobalAveragePooling1D(), layers.Dense(5)

    def call(self, tokens):
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x)
        return self.classify(self.pool(x))


def mlp():
    """Built by one call."""
    model = Classifier()
    model(keras.ops.zeros((1, 32)))
    return model


def resnet50():
    """From keras.applications, with random weights."""
    return keras.applications.ResNet50(weights=None)


def transformer():
    """Built by one call on 64 tokens."""
    model = Transformer()
    model(keras.ops.zeros((2, 64), "int32"))
    return model
