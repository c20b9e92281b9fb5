"""Models without usable inputs, whose source says what they are; and such as look like it and are not."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


class Tree(keras.Model):
    def __init__(self):
        super().__init__(name="tree")
        self.leaf, self.join = layers.Dense(4), layers.Dense(4)

    def call(self, tree):
        if not isinstance(tree, tuple):
            return self.leaf(tree)
        return self.join(
            ops.concatenate(
                [self.call(tree[0]), self.call(tree[1])], -1  # recursion
            )
        )  # fmt: skip


class ByHelper(Tree):
    def call(self, tree, training=False):
        return self.join(self.walk(tree))

    def walk(self, node):
        if node.left is None:
            return self.leaf(node.value)
        return self.walk(node.left) + self.walk(node.right)  # by a helper


class ByItself(Tree):
    def call(self, tree):
        return self.join(sum(self(child) for child in tree.children))  # by itself


class Mutual(Tree):
    def call(self, tree):
        return self.visit(tree)

    def visit(self, node):
        return self.inner(node) if len(node) > 1 else self.leaf(node[0])

    def inner(self, node):
        return self.join(self.visit(node[1:]))  # mutual


class Endless(Tree):
    def call(self, x):
        return self.call(self.leaf(x))  # without end


class Local(Tree):
    def call(self, tree):
        def walk(node):
            return self.leaf(node) if ops.is_tensor(node) else self.join(walk(node[0]) + walk(node[1]))  # local

        return walk(tree)


class Branch(Tree):
    def call(self, x):
        h = self.leaf(x)
        if ops.max(h) > 0.5:  # branch
            return h
        return self.join(h)


class Raw(Tree):
    def call(self, x):
        return self.leaf(x) if tf.reduce_sum(x) > 0 else x  # raw


class ToNumpy(Tree):
    def call(self, x):
        value = float(ops.mean(self.leaf(x)))
        if x is not None and value > 0:  # number
            return x
        return -x


class Method(Tree):
    def call(self, x):
        if x.numpy().sum() > 0:  # method
            return x
        return -x


class InMethod(Tree):
    def decide(self, h, flag=True):
        if flag and not (h > 0):  # in a method
            return h
        return -h

    def call(self, x):
        return self.decide(self.leaf(x))


class FromBase(Branch):
    def call(self, x):
        return super().call(x) * 2


class InLoop(Tree):
    def __init__(self):
        super().__init__()
        self.blocks = [layers.Dense(4), layers.Dense(4)]

    def call(self, x):
        for i, block in enumerate(self.blocks):
            h = block(x)
            if ops.any(h > i):  # in a loop
                x = h
        return x


class Loop(Tree):
    def call(self, x):
        while ops.max(x) > 1:  # loop
            x = self.leaf(x)
        return x


class Times(Tree):
    def call(self, x, n):
        for _ in range(int(ops.max(n))):  # times
            x = self.leaf(x)
        return x


class Random(Tree):
    def call(self, x):
        if keras.random.uniform(()) > 0.5:  # random
            return x
        return self.leaf(x)


class Static(Tree):
    """Nothing here decides on a value."""

    def __init__(self, flag=True, rate=0.1):
        super().__init__()
        self.flag, self.rate, self.norm, self.kinds = flag, rate, None, {"a": 1}

    def check(self, x, strict=True):
        assert len(x.shape) == 3
        return strict and x.shape[1] > 2

    def call(self, x, mask=None, state=None, training=None, mode="a", return_all=False, *args, **kwargs):
        if training:
            x = self.leaf(x)
        if training is None or not training:
            x = x * 1.0
        if self.flag and self.rate > 0:
            x = self.join(x)
        if x is None or mask is not None:
            x = x * mask
        if len(x.shape) == 3 and x.shape[-1] % 2 == 0:
            x = x[..., 0]
        if isinstance(x, list | tuple) or ops.is_tensor(x) or tf.is_tensor(x):
            x = x[0]
        if mode == "a" or return_all or mode in self.kinds or "b" in kwargs or kwargs.get("c") is None:
            x = -x
        if ops.shape(x)[0] == 3 or ops.ndim(x) == 2 or np.prod(x.shape[1:]) > 4 or int(x.shape[1]) > 3:
            x = x + 1
        if self.norm is not None or hasattr(self, "other") or keras.backend.backend() == "jax":
            x = self.norm(x)
        if self.check(x) or callable(state) or x.dtype == "float16" or tf.executing_eagerly():
            x = x - 1
        for i in range(x.shape[1]):
            x = x if i else self.leaf(x)
        h = self.leaf(x)
        while h.shape[1] > 100:
            h = h[:, ::2]
        rows = [self.join(row) for row in ops.unstack(h, axis=1) if row is not None]
        return rows if state else ops.stack(rows) if len(rows) > 2 else h


class StaticDepth(Tree):
    def node(self, x, depth):
        if depth == 0:
            return self.leaf(x)
        return self.join(ops.concatenate([self.node(x, depth - 1), self.node(-x, depth - 1)]))

    def call(self, x):
        return self.node(x, 3)


class OwnStructure(Tree):
    def __init__(self):
        super().__init__()
        self.structure = ((0, 1), 2)

    def walk(self, shape, x):
        if isinstance(shape, int):
            return self.leaf(x[:, shape])
        return self.join(ops.concatenate([self.walk(part, x) for part in shape]))

    def call(self, x):
        return self.walk(self.structure, x)


class FlattensArguments(Tree):
    """The recursion computes nothing: it takes nested arguments apart."""

    def flat(self, x):
        return [leaf for item in x for leaf in self.flat(item)] if isinstance(x, list) else [x]

    def call(self, x):
        return self.join(ops.concatenate(self.flat(x)))


class ByShape(Tree):
    def call(self, x):
        if x.shape[1] > 1:
            return self.call(self.leaf(x[:, ::2]))
        return self.join(x)


class SwitchedOff(Tree):
    def __init__(self):
        super().__init__()
        self.adaptive = False

    def call(self, x):
        if self.adaptive and ops.max(x) > 0:
            x = -x
        if self.adaptive:
            x = x if ops.min(x) > 0 else -x
        return self.leaf(x)
