"""What comes back as it was: nothing may be reported here."""

import keras
import numpy as np
from keras import layers, ops

from tests.verify.situations import situation
from tests.verify.situations.silent import fit, one_layer, trained

register = keras.saving.register_keras_serializable("fine")


@situation("float16 weights")
def float16():
    return one_layer(layers.Dense(3, dtype="float16", name="dense"))


def quantized(layer, mode, dtype="float32", shape=(4,)):
    x = keras.Input(shape, dtype=dtype, name="x")
    model = keras.Model(x, layer(x), name="quantized")
    model.quantize(mode)
    return model


@situation("int8 Dense")
def int8_dense():
    return quantized(layers.Dense(3, name="dense"), "int8")


@situation("int8 EinsumDense")
def int8_einsum():
    return quantized(layers.EinsumDense("ab,bc->ac", output_shape=3, name="dense"), "int8")


@situation("int8 Embedding")
def int8_embedding():
    return quantized(layers.Embedding(5, 3, name="embedding"), "int8", "int32")


@situation("int4 Dense")
def int4_dense():
    return quantized(layers.Dense(4, name="dense"), "int4")


def sequence(layer, shape=(5, 4)):
    x = keras.Input(shape, name="x")
    return keras.Model(x, layer(x), name="sequence")


@situation("stacked cells")
def stacked():
    return sequence(layers.RNN([layers.GRUCell(3), layers.LSTMCell(2)], name="rnn"))


@situation("Bidirectional, average")
def bidirectional():
    backward = layers.LSTM(3, go_backwards=True)
    return sequence(layers.Bidirectional(layers.LSTM(3), merge_mode="ave", backward_layer=backward, name="both"))


@situation("shared layer")
def shared():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    dense = layers.Dense(3, name="dense")
    return keras.Model([a, b], layers.Add(name="add")([dense(a), dense(b)]), name="shared")


@situation("model called twice", h5=None)
def called_twice():
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="d")], name="inner")
    x = keras.Input((4,), name="x")
    return keras.Model(x, inner(inner(x)), name="twice")


@situation("mixed flags", h5=None)
def mixed_flags():
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="d"), layers.Dense(3, name="e")], name="inner")
    inner.get_layer("d").trainable = False
    return one_layer(inner)


@situation("Normalization")
def normalization():
    layer = layers.Normalization(name="normalize")
    layer.adapt(np.random.default_rng(0).normal(2.0, size=(20, 4)))
    return one_layer(layer)


@situation("Discretization")
def discretization():
    layer = layers.Discretization(num_bins=3, name="bins")
    layer.adapt(np.random.default_rng(0).normal(size=(30, 4)))
    return one_layer(layer)


@situation("dict inputs")
def dict_inputs():
    inputs = {"z": keras.Input((2,), name="z"), "a": keras.Input((3,), name="a")}
    return keras.Model(inputs, layers.Concatenate(name="join")([inputs["z"], inputs["a"]]), name="dicts")


@situation("dict outputs")
def dict_outputs():
    x = keras.Input((4,), name="x")
    return keras.Model(x, {"q": layers.Dense(2, name="q")(x), "b": layers.Dense(1, name="b")(x)}, name="dict_out")


@situation("keys other than the inputs' names", h5=None)
def other_keys():
    inputs = {"left": keras.Input((4,), name="l"), "right": keras.Input((4,), name="r")}
    return keras.Model(inputs, layers.Add(name="add")([inputs["left"], inputs["right"]]), name="keys")


@situation("name of 300 characters")
def long_name():
    return one_layer(layers.Dense(2, name="n" * 300))


@situation("300 layers of 250 characters", h5=None)
def many_long_names():
    x = y = keras.Input((3,), name="x")
    for index in range(300):
        y = layers.Dense(3, name=f"{'n' * 246}_{index:03}")(y)
    return keras.Model(x, y, name="many")


@situation("odd names")
def odd_names():
    x = keras.Input((4,), name="x")
    y = x
    for name in ("größe", "a.b", "c:d", "e f", "layers", "vars"):
        y = layers.Dense(4, name=name)(y)
    return keras.Model(x, y, name="odd")


@situation("regularizer, constraint, initializer")
def regularized():
    return one_layer(layers.Dense(
        3, kernel_regularizer=keras.regularizers.L2(0.1), kernel_constraint=keras.constraints.NonNeg(),
        bias_initializer=keras.initializers.Constant(0.5), name="dense"))  # fmt: skip


@situation("Constant of an array")
def constant_array():
    values = np.arange(12, dtype="float32").reshape(4, 3)
    return one_layer(layers.Dense(3, kernel_initializer=keras.initializers.Constant(values), name="dense"))


@situation("TimeDistributed model")
def time_distributed():
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="d")], name="inner")
    return sequence(layers.TimeDistributed(inner, name="steps"))


@situation("SpectralNormalization")
def spectral():
    return one_layer(layers.SpectralNormalization(layers.Dense(3, name="d"), name="spectral"))


@situation("GroupQueryAttention")
def attention():
    x = keras.Input((5, 8), name="x")
    return keras.Model(x, layers.GroupQueryAttention(4, 4, 2, name="attend")(x, x), name="attends")


@situation("initial state from an input")
def initial_state():
    x, state = keras.Input((5, 4), name="x"), keras.Input((3,), name="state")
    return keras.Model([x, state], layers.GRU(3, name="gru")(x, initial_state=state), name="stated")


@situation("BatchNormalization, trained")
def batch_normalization():
    model = one_layer(layers.BatchNormalization(name="normalize"))
    model(np.random.default_rng(0).normal(size=(9, 4)).astype("float32"), training=True)
    return model


