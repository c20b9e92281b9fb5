"""KS708 h5-unloadable-operation."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.parts import walk_held
from ..graph import Layer
from ..layers import find_knowledge
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

FUTURE = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "ClassMethod", "InstanceMethod", "InstanceProperty")
# Functions that keras.layers has beside its classes: an .h5 file's loader takes a word of a config for one of them
WORDS = frozenset({"Input", "add", "average", "concatenate", "deserialize", "dot", "maximum", "minimum", "multiply",
                   "serialize", "subtract"})  # fmt: skip
TO_KERAS = "save as .keras, which can hold it"


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
        held = list(walk_held(case.model))
        yield from self.tell_old([(path, layer) for path, _, layer in held if layer.class_name in FUTURE])
        if case.model.format != "h5":
            return
        operations = [(path, layer) for path, _, layer in held
                      if layer.kind == "operation" and layer.class_name not in FUTURE
                      and find_knowledge(layer) is not None]  # fmt: skip
        if operations:
            path, layer = operations[0]
            more = f" and {len(operations) - 1} more" if len(operations) > 1 else ""
            yield self.finding(
                f"{layer.class_name} {layer.name!r}{more} of keras.ops cannot be loaded from an .h5 file", layer=path,
                hint=f"{TO_KERAS}; or use layers in place of operations: layers.Add, layers.Rescaling, layers.Reshape",
            )  # fmt: skip
        for path, _, layer in held:
            yield from self.tell_settings(path, layer)

    def tell_old(self, found: list[tuple[str, Layer]]) -> Iterator[Finding]:
        if found:
            path, layer = found[0]
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            yield self.finding(
                f"{layer.class_name} {layer.name!r}{more}: Keras 3 has no layers for TensorFlow's functions, and "
                "cannot load the file", layer=path,
                hint="load it with tf_keras, and build that part again with keras.ops or layers of Keras",
            )  # fmt: skip

    def tell_settings(self, path: str, layer: Layer) -> Iterator[Finding]:
        if layer.kind in ("functional", "sequential", "operation"):
            return
        for key, value in layer.config.items():
            if key != "name" and isinstance(value, str) and value in WORDS:
                yield self.finding(
                    f"{layer.class_name} {layer.name!r}: {key}={value!r} is read from an .h5 file as the function "
                    f"keras.layers.{value}, and refused", layer=path, hint=TO_KERAS,
                )  # fmt: skip
        axis = layer.config.get("axis")
        if isinstance(axis, list) and len(axis) > 1:
            yield self.finding(
                f"{layer.class_name} {layer.name!r}: axis={str(axis)[:60]} is dropped when an .h5 file is read, and it "
                "runs over its default axis", layer=path, hint=TO_KERAS,
            )  # fmt: skip
