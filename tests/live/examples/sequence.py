"""Text, speech and other sequences."""

import keras
from keras import layers, ops


class TokenAndPosition(layers.Layer):
    def __init__(self, length, vocabulary, width, **kwargs):
        super().__init__(**kwargs)
        self.token, self.position = layers.Embedding(vocabulary, width), layers.Embedding(length, width)

    def call(self, x):
        positions = ops.arange(0, ops.shape(x)[-1])
        return self.token(x) + self.position(positions)


class TransformerBlock(layers.Layer):
    def __init__(self, width, heads=2, rate=0.1, **kwargs):
        super().__init__(**kwargs)
        self.attention = layers.MultiHeadAttention(heads, width)
        self.ffn = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(width)])
        self.norm1, self.norm2 = layers.LayerNormalization(epsilon=1e-6), layers.LayerNormalization(epsilon=1e-6)
        self.drop1, self.drop2 = layers.Dropout(rate), layers.Dropout(rate)

    def call(self, x, training=False):
        x = self.norm1(x + self.drop1(self.attention(x, x), training=training))
        return self.norm2(x + self.drop2(self.ffn(x), training=training))


class TransformerClassifier(keras.Model):
    def __init__(self):
        super().__init__(name="transformer_classifier")
        self.embed, self.block = TokenAndPosition(10, 50, 8, name="embed"), TransformerBlock(8, name="block")
        self.pool, self.drop, self.out = layers.GlobalAveragePooling1D(), layers.Dropout(0.1), layers.Dense(2)

    def call(self, tokens, training=False):
        x = self.block(self.embed(tokens), training=training)
        return self.out(self.drop(self.pool(x), training=training))


class CausalBlock(layers.Layer):
    """A gated dilated convolution with a residual and a skip."""

    def __init__(self, filters, dilation, **kwargs):
        super().__init__(**kwargs)
        self.filter = layers.Conv1D(filters, 2, padding="causal", dilation_rate=dilation, activation="tanh")
        self.gate = layers.Conv1D(filters, 2, padding="causal", dilation_rate=dilation, activation="sigmoid")
        self.mix = layers.Conv1D(filters, 1)

    def call(self, x):
        skip = self.mix(self.filter(x) * self.gate(x))
        return x + skip, skip


class WaveNet(keras.Model):
    def __init__(self):
        super().__init__(name="wavenet")
        self.stem = layers.Conv1D(6, 1)
        self.blocks = [CausalBlock(6, 2**i, name=f"dilation_{2**i}") for i in range(3)]
        self.head, self.out = layers.Conv1D(6, 1, activation="relu"), layers.Conv1D(8, 1, activation="softmax")

    def call(self, x):
        x, skips = self.stem(x), []
        for block in self.blocks:
            x, skip = block(x)
            skips.append(skip)
        return self.out(self.head(ops.relu(sum(skips))))


class Seq2Seq(keras.Model):
    """An encoder and a decoder with attention; two integer inputs, padding masked."""

    def __init__(self, units=6):
        super().__init__(name="seq2seq")
        self.source, self.target = layers.Embedding(30, 5, mask_zero=True), layers.Embedding(40, 5, mask_zero=True)
        self.encoder = layers.Bidirectional(layers.GRU(units, return_sequences=True, return_state=True))
        self.bridge = layers.Dense(units, activation="tanh")
        self.decoder = layers.GRU(units, return_sequences=True)
        self.query, self.attention = layers.Dense(2 * units), layers.Attention()
        self.out = layers.Dense(40)

    def call(self, source, target):
        encoded, forward, backward = self.encoder(self.source(source))
        state = self.bridge(ops.concatenate([forward, backward], axis=-1))
        decoded = self.decoder(self.target(target), initial_state=state)
        context = self.attention([self.query(decoded), encoded])
        return self.out(ops.concatenate([decoded, context], axis=-1))


class ConvModule(layers.Layer):
    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        self.norm, self.wide = layers.LayerNormalization(), layers.Conv1D(2 * width, 1)
        self.depthwise, self.batch = layers.DepthwiseConv1D(3, padding="same"), layers.BatchNormalization()
        self.narrow = layers.Conv1D(width, 1)

    def call(self, x, training=False):
        a, b = ops.split(self.wide(self.norm(x)), 2, axis=-1)
        return self.narrow(ops.silu(self.batch(self.depthwise(a * ops.sigmoid(b)), training=training)))


class Conformer(keras.Model):
    def __init__(self, width=8):
        super().__init__(name="conformer")
        self.first = keras.Sequential(
            [layers.LayerNormalization(), layers.Dense(16, "silu"), layers.Dense(width)], name="first"
        )
        self.second = keras.Sequential(
            [layers.LayerNormalization(), layers.Dense(16, "silu"), layers.Dense(width)], name="second"
        )
        self.norm, self.attention = layers.LayerNormalization(), layers.MultiHeadAttention(2, 4)
        self.conv, self.last, self.out = ConvModule(width, name="conv"), layers.LayerNormalization(), layers.Dense(5)

    def call(self, x, training=False):
        x = x + 0.5 * self.first(x)
        y = self.norm(x)
        x = x + self.attention(y, y, training=training)
        x = x + self.conv(x, training=training)
        x = x + 0.5 * self.second(x)
        return self.out(self.last(x))