@situation("AdamW with a schedule", h5=None)
def adamw():
    rate = keras.optimizers.schedules.CosineDecay(0.1, 100)
    return fit(trained(keras.optimizers.AdamW(rate, clipnorm=1.0)))


@situation("run_eagerly and steps_per_execution", h5=None)
def stepped():
    model = trained("adam")
    model.compile("adam", "mse", run_eagerly=True, steps_per_execution=2)
    return model


@situation("rate set by hand", h5=None)
def rate_by_hand():
    model = fit(trained("adam"))
    model.optimizer.learning_rate = 0.25
    return model


@situation("Dropout rate changed")
def changed_rate():
    layer = layers.Dropout(0.5, seed=1, name="drop")
    model = one_layer(layer)
    layer.rate = 0.25
    return model


@situation("activation changed")
def changed_activation():
    layer = layers.Dense(3, activation="relu", name="dense")
    model = one_layer(layer)
    layer.activation = keras.activations.tanh
    return model


@situation("Sequential built by a call", h5=None)
def sequential_called():
    model = keras.Sequential([layers.Dense(3, name="a"), layers.Dense(1, name="b")], name="late")
    model(np.ones((2, 4), "float32"))
    model.compile("adam", "mse", run_eagerly=True)
    model.train_on_batch(np.ones((2, 4), "float32"), np.ones((2, 1), "float32"))
    return model


@situation("captured arrays in ops", h5=None)
def captured():
    x = keras.Input((4,), name="x")
    return keras.Model(x, ops.add(x, np.arange(4, dtype="float32")), name="captured")


@situation("captured variable in ops", h5=None)
def captured_variable():
    x = keras.Input((4,), name="x")
    return keras.Model(x, ops.multiply(x, keras.Variable(np.arange(4, dtype="float32"))), name="captured_variable")


@situation("int32 input")
def integers():
    x = keras.Input((4,), dtype="int32", name="x")
    return keras.Model(x, layers.Embedding(7, 3, name="embedding")(x), name="integers")


@register
class FeedForward(layers.Layer):
    def __init__(self, width=8, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.parts = keras.Sequential([layers.Dense(width, activation="gelu"), layers.Dense(4), layers.Dense(4)])

    def build(self, shape):
        self.parts.build(shape)

    def call(self, x):
        return x + self.parts(x)

    def get_config(self):
        return {**super().get_config(), "width": self.width}


@situation("layers without names, made after others", h5=None)
def counted_names():
    for _ in range(2):
        keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    layers.Dense(1)
    x = keras.Input((4,), name="x")
    return keras.Model(x, FeedForward(name="second")(FeedForward(name="first")(x)), name="counted")


@register
class Sampling(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.generator = keras.random.SeedGenerator(3)

    def call(self, x):
        return x + keras.random.normal(ops.shape(x), seed=self.generator)


@situation("random numbers drawn in a call", design="seeds")
def sampling():
    model = one_layer(Sampling(name="sampling"))
    model(np.ones((2, 4), "float32"))
    return model


@register
class Stepped(keras.Model):
    def train_step(self, data):
        x, y = data
        loss = ops.mean(ops.square(self(x, training=True) - y))
        self.trainable_weights[0].assign_sub(0.1 * ops.ones_like(self.trainable_weights[0]))
        return {"error": loss}


@situation("train_step of x and y", h5=None)
def own_step():
    x = keras.Input((4,), name="x")
    model = Stepped(x, layers.Dropout(0.5, seed=1, name="drop")(layers.Dense(2, name="dense")(x)), name="stepped")
    model.compile("sgd", keras.losses.MeanSquaredError())
    return model


class Raising:
    """An object of the user's whose properties raise."""

    @property
    def shape(self):
        raise RuntimeError("no shape")

    def __repr__(self):
        raise RuntimeError("no text")


@register
class HoldsRaising(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.other = Raising()

    def call(self, x):
        return x


@situation("attribute whose properties raise")
def holds_raising():
    return one_layer(HoldsRaising(name="holds"))


@situation("trained with dropout", h5=None, design="seeds")
def trained_with_dropout():
    model = keras.Sequential([keras.Input((4,)), layers.Dropout(0.5), layers.Dense(1)], name="dropped")
    model.compile("adam", "mse")
    model.fit(np.ones((4, 4)), np.ones((4, 1)), verbose=0)
    return model


@situation("averaged and accumulated", h5=None)
def averaged():
    return fit(trained(keras.optimizers.AdamW(1e-3, use_ema=True, gradient_accumulation_steps=2)))


@register
class Lazy(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.towers = [keras.Sequential([layers.Dense(3), layers.Dense(2)]) for _ in range(2)]

    def call(self, x):
        return ops.concatenate([tower(x) for tower in self.towers], axis=-1)


@situation("Sequentials in a list, made after others", h5=None)
def lazy():
    keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    model = Lazy(name="lazy")
    model(np.ones((2, 4), "float32"))
    return model


@register
class TwoOptimizers(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(2)

    def call(self, x):
        return self.dense(x)

    def compile(self, other):
        super().compile()
        self.other = other

    def get_compile_config(self):
        return {"other": keras.saving.serialize_keras_object(self.other)}

    def compile_from_config(self, config):
        self.compile(keras.saving.deserialize_keras_object(config["other"]))
        self.other.build(self.trainable_variables)


@situation("an optimizer beside the model's", h5=None)
def two_optimizers():
    model = TwoOptimizers(name="two")
    model(np.ones((2, 4), "float32"))
    model.compile(keras.optimizers.Adam(0.01))
    model.other.build(model.trainable_variables)
    return model
