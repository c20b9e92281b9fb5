"""KS712 batch-input-shape-first-layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..analyses.legacy_dialect import find_first_layers
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

MOVE = ("def change(config):\n    listed = config['config']['layers']\n    shape = listed.pop(0)['config']\n"
        "    listed[0]['config']['batch_input_shape'] = shape['batch_shape']\nedit_config(path, change)")  # fmt: skip


class BatchInputShapeFirstLayer(Rule):
    """A Sequential of Keras 2 that states its input shape in its first layer: Keras 3 adds a dimension to it.

    Keras before 2.4 writes a Sequential without an `InputLayer`; the shape, batch axis included, stands in the first
    layer as `batch_input_shape`. Keras 3 copies it to `input_shape`, which has no batch axis, and so builds the model
    for inputs of one dimension more. An LSTM, a convolution, an Embedding or a Flatten then fails to load, or to run on
    the data it was trained on; a Dense loads without a word and expects `(None, None, 10)` in place of `(None, 10)`.
    Put an `InputLayer` with that `batch_input_shape` before the first layer of the config.
    """

    code = "KS712"
    name = "batch-input-shape-first-layer"
    severity = "error"
    flags = (
        Example("keras.Sequential([layers.Input((4,)), layers.Dense(2)]).save(path)\n" + MOVE, "a Dense first", "m.h5"),
        Example("keras.Sequential([layers.Input((8, 8, 3)), layers.Conv2D(2, 3)]).save(path)\n" + MOVE,
                "a convolution first", "m.h5"),
        Example("dense = {'class_name': 'Dense', 'config': {'name': 'd', 'units': 2, 'batch_input_shape': [None, 4]}}\n"
                "path.write_text(json.dumps({'class_name': 'Sequential', 'config': {'name': 's', 'layers': [dense]}}))",
                "a config alone", "old.json"),
    )  # fmt: skip
    allows = (
        Example("keras.Sequential([layers.Input((4,)), layers.Dense(2)]).save(path)", "one of Keras 3", "m.h5"),
        Example("import tf_keras\ntf_keras.Sequential([tf_keras.Input((4,)), tf_keras.layers.Dense(2)]).save(path)",
                "an InputLayer of Keras 2", "m.h5"),
        Example("import tf_keras\nx = tf_keras.Input((4,))\n"
                "tf_keras.Model(x, tf_keras.layers.Dense(2, input_shape=(4,))(x)).save(path)",
                "a functional model of Keras 2", "m.h5"),
        Example("model = keras.Sequential([layers.Dense(2, input_shape=(4,))])", "input_shape in Keras 3"),
        Example("model = keras.Sequential([layers.Dense(2)])", "a model without a shape", "m.h5"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        if case.is_live or not case.wants_keras_3:
            return
        for path, name, class_name, shape in find_first_layers(case.model):
            yield self.finding(
                f"{class_name} {name!r} states batch_input_shape {spell(shape)} and no InputLayer stands before it: "
                f"Keras 3 builds the model for inputs of shape {spell([None, *shape])}", layer=path,
                hint=f"put an InputLayer with batch_input_shape {spell(shape)} before it, and drop it from {name!r}",
            )  # fmt: skip


def spell(shape: list[Any]) -> str:
    return "(" + ", ".join(str(dim)[:20] for dim in shape[:8]) + ("," if len(shape) == 1 else "") + ")"
