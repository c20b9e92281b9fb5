"""KS609 registered-name-disguise."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.config_objects import shown
from ..analyses.references import KERAS, keras_symbols
from ..linting.case import Case
from ..linting.object_rule import ObjectRule
from ..linting.rule import Example, Finding

OF_KERAS = frozenset({"Custom>CustomScaleLayer", "Custom>SharpnessAwareMinimization"})  # tf_keras registers these so
AFFECTS = "Keras up to 3.14; rejected since 3.15.0"
HINT = "set registered_name to null if the layer is Keras's own, else name the module that its class is in"
EDIT = ("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.save(path)\nedit_config(path, "
        "lambda c: c['config']['layers'][1].update(")  # fmt: skip


class RegisteredNameDisguise(ObjectRule):
    """An entry looks like a layer of Keras, and asks for a class registered under another name.

    Keras looks for the registered name first. An entry with the module `keras.layers`, the class `Dense` and the
    registered name `lab>Backdoor` reads like a Dense layer to people and to most tools, and loads `Backdoor` where the
    process has it registered. Keras writes no registered name for its own classes, and rejects one since 3.15.
    """

    code = "KS609"
    name = "registered-name-disguise"
    severity = "warning"
    flags = (
        Example(EDIT + "registered_name='lab>Backdoor'))", "a Dense layer that is none"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.compile('sgd', 'mse')\n"
                "model.save(path)\nedit_config(path, lambda c: c['compile_config'].update(loss={'module': "
                "'keras.losses', 'class_name': 'Huber', 'config': {}, 'registered_name': 'lab>Other'}))",
                "a loss that is none"),
    )  # fmt: skip
    allows = (
        Example("@keras.saving.register_keras_serializable('lab')\nclass Dense(layers.Dense):\n    pass\n"
                "model = keras.Sequential([layers.Input((4,)), Dense(2)])",
                "a registered layer with the name of one of Keras's"),
        Example("x = keras.Input((4,))\nmodel = keras.Model(x, ops.abs(layers.Dense(2)(x)))",
                "Keras's private classes with their own names"),
        Example(EDIT + "registered_name='Dense'))", "the class's own name"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        classes = keras_symbols()["classes"]
        for node in case.objects.named:
            value, module = node.value, node.value.get("module")
            registered, config = value.get("registered_name"), value.get("config")
            if not isinstance(registered, str) or not isinstance(module, str) or not KERAS.match(module):
                continue
            if registered in ("", node.class_name, config, "function") or registered in OF_KERAS:
                continue
            if node.class_name in classes or node.class_name == "function":
                what = shown(f"{module}.{node.class_name}")
                message = (
                    f"{node.owner()} is written as Keras's {what}, and loads {shown(registered)} where that is known"
                )
                yield self.at(node, message, "registered_name", hint=HINT, affects=AFFECTS)
