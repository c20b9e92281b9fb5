"""KS701 weights-never-loaded."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.unbuilt_roots import find_unbuilt
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

REGISTER = "@keras.saving.register_keras_serializable('mine')\n"
BRANCHES = (REGISTER
            + "class Branches(keras.Model):\n    def __init__(self, **kwargs):\n        super().__init__(**kwargs)\n"
            "        self.one, self.other = layers.Dense(4), layers.Dense(4)\n    def call(self, x):\n"
            "        return self.one(x) if ops.sum(x) > 0 else self.other(x)\n"
            "model = Branches()\nmodel(np.ones((3, 4), 'float32'))")  # fmt: skip
INNER = ("x = keras.Input((4,))\ninner = keras.Model(x, layers.Dense(2)(x))\n" + REGISTER
         + "class Holder(keras.Model):\n    def __init__(self, part, **kwargs):\n        super().__init__(**kwargs)\n"
         "        self.part = part\n        self.tracker = keras.metrics.Mean()\n    def get_config(self):\n"
         "        return {**super().get_config(), 'part': keras.saving.serialize_keras_object(self.part)}\n"
         "    @classmethod\n    def from_config(cls, config):\n"
         "        part = keras.saving.deserialize_keras_object(config.pop('part'))\n"
         "        return cls(part, **config)\n")  # fmt: skip


class WeightsNeverLoaded(Rule):
    """A subclassed model that is not built when it is loaded: Keras leaves its weights as they were made, in silence.

    A subclassed model makes its weights when it is first called. For a load Keras stores the input shape as
    `build_config` and builds the model with it before it reads the weights. Where the shape is missing, as the model
    was never called as a whole or `call` cannot be traced (a branch on a tensor's value), no layer takes the stored
    tensors, nothing is raised, and the loaded model answers with random weights: outputs were off by 1.7 in a test.
    Define `build(self, input_shape)` so that it builds every layer; or `get_build_config` and `build_from_config`.
    """

    code = "KS701"
    name = "weights-never-loaded"
    severity = "error"
    needs = ("weights",)
    flags = (
        Example(BRANCHES, "a branch on a tensor's value"),
        Example(REGISTER + "class Parts(keras.Model):\n    def __init__(self, **kwargs):\n"
                "        super().__init__(**kwargs)\n        self.encoder = layers.Dense(3)\n"
                "        self.tracker = keras.metrics.Mean(name='loss')\n    def train_step(self, data):\n"
                "        self.tracker.update_state(ops.mean(self.encoder(data[0])))\n"
                "        return {'loss': self.tracker.result()}\nmodel = Parts()\nmodel.compile()\n"
                "model.fit(np.ones((4, 2)), np.ones((4, 2)), verbose=0)", "layers called by train_step alone"),
    )  # fmt: skip
    allows = (
        Example(REGISTER + "class Chain(keras.Model):\n    def __init__(self, **kwargs):\n"
                "        super().__init__(**kwargs)\n        self.dense = layers.Dense(4)\n    def call(self, x):\n"
                "        return self.dense(x)\nmodel = Chain()\nmodel(np.ones((3, 4), 'float32'))",
                "a model that was called"),
        Example(INNER + "model = Holder(inner)", "a functional model in one that was never called"),
        Example(REGISTER + "class Owner(keras.Model):\n    def __init__(self, **kwargs):\n"
                "        super().__init__(**kwargs)\n        self.net = keras.Sequential([layers.Input((4,)), "
                "layers.Dense(2)])\n        self.w = self.add_weight(shape=(4, 2), name='w')\nmodel = Owner()",
                "weights made by __init__"),
        Example(BRANCHES.replace("    def call(self, x)", "    def build(self, shape):\n        self.one.build(shape)\n"
                "        self.other.build(shape)\n        self.built = True\n    def call(self, x)"), "a build method"),
        Example("model = keras.Sequential([layers.Dense(2)])", "a Sequential that was never built"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        found = find_unbuilt(case.model) if not case.is_live else None
        if found is None:
            return
        name = case.model.graph.class_name
        lost = sum(len(weights) for weights in found.layers.values())
        listed = ", ".join(repr(owner) for owner in list(found.layers)[:3])
        more = f" and {len(found.layers) - 3} more" if len(found.layers) > 3 else ""
        yield self.finding(
            f"no build_config says how {name} was built: Keras loads it without an error and leaves {lost} of its "
            f"{found.total} tensors unread, those of {listed}{more}",
            hint=f"define build(self, input_shape) on {name} so that it builds each layer, or get_build_config and "
                 "build_from_config, and save again", pointer="/build_config",
        )  # fmt: skip
