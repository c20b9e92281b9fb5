"""KS708 h5-unloadable-operation."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from ..analyses.h5_limits import find_tensorflow_functions, find_unloadable
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule


class H5UnloadableOperation(Rule):
    """An operation or a setting that is stored in an `.h5` file, and that Keras 3 cannot load from there.

    The older format names a class and its config, and neither the module nor the positions of arguments. The result
    of `keras.ops`, of `x + y` or `x[:, 0]` is saved without a word and fails to load: `Unknown layer: 'GetItem'`, `too
    many positional arguments`. The same loader takes `score_mode='dot'` for the function `keras.layers.dot`, and drops
    an `axis` of more than one number, so that a normalization runs over its default axis. TensorFlow functions that
    Keras 2 stored as `TFOpLambda` exist in Keras 3 no more, in no format. Save as `.keras`; rebuild those of Keras 2
    with `keras.ops`.
    """

    code = "KS708"
    name = "h5-unloadable-operation"
    severity = "error"
    flags = (
        Example("x = keras.Input((4,))\nmodel = keras.Model(x, layers.Dense(2)(x) * 2.0)", "an operator", "model.h5"),
        Example("x = keras.Input((4,))\ninner = keras.Model(x, ops.relu(layers.Dense(2)(x)))\ny = keras.Input((4,))\n"
                "model = keras.Model(y, inner(y))", "an operation in a nested model", "model.h5"),
        Example("x = keras.Input((5, 4))\nmodel = keras.Model(x, layers.Attention(score_mode='dot')([x, x]))",
                "a word that is taken for a function", "model.h5"),
        Example("x = keras.Input((5, 4))\nmodel = keras.Model(x, layers.LayerNormalization(axis=(1, 2))(x))",
                "an axis of two numbers", "model.h5"),
        Example("layer = {'class_name': 'TFOpLambda', 'name': 'op', 'config': {'name': 'op', 'function': 'math.abs'}, "
                "'inbound_nodes': [['x', 0, 0, {}]]}\n"
                "entry = {'class_name': 'InputLayer', 'name': 'x', 'inbound_nodes': [], "
                "'config': {'name': 'x', 'batch_input_shape': [None, 3]}}\n"
                "config = {'name': 'm', 'layers': [entry, layer], 'input_layers': [['x', 0, 0]], "
                "'output_layers': [['op', 0, 0]]}\n"
                "path.write_text(json.dumps({'class_name': 'Functional', 'config': config}))",
                "a TensorFlow function of Keras 2", "old.json"),
    )  # fmt: skip
    allows = (
        Example("x = keras.Input((4,))\nmodel = keras.Model(x, ops.relu(layers.Dense(2)(x))[:, 0] * 2.0)",
                "operations in .keras"),
        Example("x = keras.Input((4,))\ny = layers.Dense(2)(x)\n"
                "model = keras.Model(x, layers.Concatenate()([layers.Add()([y, y]), layers.ReLU()(y)]))",
                "layers that do the same, in .h5", "model.h5"),
        Example("x = keras.Input((5, 4))\ny = layers.LayerNormalization(axis=-1)(x)\n"
                "y = layers.BatchNormalization(axis=1)(layers.Normalization(axis=-1)(y))\n"
                "model = keras.Model(x, layers.Softmax(axis=1)(y))", "one axis, in .h5", "model.h5"),
        Example("x = keras.Input((5, 4))\nmodel = keras.Model(x, layers.Attention(name='dot')([x, x]))",
                "a layer of such a name, in .keras"),
        Example("class Short(layers.Layer):\n    def call(self, x):\n        return x\n    def get_config(self):\n"
                "        return {'name': self.name}\nx = keras.Input((4,))\nmodel = keras.Model(x, Short()(x))",
                "a layer of the user's with a short config", "model.h5"),
        Example("x = keras.Input((4,))\nmodel = keras.Model(x, layers.Dense(4, name='add')(x), name='dot')",
                "names that are words, in .h5", "model.h5"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        if case.is_live or not case.wants_keras_3:
            return
        for what, hint, path in chain(find_tensorflow_functions(case.model), find_unloadable(case.model)):
            yield self.finding(what, layer=path, hint=hint)
