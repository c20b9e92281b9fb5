"""A model with one unregistered object of every kind that a config can name."""

import keras
import numpy as np
from keras import layers, ops

from tests.verify.situations.beside import squared, tilted


class OwnInitializer(keras.initializers.Initializer):
    def __init__(self, value=0.5):
        self.value = value

    def __call__(self, shape, dtype=None):
        return ops.full(shape, self.value, dtype or "float32")

    def get_config(self):
        return {"value": self.value}


class OwnConstraint(keras.constraints.Constraint):
    def __call__(self, w):
        return ops.clip(w, -3.0, 3.0)


class OwnRegularizer(keras.regularizers.Regularizer):
    def __init__(self, rate=0.1):
        self.rate = rate

    def __call__(self, x):
        return self.rate * ops.sum(ops.abs(x))

    def get_config(self):
        return {"rate": self.rate}


class OwnLoss(keras.losses.Loss):
    def __init__(self, weight=2.0, **kwargs):
        super().__init__(**kwargs)
        self.weight = weight

    def call(self, y_true, y_pred):
        return self.weight * ops.mean(ops.square(y_true - y_pred), axis=-1)

    def get_config(self):
        return {**super().get_config(), "weight": self.weight}


class OwnMetric(keras.metrics.MeanSquaredError):
    pass


class OwnSchedule(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, start=0.1):
        self.start = start

    def __call__(self, step):
        return self.start / (1.0 + ops.cast(step, "float32"))

    def get_config(self):
        return {"start": self.start}


class OwnOptimizer(keras.optimizers.Adam):
    pass


class OwnLayer(layers.Layer):
    def call(self, x):
        return x * 2.0


def everything():
    """Built, compiled and trained for two steps."""
    x = keras.Input((4,), name="x")
    dense = layers.Dense(
        3, activation=tilted, kernel_initializer=OwnInitializer(0.25), kernel_constraint=OwnConstraint(),
        bias_regularizer=OwnRegularizer(0.2), name="dense")  # fmt: skip
    model = keras.Model(x, OwnLayer(name="own")(dense(x)), name="everything")
    model.compile(OwnOptimizer(OwnSchedule(0.05)), OwnLoss(1.5), metrics=[OwnMetric(name="own_metric"), squared],
                  run_eagerly=True)  # fmt: skip
    for _ in range(2):
        model.train_on_batch(np.ones((2, 4), "float32"), np.zeros((2, 3), "float32"))
    return model
