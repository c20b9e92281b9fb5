"""Vision: patches, encoders and decoders, point clouds, detection."""

import keras
from keras import layers, ops


class PatchEncoder(layers.Layer):
    """Cuts patches, projects them, adds a learned position."""

    def __init__(self, patch, width, count, **kwargs):
        super().__init__(**kwargs)
        self.patch, self.count = patch, count
        self.project, self.position = layers.Dense(width), layers.Embedding(count, width)

    def call(self, images):
        shape = ops.shape(images)
        rows, columns, channels = shape[1] // self.patch, shape[2] // self.patch, shape[3]
        x = ops.reshape(images, (-1, rows, self.patch, columns, self.patch, channels))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
        x = ops.reshape(x, (-1, rows * columns, self.patch * self.patch * channels))
        positions = ops.expand_dims(ops.arange(0, self.count), axis=0)
        return self.project(x) + self.position(positions)


class EncoderBlock(layers.Layer):
    def __init__(self, width, heads=2, rate=0.1, **kwargs):
        super().__init__(**kwargs)
        self.norm1, self.norm2 = layers.LayerNormalization(epsilon=1e-6), layers.LayerNormalization(epsilon=1e-6)
        self.attention = layers.MultiHeadAttention(heads, width // heads, dropout=rate)
        self.mlp = [layers.Dense(width * 2, activation="gelu"), layers.Dropout(rate), layers.Dense(width)]

    def call(self, x, training=False):
        y = self.norm1(x)
        x = x + self.attention(y, y, training=training)
        y = self.norm2(x)
        for layer in self.mlp:
            y = layer(y, training=training) if isinstance(layer, layers.Dropout) else layer(y)
        return x + y


class ViT(keras.Model):
    """With a class token of the model's own."""

    def __init__(self, width=8, depth=2):
        super().__init__(name="vit")
        self.patches = PatchEncoder(4, width, 4, name="patches")
        self.blocks = [EncoderBlock(width, name=f"block_{i}") for i in range(depth)]
        self.norm, self.head = layers.LayerNormalization(), layers.Dense(3)
        self.token = self.add_weight(shape=(1, 1, width), name="token")

    def call(self, images, training=False):
        x = self.patches(images)
        token = ops.tile(self.token, (ops.shape(x)[0] or 3, 1, 1)) if x.shape[0] else x[:, :1] * 0 + self.token
        x = ops.concatenate([token, x], axis=1)
        for block in self.blocks:
            x = block(x, training=training)
        return self.head(self.norm(x)[:, 0])


class DoubleConv(layers.Layer):
    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.steps = []
        for _ in range(2):
            self.steps += [layers.Conv2D(filters, 3, padding="same"), layers.BatchNormalization(), layers.ReLU()]

    def call(self, x, training=False):
        for step in self.steps:
            x = step(x, training=training) if isinstance(step, layers.BatchNormalization) else step(x)
        return x


class UNet(keras.Model):
    def __init__(self, widths=(4, 8)):
        super().__init__(name="unet")
        self.down = [DoubleConv(w, name=f"down_{w}") for w in widths]
        self.pool, self.bottom = layers.MaxPooling2D(), DoubleConv(widths[-1] * 2, name="bottom")
        self.up = [layers.Conv2DTranspose(w, 2, strides=2) for w in reversed(widths)]
        self.merge = [DoubleConv(w, name=f"merge_{w}") for w in reversed(widths)]
        self.out = layers.Conv2D(2, 1, activation="softmax")

    def call(self, x, training=False):
        skips = []
        for block in self.down:
            x = block(x, training=training)
            skips.append(x)
            x = self.pool(x)
        x = self.bottom(x, training=training)
        for up, merge, skip in zip(self.up, self.merge, reversed(skips), strict=True):
            x = merge(ops.concatenate([up(x), skip], axis=-1), training=training)
        return self.out(x)


class ConvMixer(keras.Model):
    def __init__(self, filters=6, depth=2):
        super().__init__(name="conv_mixer")
        self.rescale, self.stem = layers.Rescaling(1 / 255), layers.Conv2D(filters, 2, strides=2)
        self.depthwise = [layers.DepthwiseConv2D(3, padding="same") for _ in range(depth)]
        self.pointwise = [layers.Conv2D(filters, 1) for _ in range(depth)]
        self.norms = [layers.BatchNormalization() for _ in range(2 * depth)]
        self.pool, self.out = layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax")

    def call(self, x, training=False):
        x = keras.activations.gelu(self.stem(self.rescale(x)))
        norms = iter(self.norms)
        for depthwise, pointwise in zip(self.depthwise, self.pointwise, strict=True):
            x = next(norms)(keras.activations.gelu(depthwise(x)), training=training) + x
            x = next(norms)(keras.activations.gelu(pointwise(x)), training=training)
        return self.out(self.pool(x))


class MixerBlock(layers.Layer):
    def __init__(self, tokens, width, **kwargs):
        super().__init__(**kwargs)
        self.mlp1 = keras.Sequential([layers.Dense(tokens, activation="gelu"), layers.Dense(tokens)])
        self.mlp2 = keras.Sequential([layers.Dense(width, activation="gelu"), layers.Dense(width)])
        self.norm = layers.LayerNormalization()

    def call(self, x):
        x = x + ops.transpose(self.mlp1(ops.transpose(self.norm(x), (0, 2, 1))), (0, 2, 1))
        return x + self.mlp2(self.norm(x))


class MLPMixer(keras.Model):
    def __init__(self):
        super().__init__(name="mlp_mixer")
        self.patches = PatchEncoder(4, 6, 4, name="patches")
        self.blocks = keras.Sequential([MixerBlock(4, 6, name="mix_0"), MixerBlock(4, 6, name="mix_1")], name="blocks")
        self.pool, self.out = layers.GlobalAveragePooling1D(), layers.Dense(3)

    def call(self, x):
        return self.out(self.pool(self.blocks(self.patches(x))))


class TNet(layers.Layer):
    """Predicts a transform of its input, and applies it."""

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        self.conv, self.norm = layers.Conv1D(8, 1), layers.BatchNormalization()
        self.pool = layers.GlobalMaxPooling1D()
        self.matrix = layers.Dense(size * size, kernel_initializer="zeros")

    def call(self, x, training=False):
        y = ops.relu(self.norm(self.conv(x), training=training))
        transform = ops.reshape(self.matrix(self.pool(y)), (-1, self.size, self.size)) + ops.eye(self.size)
        return ops.matmul(x, transform)


class PointNet(keras.Model):
    def __init__(self):
        super().__init__(name="point_net")
        self.input_net, self.feature_net = TNet(3, name="input_net"), TNet(8, name="feature_net")
        self.conv1, self.conv2 = layers.Conv1D(8, 1, activation="relu"), layers.Conv1D(16, 1, activation="relu")
        self.pool, self.drop, self.out = layers.GlobalMaxPooling1D(), layers.Dropout(0.3), layers.Dense(4)

    def call(self, points, training=False):
        x = self.feature_net(self.conv1(self.input_net(points, training=training)), training=training)
        return self.out(self.drop(self.pool(self.conv2(x)), training=training))


class DETR(keras.Model):
    """Learned queries attend to the image; classes and boxes come out as a dict."""

    def __init__(self, width=8, queries=5):
        super().__init__(name="detr")
        self.width = width
        self.backbone = keras.Sequential(
            [layers.Conv2D(width, 3, strides=2, padding="same"), layers.ReLU()], name="backbone"
        )
        self.encoder = EncoderBlock(width, name="encoder")
        self.cross, self.norm = layers.MultiHeadAttention(2, 4), layers.LayerNormalization()
        self.classes = layers.Dense(4)
        self.boxes = keras.Sequential(
            [layers.Dense(8, activation="relu"), layers.Dense(4, activation="sigmoid")], name="boxes"
        )
        self.queries = self.add_weight(shape=(queries, width), name="queries")

    def call(self, images, training=False):
        x = self.backbone(images)
        x = ops.reshape(x, (-1, x.shape[1] * x.shape[2], self.width))
        x = self.encoder(x, training=training)
        queries = ops.broadcast_to(self.queries, (ops.shape(x)[0], *self.queries.shape))
        x = self.norm(queries + self.cross(queries, x, training=training))
        return {"logits": self.classes(x), "boxes": self.boxes(x)}


class MaskedAutoencoder(keras.Model):
    """Keeps random patches only: the shuffle is drawn in `call`."""

    def __init__(self, keep=2):
        super().__init__(name="masked_autoencoder")
        self.keep = keep
        self.patches, self.encoder = PatchEncoder(4, 8, 4, name="patches"), EncoderBlock(8, name="encoder")
        self.decoder, self.out = EncoderBlock(8, name="decoder"), layers.Dense(16)
        self.seed_generator = keras.random.SeedGenerator(3)

    def call(self, images, training=False):
        x = self.patches(images)
        noise = keras.random.uniform(ops.shape(x)[:2], seed=self.seed_generator)
        kept = ops.argsort(noise, axis=1)[:, : self.keep]
        x = ops.take_along_axis(x, ops.expand_dims(kept, -1), axis=1)
        return self.out(self.decoder(self.encoder(x, training=training), training=training))


class Routing(layers.Layer):
    """Routing by agreement, a fixed number of times."""

    def __init__(self, capsules, width, rounds=3, **kwargs):
        super().__init__(**kwargs)
        self.capsules, self.width, self.rounds = capsules, width, rounds

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[1], self.capsules, shape[2], self.width), name="w")

    def call(self, x):
        votes = ops.einsum("bic,ijcd->bijd", x, self.w)
        logits = ops.sum(ops.zeros_like(votes), axis=-1)
        for _ in range(self.rounds):
            weights = ops.expand_dims(ops.softmax(logits, axis=2), -1)
            total = ops.sum(weights * votes, axis=1)
            norm = ops.sum(ops.square(total), axis=-1, keepdims=True)
            out = total * norm / (1.0 + norm) / ops.sqrt(norm + 1e-7)
            logits = logits + ops.sum(votes * ops.expand_dims(out, 1), axis=-1)
        return out


class CapsuleNet(keras.Model):
    def __init__(self):
        super().__init__(name="capsule_net")
        self.conv, self.primary = layers.Conv2D(8, 3, activation="relu"), layers.Conv2D(8, 3, strides=2)
        self.routing = Routing(3, 4, name="routing")

    def call(self, x):
        x = self.primary(self.conv(x))
        x = ops.reshape(x, (-1, x.shape[1] * x.shape[2] * 2, 4))
        return ops.sqrt(ops.sum(ops.square(self.routing(x)), axis=-1) + 1e-7)
