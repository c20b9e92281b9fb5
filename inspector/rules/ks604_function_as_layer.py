"""KS604 function-as-layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..analyses.config_objects import Node, shown
from ..analyses.references import FUNCTIONS
from ..linting.case import Case
from ..linting.object_rule import ObjectRule
from ..linting.rule import Example, Finding

AFFECTS = "Keras 3.0-3.8; blocked since 3.9"
CONSTANT = "_CONSTANT_VALUE"
HINT = "do not load this file: no model that Keras has saved looks like this"
BUILD = "x = keras.Input((4,))\nmodel = keras.Model(x, layers.Dense(2, name='d')(x))\nmodel.save(path)\n"


class FunctionAsLayer(ObjectRule):
    """A function stands where a layer must, or a layer is called on constants alone: loading runs it at once.

    When Keras rebuilds a functional model it calls every entry of the list of layers on what the config gives as its
    arguments. A layer called on symbolic tensors computes nothing yet; a function, or anything called on plain values,
    runs there and then. That is how a config becomes a program. Keras never records such a call itself.
    """

    code = "KS604"
    name = "function-as-layer"
    severity = "error"
    flags = (
        Example(BUILD + "edit_config(path, lambda c: c['config']['layers'][1].update(module='keras.ops', "
                "class_name='function', config='abs'))", "a function in the list of layers"),
        Example(BUILD + "edit_config(path, lambda c: c['config']['layers'][1].update("
                "inbound_nodes=[{'args': ['echo'], 'kwargs': {}}]))", "a layer called on a text"),
    )  # fmt: skip
    allows = (
        Example("x = keras.Input((4,))\nmodel = keras.Model(x, ops.where(x > 0, x * 2.0, ops.add(x, 1.0)))",
                "operations on tensors and constants"),
        Example("a = keras.Input((4,))\ny = layers.LSTM(2)(layers.Reshape((4, 1))(a), mask=a > 0)\n"
                "model = keras.Model(a, y)", "a tensor among the keywords"),
        Example("import tf_keras\nx = tf_keras.Input((4,))\nimport tensorflow as tf\n"
                "tf_keras.Model(x, tf.add(1.0, tf.nn.relu(x))).save(path)",
                "a constant first, as Keras 2 writes it", "model.h5"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        for node in case.objects.named:
            if not node.is_listed or node.parent is None or node.parent.key != "layers":
                continue
            if node.class_name in FUNCTIONS or node.class_name == "__lambda__":
                what = node.value.get("config") if node.class_name in FUNCTIONS else "a lambda"
                message = f"{shown(what)} is a function, and stands in the list of layers: loading calls it"
                yield self.at(node, message, hint=HINT, cve=("CVE-2025-1550",), affects=AFFECTS)
            else:
                yield from self.calls(node)

    def calls(self, node: Node) -> Iterator[Finding]:
        nodes = node.value.get("inbound_nodes")
        for index, call in enumerate(nodes if isinstance(nodes, list) else ()):
            if takes_values(call) and not takes_tensors(call):
                message = f"{node.owner()} is called on constants alone, so that loading the model runs it"
                yield self.at(node, message, "inbound_nodes", index, severity="warning", hint=HINT, affects=AFFECTS)
                return


def takes_values(call: Any) -> bool:
    if isinstance(call, dict):
        return bool(call.get("args") or call.get("kwargs"))
    return isinstance(call, list) and bool(call) and call != [[]]


def takes_tensors(call: Any) -> bool:
    """Whether any argument is a tensor of the model, as Keras 3 or as Keras 1 and 2 write it."""
    stack = [call]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            if value.get("class_name") == "__keras_tensor__":
                return True
            stack.extend(value.values())
        elif isinstance(value, list):
            if len(value) >= 3 and isinstance(value[0], str) and value[0] != CONSTANT and isinstance(value[1], int):
                return True
            stack.extend(value)
    return False
