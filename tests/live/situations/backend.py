"""Code that leaves Keras: raw TensorFlow calls, tensor methods, NumPy."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


class RawOps(keras.Model):
    def __init__(self):
        super().__init__(name="raw_ops")
        self.left, self.right, self.out = layers.Dense(4), layers.Dense(4), layers.Dense(2)

    def call(self, x):
        h = tf.concat([self.left(x), self.right(x)], axis=-1)  # raw concat
        n = tf.shape(h)[0]  # raw shape
        h = tf.reshape(h, [n, 2, 4])  # raw reshape
        h = tf.reduce_mean(h, axis=1)  # raw mean
        h = tf.nn.relu(h)  # raw relu
        return tf.nn.softmax(self.out(h))  # raw softmax


class RawInside(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4)

    def call(self, x):
        return tf.nn.leaky_relu(self.dense(x))  # raw inside a part


class RawInPart(keras.Model):
    def __init__(self):
        super().__init__(name="raw_in_part")
        self.first, self.block, self.out = layers.Dense(4), RawInside(name="block"), layers.Dense(1)

    def call(self, x):
        return self.out(self.block(self.first(x)))


class TfRange(keras.Model):
    def __init__(self):
        super().__init__(name="tf_range")
        self.dense = layers.Dense(4)

    def call(self, x):
        for _ in tf.range(3):
            x = self.dense(x)
        return x


class TensorMethods(keras.Model):
    def __init__(self):
        super().__init__(name="tensor_methods")
        self.dense, self.out = layers.Dense(4), layers.Dense(2)

    def call(self, x):
        h = self.dense(x)
        h.set_shape([None, 4])  # method of the backend
        return self.out(h)


class NumpyInCall(keras.Model):
    def __init__(self):
        super().__init__(name="numpy_in_call")
        self.dense = layers.Dense(4)

    def call(self, x):
        return ops.convert_to_tensor(np.tanh(self.dense(x)))  # numpy


class DotNumpy(keras.Model):
    def __init__(self):
        super().__init__(name="dot_numpy")
        self.dense = layers.Dense(4)

    def call(self, x):
        h = self.dense(x)
        if h.numpy().sum() > 0:  # value by .numpy()
            return h
        return -h


class EdgeDetector(keras.Model):
    """Side outputs of a frozen stack, resized with raw operations and fused."""

    def __init__(self):
        super().__init__(name="edge_detector")
        self.stages = [
            keras.Sequential(
                [layers.Conv2D(4, 3, padding="same", activation="relu"), layers.MaxPooling2D()], name=f"s{i}"
            )
            for i in range(3)
        ]
        self.sides = [layers.Conv2D(1, 1, name=f"side_{i}") for i in range(3)]
        self.fuse = layers.Conv2D(1, 1, name="fuse")

    def call(self, x, training=False):
        size = tf.shape(x)[1:3]
        sides = []
        for stage, side in zip(self.stages, self.sides, strict=True):
            x = stage(x)
            sides.append(tf.image.resize(side(x), size))
        fused = tf.nn.sigmoid(self.fuse(tf.concat(sides, axis=-1)))
        return [fused, *[tf.nn.sigmoid(s) for s in sides]] if training else fused
