"""What cannot be saved, or raises when it is loaded; and what loads once its classes are passed."""

import functools

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from tests.verify.situations import given, situation
from tests.verify.situations.silent import one_layer

register = keras.saving.register_keras_serializable("loud")


class ScaleDef(layers.Layer):
    def __init__(self, scale=2.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, x):
        return x * self.scale

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


@situation("unregistered class", "load", "load", custom=False, says="register_keras_serializable")
def unregistered():
    return one_layer(ScaleDef(3.0, name="scaled"))


@situation("unregistered class, passed")
def passed():
    return one_layer(ScaleDef(3.0, name="scaled"))


class NoKwargs(layers.Layer):
    def __init__(self, scale=2.0):
        super().__init__()
        self.scale = scale

    def call(self, x):
        return x * self.scale


@situation("layer without **kwargs", "load constructor", "load", says="def __init__(self, scale=2.0, **kwargs)")
def no_kwargs():
    return one_layer(NoKwargs(3.0))


@register
class PlainModel(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3)

    def call(self, x):
        return self.dense(x)


@situation("model without **kwargs", "load constructor", "load", inputs=given((2, 4)), says="**kwargs")
def plain_model():
    return PlainModel()


@register
class SizedModel(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.units = units
        self.dense = layers.Dense(units)

    def call(self, x):
        return self.dense(x)


@situation("model with an argument, without **kwargs", "save|load constructor", "save|load", inputs=given((2, 4)),
           says='"units": self.units')  # fmt: skip
def sized_model():
    return SizedModel(3)


@register
class TakesLayer(layers.Layer):
    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def call(self, x):
        return self.inner(x)


@situation("constructor takes a layer", "save constructor", None, says="deserialize_keras_object")
def takes_layer():
    return one_layer(TakesLayer(layers.Dense(3), name="wraps"))


@register
class BuildsItself(keras.Model):
    def __init__(self, n=2, **kwargs):
        x = keras.Input((4,))
        super().__init__(x, layers.Dense(n)(x), **kwargs)


@situation("Functional subclass with an argument", "load", None)
def builds_itself():
    return BuildsItself(5)


@situation("Lambda", "load", "load", says="safe_mode=False")
def lambda_layer():
    return one_layer(layers.Lambda(lambda x: x * 2, output_shape=(4,), name="twice"))


def swishy(x):
    return x * ops.sigmoid(x)


@situation("Lambda of a function, unregistered", "load", "load", custom=False, says="swishy")
def lambda_function():
    return one_layer(layers.Lambda(swishy, output_shape=(4,), name="swish"))


@situation("activation of a function, unregistered", "load", "load", custom=False, says="swishy")
def activation_function():
    return one_layer(layers.Dense(3, activation=swishy, name="dense"))


@situation("activation of a function, passed")
def activation_passed():
    return one_layer(layers.Dense(3, activation=swishy, name="dense"))


@situation("activation is a lambda", "load", "load", says="named function")
def activation_lambda():
    return one_layer(layers.Dense(3, activation=lambda x: x * 2, name="dense"))


@situation("activation is a partial", "save", "save", says="partial")
def activation_partial():
    return one_layer(layers.Dense(3, activation=functools.partial(swishy), name="dense"))


@situation("activation of TensorFlow")
def activation_tf():
    return one_layer(layers.Dense(3, activation=tf.nn.leaky_relu, name="dense"))


class MinimalCell(layers.Layer):
    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")

    def call(self, x, states):
        y = ops.matmul(x, self.kernel) + states[0]
        return y, [y]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@situation("RNN of a custom cell")
def custom_cell():
    x = keras.Input((5, 4), name="x")
    return keras.Model(x, layers.RNN(MinimalCell(3), name="rnn")(x), name="celled")


class WeightsEarly(layers.Layer):
    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.w = self.add_weight(shape=(4, units), name="w")

    def call(self, x):
        return ops.matmul(x, self.w)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@situation("weights in __init__")
def weights_early():
    return one_layer(WeightsEarly(5, name="early"))


class HoldsMany(layers.Layer):
    def __init__(self, n=2, **kwargs):
        super().__init__(**kwargs)
        self.n = n
        self.many = [layers.Dense(4, name=f"d{i}") for i in range(n)]
        self.named = {"a": layers.Dense(4, name="a"), "b": layers.Dense(4, name="b")}

    def build(self, shape):
        for layer in [*self.many, *self.named.values()]:
            layer.build(shape)

    def call(self, x):
        for layer in self.many:
            x = layer(x)
        return self.named["a"](x) + self.named["b"](x)

    def get_config(self):
        return {**super().get_config(), "n": self.n}


@situation("lists and dicts of layers")
def holds_many():
    return one_layer(HoldsMany(3, name="many"))


class TakesArray(layers.Layer):
    def __init__(self, table=None, **kwargs):
        super().__init__(**kwargs)
        self.table = np.asarray(table, "float32")

    def call(self, x):
        return x * self.table

    def get_config(self):
        return {**super().get_config(), "table": self.table}

    @classmethod
    def from_config(cls, config):
        config["table"] = keras.saving.deserialize_keras_object(config["table"])
        return cls(**config)


@situation("constructor takes an array")
def takes_array():
    return one_layer(TakesArray(np.arange(4), name="table"))


class MaybeSecond(layers.Layer):
    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1],), name="w")

    def call(self, x, other=None):
        return x * self.w if other is None else x * self.w + other


