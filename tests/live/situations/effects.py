"""Side effects, losses, training branches, and models without a forward pass."""

import keras
from keras import layers, ops


class AddLoss(keras.Model):
    def __init__(self):
        super().__init__(name="add_loss")
        self.dense = layers.Dense(3)

    def call(self, x):
        y = self.dense(x)
        self.add_loss(ops.mean(ops.square(y)))  # loss
        return y


class TrainingBranch(keras.Model):
    def __init__(self):
        super().__init__(name="training_branch")
        self.dense, self.aux, self.out = layers.Dense(3), layers.Dense(1), layers.Dense(2)

    def call(self, x, training=False):
        h = self.dense(x)
        if training:
            return self.out(h), self.aux(h)
        return self.out(h)


class CountsCalls(keras.Model):
    """Assigns a variable from a constant."""

    def __init__(self):
        super().__init__(name="counts_calls")
        self.dense = layers.Dense(3)
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

    def call(self, x):
        self.count.assign_add(1.0)  # constant side effect
        return self.dense(x)


class MovingMean(keras.Model):
    """Assigns a variable from the data, and uses it afterwards."""

    def __init__(self):
        super().__init__(name="moving_mean")
        self.dense = layers.Dense(3)
        self.ema = self.add_weight(shape=(), initializer="zeros", trainable=False, name="ema")

    def call(self, x):
        self.ema.assign(0.9 * self.ema + 0.1 * ops.mean(x))  # side effect from data
        return self.dense(x - self.ema)


class KeepsTensor(keras.Model):
    def __init__(self):
        super().__init__(name="keeps_tensor")
        self.dense = layers.Dense(3)
        self.last = None

    def call(self, x):
        self.last = self.dense(x)
        return self.last


class GAN(keras.Model):
    """Two models trained in turn."""

    def __init__(self):
        super().__init__(name="gan")
        self.generator = keras.Sequential([keras.Input((4,)), layers.Dense(6)], name="generator")
        self.discriminator = keras.Sequential([keras.Input((6,)), layers.Dense(1)], name="discriminator")

    def compile(self, optimizer, loss_fn):
        super().compile()
        self.optimizer_, self.loss_fn = optimizer, loss_fn

    def train_step(self, data):
        return {"loss": self.loss_fn(data, self.discriminator(self.generator(data)))}


class NoCall(keras.Model):
    """Neither `call` nor `train_step`."""

    def __init__(self):
        super().__init__(name="no_call")
        self.dense = layers.Dense(2)


class VariableFirst(keras.Model):
    """Variables go through operations of their own before they meet a tensor."""

    def __init__(self):
        super().__init__(name="variable_first")
        self.dense = layers.Dense(4)
        self.token = self.add_weight(shape=(1, 4), name="token")
        self.position = self.add_weight(shape=(10, 4), name="position")
        self.places = layers.Embedding(10, 4)

    def call(self, x):
        x = self.dense(x)
        token = ops.expand_dims(self.token, 0) * 2.0
        places = self.places(ops.arange(x.shape[1]))
        return token + x + self.position[: x.shape[1]] + places


class SharedNames(keras.Model):
    """Two layers of one name in two parts."""

    def __init__(self):
        super().__init__(name="shared_names")
        self.parts = [Pair(name="one"), Pair(name="two")]

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x


class Pair(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first, self.second = layers.Dense(4, name="first"), layers.Dense(4, name="second")

    def call(self, x):
        return self.second(self.first(x))
