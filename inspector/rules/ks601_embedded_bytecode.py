"""KS601 embedded-bytecode."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.bytecode import CODED, find_bytecode
from ..linting.case import Case
from ..linting.object_rule import ObjectRule
from ..linting.rule import Example, Finding
from ..readers.documents import KERAS_METADATA

AFFECTS = "Keras before 2.13, tf_keras with safe_mode=False, Keras 3 with safe_mode=False; blocked otherwise"
AFFECTS_H5 = "Keras 3.0-3.11.2 and every tf_keras; blocked since Keras 3.11.3, unless safe_mode=False"
HINT = "do not load a file of others; in your own, make the function a registered layer or an operation of keras.ops"


class EmbeddedBytecode(ObjectRule):
    """The file holds compiled Python code, which runs on the machine of whoever loads the model.

    A `Lambda` layer around a `lambda` is saved as the bytes of its code. Whoever writes the file decides what they do:
    they can read files, open connections, start programs, and nothing of it shows in a summary. Keras 3 refuses such
    a file unless `safe_mode=False`; older releases and tf_keras run the code of an `.h5` file without a question.
    The code also breaks with the next version of Python. Write a layer class with `call`, registered with
    `keras.saving.register_keras_serializable()`, or use the functions of `keras.ops` on the tensors.
    """

    code = "KS601"
    name = "embedded-bytecode"
    severity = "error"
    flags = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Lambda(lambda x: x * 2)])",
                "a Lambda around a lambda"),
        Example("inner = keras.Sequential([layers.Input((4,)), layers.Lambda(lambda x: x + 1)])\n"
                "x = keras.Input((3, 4))\nmodel = keras.Model(x, layers.TimeDistributed(inner)(x))",
                "deep in a wrapped model, in the older format", "model.h5"),
        Example("import tf_keras\n"
                "old = tf_keras.Sequential([tf_keras.Input((4,)), tf_keras.layers.Lambda(lambda x: x * 2)])\n"
                "old.save(path)", "as Keras 2 writes it", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Lambda(keras.ops.relu)])",
                "a Lambda around a function of Keras: only its name is saved"),
        Example("x = keras.Input((4,))\nmodel = keras.Model(x, ops.abs(x * 2))", "operations on tensors"),
        Example("words = ['os.system', 'eval(open(0))', '__lambda__', 'marshal.loads']\n"
                "model = keras.Sequential([layers.Input((1,), dtype='string'), layers.StringLookup(vocabulary=words)])",
                "a vocabulary that holds such words", "model.json"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        said = {"hint": HINT, "cve": ("CVE-2024-3660",), "affects": AFFECTS}
        if case.probe.is_hdf5:
            said |= {"cve": ("CVE-2025-9905", "CVE-2024-3660"), "affects": AFFECTS_H5}
        for node, key, is_text in find_bytecode(case.objects):
            if is_text:
                yield self.at(node, f"{node.owner()} holds a text that is Python bytecode", key, **said)
            elif not (key and node.role == KERAS_METADATA):  # KS623
                role = key if key in CODED else node.purpose()
                what = f" as its {role}" if role and (key in CODED or not node.is_layer) else ""
                place = ("config", key) if key else ()
                message = f"{node.owner()} holds Python bytecode{what}: code from the file runs with the model"
                yield self.at(node, message, *place, **said)
