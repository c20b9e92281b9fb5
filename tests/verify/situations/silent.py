"""What loads without an error and is not what was saved."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from tests.verify.situations import given, situation

register = keras.saving.register_keras_serializable("silent")
GONE = "weights-missing weights-in-file outputs"


@register
class Branching(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.one = layers.Dense(4)
        self.other = layers.Dense(4)

    def call(self, x):
        if ops.sum(x) > 0:
            return self.one(x)
        return self.other(x)


@situation("data-dependent if", GONE, None, inputs=given((3, 4)), says="def build_from_config")
def branching():
    model = Branching()
    model.one.build((None, 4))
    model.other.build((None, 4))
    model(np.ones((3, 4), "float32"))
    return model


@register
class WithContext(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense, self.context = layers.Dense(4), layers.Dense(4)

    def call(self, x, ctx):
        return self.dense(x) + self.context(ctx)


@situation("two positional tensors", GONE, None, inputs=given((3, 4), (3, 2)))
def with_context():
    return WithContext()


@register
class AuxiliaryHead(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.body, self.head, self.aux = layers.Dense(4), layers.Dense(1), layers.Dense(2)

    def call(self, x, training=False):
        y = self.body(x)
        if training:
            self.aux(y)
        return self.head(y)


@situation("head used in training alone", "weights-missing weights-in-file", None, inputs=given((3, 4)))
def auxiliary():
    model = AuxiliaryHead()
    model(np.ones((3, 4), "float32"), training=True)
    return model


@register
class Forgets(layers.Layer):
    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, x):
        return x * self.scale

    def get_config(self):
        return super().get_config()


def one_layer(layer, width=4):
    x = keras.Input((width,), name="x")
    return keras.Model(x, layer(x), name="one_layer")


@situation("get_config forgets an argument", "attributes outputs", "attributes outputs", says='"scale": self.scale')
def forgets():
    return one_layer(Forgets(5.0, name="scaled"))


@register
class Scale(layers.Layer):
    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, x):
        return x * self.scale


@situation("attribute changed after __init__", "attributes outputs", "attributes outputs", says="config keeps 1.0")
def changed():
    layer = Scale(1.0, name="scaled")
    layer.scale = 4.0
    return one_layer(layer)


@register
class KeepsMean(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.mean = np.zeros(4, "float32")

    def call(self, x):
        return x - self.mean


@situation("state in an array", "attributes outputs", "attributes outputs", says="self.add_weight(shape=(4,)")
def keeps_mean():
    layer = KeepsMean(name="centred")
    layer.mean = np.arange(4, dtype="float32")
    return one_layer(layer)


@register
class RawVariable(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.factor = tf.Variable(1.0)

    def call(self, x):
        return x * self.factor


@situation("tf.Variable attribute", "attributes outputs", "attributes outputs")
def raw_variable():
    layer = RawVariable(name="scaled")
    layer.factor.assign(2.5)
    return one_layer(layer)


@register
class Hides(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        object.__setattr__(self, "hidden", layers.Dense(4))

    def build(self, shape):
        self.hidden.build(shape)

    def call(self, x):
        return self.hidden(x)


@situation("hidden sublayer", h5="weights outputs", says="plain attribute")
def hides():
    return one_layer(Hides(name="hides"))


def lora_model(quantized):
    x = keras.Input((8,), name="x")
    model = keras.Model(x, layers.Dense(8, name="dense")(x), name="lora")
    if quantized:
        model.quantize("int8")
    layer = model.get_layer("dense")
    layer.enable_lora(2)
    layer.lora_kernel_b.assign(np.random.default_rng(1).normal(size=layer.lora_kernel_b.shape))
    return model


@situation("LoRA and int8", "weights outputs")
def lora_int8():
    return lora_model(True)


@situation("LoRA", design="weights")
def lora():
    return lora_model(False)


@situation("dropout seed", design="seeds")
def dropout():
    x = keras.Input((4,), name="x")
    model = keras.Model(x, layers.Dropout(0.5, seed=7, name="drop")(x), name="dropped")
    model(np.ones((2, 4), "float32"), training=True)
    return model


@situation("stateful RNN", "states outputs", "states outputs")
def stateful():
    x = keras.Input(batch_shape=(2, 3, 4), name="x")
    model = keras.Model(x, layers.GRU(3, stateful=True, name="gru")(x), name="stateful")
    model(np.ones((2, 3, 4), "float32"))
    return model


@situation("weight.trainable set", "trainable", "trainable|load", says="kernel.trainable|Shape mismatch")
def frozen_variable():
    model = one_layer(layers.Dense(3, name="dense"))
    model.get_layer("dense").kernel.trainable = False
    return model


@situation("frozen nested Sequential", "trainable", None)
def frozen_sequential():
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="d")], name="inner")
    inner.trainable = False
    return one_layer(inner)


@situation("frozen nested Functional", design="trainable")
def frozen_functional():
    y = keras.Input((4,), name="y")
    inner = keras.Model(y, layers.Dense(3, name="d")(y), name="inner")
    inner.trainable = False
    return one_layer(inner)


def trained(optimizer, width=3, **options):
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(width, name="a"), layers.Dense(1, name="b")], name="trained"
    )
    model.compile(optimizer, keras.losses.MeanSquaredError(), run_eagerly=True, **options)
    return model


def fit(model, steps=4):
    rng = np.random.default_rng(0)
    for _ in range(steps):
        model.train_on_batch(rng.normal(size=(8, 4)).astype("float32"), rng.normal(size=(8, 1)).astype("float32"))
    return model


@situation("frozen after training", "optimizer", None, says="momentum")
def frozen_after():
    model = fit(trained("adam"))
    model.get_layer("a").trainable = False
    return model


@situation("excluded from weight decay", "optimizer training-step", None, says="exclude_from_weight_decay")
def excluded():
    optimizer = keras.optimizers.AdamW(0.01, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return fit(trained(optimizer))


@situation("mixed_float16", design="dtype-policy")
def mixed():
    with_policy = keras.DTypePolicy("mixed_float16")
    keras.config.set_dtype_policy(with_policy)
    try:
        return one_layer(layers.Dense(3, name="dense"))
    finally:
        keras.config.set_dtype_policy("float32")


@situation("mixed_float16, compiled", "optimizer", None, design="dtype-policy", says="before the model is loaded")
def mixed_compiled():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = one_layer(layers.Dense(3, name="dense"))
        model.compile("adam", keras.losses.MeanSquaredError())
        return model
    finally:
        keras.config.set_dtype_policy("float32")


@situation("attribute on the model", "attributes", None, says="my_attr")
def attribute():
    model = one_layer(layers.Dense(3, name="dense"))
    model.my_attr = 42
    return model


@situation("StringLookup", h5="vocabulary outputs", says="save as .keras")
def string_lookup():
    layer = layers.StringLookup(name="lookup")
    layer.adapt(np.array(["a", "b", "c", "a"]))
    x = keras.Input((1,), dtype="string", name="words")
    return keras.Model(x, layer(x), name="looked")


@situation("TextVectorization", h5="vocabulary outputs")
def text_vectorization():
    layer = layers.TextVectorization(output_sequence_length=3, name="vectorize")
    layer.adapt(np.array(["a b", "b c d"]))
    x = keras.Input((1,), dtype="string", name="text")
    return keras.Model(x, layer(x), name="text")


@register
def my_loss(y_true, y_pred):
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


@register
def my_metric(y_true, y_pred):
    return ops.max(ops.abs(y_true - y_pred), axis=-1)


@situation("custom loss and metric", h5="load|optimizer")
def custom_loss():
    model = trained("adam")
    model.compile("adam", my_loss, metrics=[my_metric], run_eagerly=True)
    return fit(model)


@register
class ClassLevel(layers.Layer):
    slope = 1.0

    def call(self, x):
        return x * self.slope


@situation("attribute of the class changed", "attributes outputs", "attributes outputs", says="self.slope was 5.0")
def class_level():
    ClassLevel.slope = 5.0
    return one_layer(ClassLevel(name="sloped"))


@register
class Truncates(layers.Layer):
    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, x):
        return x * self.scale

    def get_config(self):
        return {**super().get_config(), "scale": int(self.scale)}


@situation("get_config returns another value", "attributes outputs", "attributes outputs", says="return it unchanged")
def truncates():
    return one_layer(Truncates(2.5, name="truncates"))
