"""KS623 savedmodel-keras-code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..linting.case import Case
from ..linting.container_rule import ContainerRule, quoted
from ..linting.rule import Example, Finding
from ..readers.documents import KERAS_METADATA

CODED = ("function", "output_shape", "mask")
MAX_STEPS = 200_000


class SavedmodelKerasCode(ContainerRule):
    """The notes of Keras in a SavedModel hold Python code, which loading it as a Keras model runs.

    Keras 2 writes `keras_metadata.pb` beside the graph, with the config of every layer; that of a `Lambda` around a
    `lambda` holds the bytes of its code. `load_model` of TensorFlow up to 2.15, and of tf_keras, rebuilds the layers
    from it and so has the code at hand to run, and never asked whether it may. Keras 3 does not read it. Rebuild the
    model without a `Lambda`, and save it as `.keras`.
    """

    code = "KS623"
    name = "savedmodel-keras-code"
    severity = "error"
    needs = ("documents",)
    flags = (
        Example("import tf_keras\n"
                "old = tf_keras.Sequential([tf_keras.Input((4,)), tf_keras.layers.Lambda(lambda x: x * 2)])\n"
                "old.save(path, save_format='tf')", "a Lambda around a lambda", "model.dir"),
    )  # fmt: skip
    allows = (
        Example("import tf_keras\nold = tf_keras.Sequential([tf_keras.Input((4,)), tf_keras.layers.Dense(2)])\n"
                "old.save(path, save_format='tf')", "layers of Keras", "model.dir"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Lambda(lambda x: x * 2)])\n"
                "model.export(path, verbose=False)", "an export, which holds operations and no code", "model.dir"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        told: set[str] = set()
        for document in case.documents:
            if document.role == KERAS_METADATA:
                for name in find_coded(document.value):
                    if name not in told:
                        told.add(name)
                        yield self.finding(
                            f"the notes of Keras hold Python code for the Lambda {quoted(name)}: loading the model as "
                            "a Keras model makes it a function, and calling the model runs it",
                            layer=None,
                            pointer=document.name,
                            hint="do not load it with Keras 2; rebuild it with a registered layer, saved as .keras",
                            affects="TensorFlow up to 2.15 and tf_keras, which read the notes without a guard",
                        )


def find_coded(value: Mapping[str, Any]) -> Iterator[str]:
    """The names of the Lambda layers below an object whose config holds code."""
    waiting: list[Any] = [value]
    steps = 0
    while waiting and steps < MAX_STEPS:
        steps += 1
        node = waiting.pop()
        if isinstance(node, list):
            waiting += [item for item in node if isinstance(item, (dict, list))]
        elif isinstance(node, dict):
            config = node.get("config")
            if node.get("class_name") == "Lambda" and isinstance(config, dict) and any(map(is_code, parts(config))):
                yield str(config.get("name") or node.get("name") or "?")
            waiting += [item for item in node.values() if isinstance(item, (dict, list))]


def parts(config: Mapping[str, Any]) -> list[Any]:
    return [config.get(key) for key in CODED]


def is_code(value: Any) -> bool:
    """Code, defaults and closure, as a list or as Keras 2 wraps a tuple."""
    items = value.get("items") if isinstance(value, dict) else value
    return isinstance(items, list) and len(items) == 3 and isinstance(items[0], str)
