"""Models in two variants: the weights of one go into the other, and to the wrong layers."""

import keras
from keras import layers


class InOrder(keras.Model):
    """Attributes after "layers" in the alphabet are stored by class and order, not by their names."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.pale, self.quick = layers.Dense(4), layers.Dense(4)

    def call(self, x):
        return self.quick(keras.ops.tanh(self.pale(x)))


class Swapped(InOrder):
    def __init__(self, **kwargs):
        keras.Model.__init__(self, **kwargs)
        self.quick, self.pale = layers.Dense(4), layers.Dense(4)


class Renamed(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.enc = layers.Dense(4)

    def call(self, x):
        return (self.enc if hasattr(self, "enc") else self.zenc)(x)


class RenamedTo(Renamed):
    def __init__(self, **kwargs):
        keras.Model.__init__(self, **kwargs)
        self.zenc = layers.Dense(4)


def branches(left_first):
    x = keras.Input((4,), name="x")
    names = ("left", "right") if left_first else ("right", "left")
    made = {name: layers.Dense(4, name=name)(x) for name in names}
    return keras.Model(x, layers.Subtract(name="minus")([made[name] for name in names]), name="branches")


def left_first():
    return branches(True)


def right_first():
    return branches(False)


def ends_the_process():
    class Ends(layers.Layer):
        def call(self, x):
            return x

        def get_config(self):
            import os

            os._exit(3)

    x = keras.Input((4,))
    return keras.Model(x, Ends()(x))


def clean():
    return left_first()


def greedy():
    """Its call asks for more memory than a process of the test is given."""

    class Greedy(layers.Layer):
        def call(self, x):
            import numpy as np

            return x + float(np.ones((1 << 31,), "float64").sum() > 0)

    return Whole(Greedy())


class Whole(keras.Model):
    def __init__(self, layer=None, **kwargs):
        super().__init__(**kwargs)
        self.layer = layer

    def call(self, x):
        return self.layer(x)


def aborts():
    """Its call ends the process as a fault in C code does."""

    class Aborts(layers.Layer):
        def call(self, x):
            import os

            os.abort()

    return Whole(Aborts())


def aborts_when_loaded():
    """Only the process that loads it ends."""
    x = keras.Input((4,))
    return keras.Model(x, LoadedAborts()(x))


@keras.saving.register_keras_serializable("variants")
class LoadedAborts(layers.Layer):
    def call(self, x):
        return x

    @classmethod
    def from_config(cls, config):
        import os

        os.abort()


def slash():
    x = keras.Input((4,))
    return keras.Model(x, layers.Dense(2, name="a/b")(x))


def drops():
    x = keras.Input((4,), name="x")
    model = keras.Model(x, layers.Dropout(0.5, seed=7, name="drop")(x), name="dropped")
    model(keras.ops.ones((2, 4)), training=True)
    return model
