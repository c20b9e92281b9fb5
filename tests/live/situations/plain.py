"""Models whose `call` is a plain DAG."""

import keras
from keras import layers, ops


class MLP(keras.Model):
    def __init__(self):
        super().__init__(name="mlp")
        self.hidden, self.out = layers.Dense(8, activation="relu"), layers.Dense(3)

    def call(self, x):
        return self.out(self.hidden(x))


class CNN(keras.Model):
    def __init__(self):
        super().__init__(name="cnn")
        self.conv, self.norm, self.pool = layers.Conv2D(4, 3), layers.BatchNormalization(), layers.MaxPooling2D()
        self.flatten, self.drop, self.out = layers.Flatten(), layers.Dropout(0.5), layers.Dense(2)

    def call(self, x, training=False):
        x = self.pool(self.norm(self.conv(x), training=training))
        return self.out(self.drop(self.flatten(x), training=training))


class Residual(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(name="residual", **kwargs)
        self.first, self.second, self.out = layers.Dense(6), layers.Dense(6), layers.Dense(2)

    def call(self, x):
        x = self.first(x)
        return self.out(ops.relu(x + self.second(x)))


class OpsAttention(keras.Model):
    def __init__(self):
        super().__init__(name="ops_attention")
        self.query, self.key, self.value, self.out = (layers.Dense(6) for _ in range(4))

    def call(self, x):
        scores = ops.matmul(self.query(x), ops.transpose(self.key(x), (0, 2, 1)))
        return self.out(ops.mean(ops.matmul(ops.softmax(scores), self.value(x)), axis=1))


class ListInputs(keras.Model):
    def __init__(self):
        super().__init__(name="list_io")
        self.left, self.right = layers.Dense(4), layers.Dense(4)
        self.join, self.out = layers.Concatenate(), layers.Dense(2)

    def call(self, inputs):
        a, b = inputs
        return [self.out(self.join([self.left(a), self.right(b)]))]


class DictInputs(keras.Model):
    def __init__(self):
        super().__init__(name="dict_io")
        self.embed, self.pool = layers.Embedding(20, 4), layers.GlobalAveragePooling1D()
        self.dense, self.join = layers.Dense(4), layers.Concatenate()
        self.logits, self.score = layers.Dense(2), layers.Dense(1)

    def call(self, inputs):
        x = self.join([self.pool(self.embed(inputs["tokens"])), self.dense(inputs["numbers"])])
        return {"logits": self.logits(x), "score": self.score(x)}


class TwoArguments(keras.Model):
    def __init__(self):
        super().__init__(name="two_arguments")
        self.left, self.right, self.join, self.out = layers.Dense(4), layers.Dense(4), layers.Add(), layers.Dense(1)

    def call(self, a, b):
        return self.out(self.join([self.left(a), self.right(b)]))


class Nested(keras.Model):
    def __init__(self):
        super().__init__(name="nested")
        inputs = keras.Input((4,))
        self.encoder = keras.Model(inputs, layers.Dense(3)(inputs), name="encoder")
        self.head = keras.Sequential([layers.Dense(5, activation="relu"), layers.Dense(2)], name="head")

    def call(self, x):
        return self.head(self.encoder(x))


class SharedTwice(keras.Model):
    def __init__(self):
        super().__init__(name="shared_twice")
        self.shared, self.join = layers.Dense(4), layers.Subtract()
        self.hidden, self.out = layers.Dense(4), layers.Dense(1)

    def call(self, inputs):
        left, right = inputs
        return self.out(self.hidden(self.join([self.shared(left), self.shared(right)])))


class Containers(keras.Model):
    def __init__(self):
        super().__init__(name="containers")
        self.stack = [layers.Dense(4) for _ in range(4)]
        self.heads = {"a": layers.Dense(2), "b": layers.Dense(2)}

    def call(self, x):
        for layer in self.stack:
            x = layer(x)
        return {name: head(x) for name, head in self.heads.items()}


@keras.saving.register_keras_serializable(package="situations")
class Backbone(keras.Model):
    """Functional by its constructor, as keras_hub's backbones are."""

    def __init__(self):
        tokens, mask = keras.Input((5,), dtype="int32", name="tokens"), keras.Input((5,), dtype="int32", name="mask")
        x = layers.Embedding(20, 4)(tokens)
        x = x * ops.expand_dims(ops.cast(mask, "float32"), -1)
        super().__init__({"tokens": tokens, "mask": mask}, layers.Dense(3)(layers.Dense(3)(x)), name="backbone")


class Lambdas(keras.Model):
    def __init__(self):
        super().__init__(name="lambdas")
        self.scale, self.out = layers.Lambda(lambda x: x * 2.0), layers.Dense(2)

    def call(self, x):
        return self.out(self.scale(x))


class DirectWeights(keras.Model):
    """A weight of the model's own, used by an operation."""

    def __init__(self):
        super().__init__(name="direct_weights")
        self.hidden = layers.Dense(4)

    def build(self, input_shape):
        self.w = self.add_weight(shape=(4, 2), name="w")
        self.b = self.add_weight(shape=(2,), name="b")
        self.hidden.build(input_shape)

    def call(self, x):
        return ops.matmul(self.hidden(x), self.w) + self.b


class MaskedLSTM(keras.Model):
    def __init__(self):
        super().__init__(name="masked_lstm")
        self.embed = layers.Embedding(20, 4, mask_zero=True)
        self.lstm, self.out = layers.LSTM(3), layers.Dense(1)

    def call(self, tokens):
        return self.out(self.lstm(self.embed(tokens)))
