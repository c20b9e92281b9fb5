"""Recommenders, experts, pairs and graphs."""

import keras
from keras import layers, ops


class Tower(layers.Layer):
    def __init__(self, vocabulary, width=4, **kwargs):
        super().__init__(**kwargs)
        self.embed, self.dense = layers.Embedding(vocabulary, width), layers.Dense(width)

    def call(self, ids):
        x = self.dense(self.embed(ids))
        return x / ops.norm(x, axis=-1, keepdims=True)


class TwoTower(keras.Model):
    def __init__(self):
        super().__init__(name="two_tower")
        self.user, self.item = Tower(20, name="user"), Tower(50, name="item")

    def call(self, inputs):
        return ops.sum(self.user(inputs["user"]) * self.item(inputs["item"]), axis=-1)


class Cross(layers.Layer):
    """x0 * (W x + b) + x."""

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[0][-1], shape[0][-1]), name="w")
        self.b = self.add_weight(shape=(shape[0][-1],), name="b")

    def call(self, inputs):
        x0, x = inputs
        return x0 * (ops.matmul(x, self.w) + self.b) + x


class DeepAndCross(keras.Model):
    def __init__(self):
        super().__init__(name="deep_and_cross")
        self.embeds = {"city": layers.Embedding(10, 3), "job": layers.Embedding(15, 3)}
        self.cross = [Cross(name=f"cross_{i}") for i in range(2)]
        self.deep = [layers.Dense(8, activation="relu"), layers.Dense(4, activation="relu")]
        self.out = layers.Dense(1, activation="sigmoid")

    def call(self, inputs):
        found = [layer(inputs[name]) for name, layer in sorted(self.embeds.items())]
        x0 = x = y = ops.concatenate([*found, inputs["numbers"]], axis=-1)
        for layer in self.cross:
            x = layer([x0, x])
        for layer in self.deep:
            y = layer(y)
        return self.out(ops.concatenate([x, y], axis=-1))


class MixtureOfExperts(keras.Model):
    """A soft gate, and the best expert by index."""

    def __init__(self, experts=3):
        super().__init__(name="mixture_of_experts")
        self.experts = [layers.Dense(4, activation="relu") for _ in range(experts)]
        self.gate, self.out = layers.Dense(experts, activation="softmax"), layers.Dense(2)

    def call(self, x):
        gate = self.gate(x)
        best, _ = ops.top_k(gate, k=2)
        kept = ops.where(gate >= best[:, -1:], gate, 0.0)
        outputs = ops.stack([expert(x) for expert in self.experts], axis=1)
        return self.out(ops.sum(outputs * ops.expand_dims(kept, -1), axis=1))


class Siamese(keras.Model):
    """One embedding model for three images."""

    def __init__(self):
        super().__init__(name="siamese")
        image = keras.Input((8, 8, 1))
        x = layers.Flatten()(layers.Conv2D(2, 3, activation="relu")(image))
        self.embedding = keras.Model(image, layers.Dense(4)(x), name="embedding")

    def call(self, inputs):
        anchor, positive, negative = (self.embedding(image) for image in inputs)
        near = ops.sum(ops.square(anchor - positive), -1)
        far = ops.sum(ops.square(anchor - negative), -1)
        return near, far


class GraphLayer(layers.Layer):
    """Gathers the neighbours of each edge and adds them up by node."""

    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        self.prepare, self.update = layers.Dense(width, activation="relu"), layers.Dense(width)

    def call(self, nodes, edges):
        messages = ops.take(self.prepare(nodes), edges[:, 1], axis=0)
        total = ops.segment_sum(messages, edges[:, 0], num_segments=nodes.shape[0])
        return self.update(ops.concatenate([nodes, total], axis=-1))


class GraphNetwork(keras.Model):
    """Nodes and edges of one graph: the first dimensions are no batch."""

    def __init__(self):
        super().__init__(name="graph_network")
        self.stem, self.conv1, self.conv2 = layers.Dense(6), GraphLayer(6, name="conv1"), GraphLayer(6, name="conv2")
        self.out = layers.Dense(3)

    def call(self, inputs):
        nodes, edges = inputs["nodes"], inputs["edges"]
        x = self.stem(nodes)
        x = self.conv1(x, edges) + x
        return self.out(self.conv2(x, edges) + x)
