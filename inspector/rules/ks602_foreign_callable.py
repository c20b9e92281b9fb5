"""KS602 foreign-callable."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.config_objects import shown
from ..analyses.references import FOREIGN, Reference
from ..linting.case import Case
from ..linting.object_rule import ObjectRule
from ..linting.rule import Example, Finding

AFFECTS = "Keras 3.0-3.8 and every tf_keras; blocked since Keras 3.9"
AFFECTS_TF = "tf_keras and TensorFlow up to 2.15; Keras 3 has no such layer"
HINT = "do not load this file with an older Keras; ask its author what the name is for, and save the model without it"
EDIT = "model.save(path)\nedit_config(path, lambda c: c['config']['layers'][1]['config'].update("


class ForeignCallable(ObjectRule):
    """The config names a function of Python or of another library, which loading looks up and may call.

    A config says where to find a function by module and name. Releases of Keras before 3.9 imported any module so
    named: `os.system` as an activation, with a command as its argument, is a program started by `load_model`. Keras
    itself writes no such name: its functions stand in its own modules, and those of a user in modules of the user.
    """

    code = "KS602"
    name = "foreign-callable"
    severity = "error"
    flags = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\n" + EDIT +
                "activation={'module': 'os', 'class_name': 'function', 'config': 'system'}))",
                "a function of the operating system as activation"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\n" + EDIT +
                "kernel_initializer={'module': 'builtins', 'class_name': 'function', 'config': 'eval'}))",
                "one that Python has built in, as initializer", "model.h5"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.compile('sgd', 'mse')\n"
                "model.save(path)\nedit_config(path, lambda c: c['compile_config'].update("
                "loss={'module': 'subprocess', 'class_name': 'Popen', 'config': {'args': 'true'}}))",
                "a class of Python as loss"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Lambda(keras.ops.relu), layers.Lambda(abs)])",
                "functions that Keras writes as Python's own"),
        Example("import tensorflow as tf\nmodel = keras.Sequential([layers.Input((4,)), "
                "layers.Dense(2, activation=tf.nn.relu), layers.Lambda(tf.reduce_sum)])", "functions of TensorFlow"),
        Example("@keras.saving.register_keras_serializable('os')\nclass system(layers.Dense):\n    pass\n"
                "model = keras.Sequential([layers.Input((4,)), system(2)])",
                "a layer of the user's with an unlucky name"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        for found in case.references:
            if found.whose != FOREIGN or root_of(found) in case.options.allow:
                continue
            cve, affects = ((), AFFECTS_TF) if is_tensorflow(found) else (("CVE-2025-1550",), AFFECTS)
            yield self.at(found.node, describe(found), hint=HINT, cve=cve, affects=affects)


def root_of(found: Reference) -> str:
    return (found.module or "").partition(".")[0]


def is_tensorflow(found: Reference) -> bool:
    """Whether it is one of TensorFlow's own functions as a layer, as Keras 2 writes them."""
    return found.node.class_name == "TFOpLambda"


def describe(found: Reference) -> str:
    node = found.node
    kind = "function" if found.is_function else "class"
    if is_tensorflow(found):
        return f"{node.owner()} calls TensorFlow's {shown(found.name)}, which reaches outside of the model"
    if node.is_layer:
        return f"{node.owner()} is {shown(found.label)}, a {kind} from outside of Keras that the model would run"
    role = node.purpose()
    what = f" as its {role}" if role else ""
    return f"{node.owner()} names {shown(found.label)}{what}, a {kind} from outside of Keras that the model would run"