def same_name(factor):
    class Twin(layers.Layer):
        def call(self, x):
            return x * factor

    return register(Twin) if factor == 2.0 else keras.saving.register_keras_serializable("other")(Twin)


TwinOfTwo, TwinOfThree = same_name(2.0), same_name(3.0)


@situation("two classes of one name", h5=None)
def two_classes():
    x = keras.Input((4,), name="x")
    return keras.Model(x, TwinOfThree(name="three")(TwinOfTwo(name="two")(x)), name="twins")


@situation("optional input")
def optional_input():
    return one_layer(MaybeSecond(name="maybe"))


def compiled(loss, **options):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1, name="dense")], name="compiled")
    model.compile("sgd", loss, **options)
    return model


@situation("loss 'mse'", h5="load", says="MeanSquaredError")
def loss_mse():
    return compiled("mse")


@situation("loss 'mae'", h5="load", says="save as .keras")
def loss_mae():
    return compiled("mae")


# Keras builds the optimizer for variables that the Sequential of an .h5 file then makes anew
@situation("loss 'binary_crossentropy'", h5="training-step", says="Unknown variable")
def loss_bce():
    return compiled("binary_crossentropy")


@situation("loss 'categorical_crossentropy'", h5="training-step")
def loss_cce():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax", name="dense")], name="compiled")
    model.compile("sgd", "categorical_crossentropy")
    return model


@situation("loss 'huber'", h5="training-step")
def loss_huber():
    return compiled("huber")


@situation("loss object", h5="training-step")
def loss_object():
    return compiled(keras.losses.MeanSquaredError())


def unregistered_loss(y_true, y_pred):
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


@situation("custom loss, unregistered", "load", "load", custom=False, says="unregistered_loss|loss function")
def loss_function():
    return compiled(unregistered_loss)


class Halving(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, start=0.1):
        self.start = start

    def __call__(self, step):
        return self.start / (1.0 + ops.cast(step, "float32"))

    def get_config(self):
        return {"start": self.start}


@situation("custom schedule", h5="load")
def schedule():
    model = compiled("mse")
    model.compile(keras.optimizers.SGD(Halving(0.2)), "mse")
    return model


@situation("keras.ops in a Functional model", h5="load", says="save as .keras")
def with_ops():
    x = keras.Input((3, 4), name="x")
    return keras.Model(x, ops.transpose(x, (0, 2, 1)) * 2.0, name="with_ops")


@situation("operators in a Functional model", h5="load", says="save as .keras")
def operators():
    x = keras.Input((4,), name="x")
    return keras.Model(x, layers.Dense(3, name="d")(2.0 * x + 1.0), name="operators")


@situation("bfloat16", h5="load", says="bfloat16")
def bfloat16():
    return one_layer(layers.Dense(3, dtype="bfloat16", name="dense"))


def lower(text):
    return tf.strings.lower(text)


@situation("TextVectorization with a function", h5="load|vocabulary", says="register_keras_serializable|save as .keras")
def standardized():
    layer = layers.TextVectorization(standardize=lower, output_sequence_length=3, name="vectorize")
    layer.adapt(np.array(["a b", "b c d"]))
    x = keras.Input((1,), dtype="string", name="text")
    return keras.Model(x, layer(x), name="standardized")


@register
class RaisingConfig(layers.Layer):
    def call(self, x):
        return x

    def get_config(self):
        raise RuntimeError("no config today")


@situation("get_config raises", "constructor save", "constructor save", says="mend get_config of RaisingConfig")
def raising_config():
    return one_layer(RaisingConfig(name="raising"))


@register
class RaisingRevival(layers.Layer):
    def call(self, x):
        return x

    @classmethod
    def from_config(cls, config):
        raise KeyError("units")


@situation("from_config raises", "load", None, says="your own code raises it at")
def raising_revival():
    return one_layer(RaisingRevival(name="raising"))


def local_class():
    class Local(layers.Layer):
        def call(self, x):
            return x

    return Local


@situation("class made in a function", "load", "load", says="is made inside a function")
def local():
    return one_layer(local_class()(name="local"))
