"""KS410 incomplete-get-config."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.parts import walk_held
from ..analyses.roles import is_own
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

BASE = ("name", "trainable", "dtype")
LAYER = ("@keras.saving.register_keras_serializable('mine')\nclass Scale(layers.Layer):\n"
         "    def __init__(self, factor, **kwargs):\n        super().__init__(**kwargs)\n"
         "        self.factor = factor\n    def call(self, x):\n        return x * self.factor\n"
         "    def get_config(self):\n        return %s\n"
         "x = keras.Input((4,))\nmodel = keras.Model(x, Scale(2.0, name='double')(x))")  # fmt: skip


class IncompleteGetConfig(Rule):
    """A custom layer whose stored config lacks what every layer states: its name, its dtype and whether it trains.

    A `get_config` that returns `{"factor": self.factor}` alone forgets what `super().get_config()` gives. The layer
    comes back under another name, so that `get_layer("double")` fails; a frozen one trains again; one in mixed
    precision computes in float32, and outputs differ. Return `{**super().get_config(), "factor": self.factor}`. An
    argument of `__init__` that `get_config` forgets cannot be seen in a file: look for it in the source.
    """

    code = "KS410"
    name = "incomplete-get-config"
    severity = "info"
    needs = ("model",)
    flags = (
        Example(LAYER % "{'factor': self.factor}", "its own argument alone"),
        Example(LAYER % "{'factor': self.factor}" + "\n"
                "outer = keras.Sequential([layers.Input((4,)), model])\nmodel = outer", "in a nested model"),
    )  # fmt: skip
    allows = (
        Example(LAYER % "{**super().get_config(), 'factor': self.factor}", "everything"),
        Example(LAYER % "{'factor': self.factor, 'name': self.name, 'dtype': 'float32', 'trainable': True}",
                "everything by hand", "model.h5"),
        Example("@keras.saving.register_keras_serializable('mine')\nclass Plain(layers.Layer):\n"
                "    def call(self, x):\n        return x\nx = keras.Input((4,))\nmodel = keras.Model(x, Plain()(x))",
                "a layer without get_config"),
        Example("x = keras.Input((4,))\ny = layers.RepeatVector(2)(x)\n"
                "model = keras.Model(x, layers.SpatialDropout1D(0.1)(y))",
                "a layer of Keras that leaves something out"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        if case.is_live or not (case.model.keras_version or "").startswith("3."):
            return
        for path, _, layer in walk_held(case.model):
            if is_own(layer) or layer.kind not in ("layer", "subclassed") or not layer.class_name:
                continue
            if not any(key in layer.config for key in BASE):
                yield self.finding(
                    f"the config of {layer.class_name} {layer.name!r} holds neither name, dtype nor trainable: "
                    "loaded, it has another name, trains, and computes in float32",
                    layer=path,
                    hint="return {**super().get_config(), …} from get_config",
                )
