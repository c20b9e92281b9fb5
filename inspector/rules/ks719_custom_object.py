"""KS719 custom-object."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.config_objects import shown
from ..analyses.references import CUSTOM, Reference
from ..linting.case import Case
from ..linting.object_rule import ObjectRule
from ..linting.rule import Example, Finding

EXAMPLE = ("@keras.saving.register_keras_serializable('shop')\nclass Scale(layers.Layer):\n    def call(self, x):\n"
           "        return x * 2\n")  # fmt: skip


class CustomObject(ObjectRule):
    """Loading the file takes a class or function that is not part of Keras.

    A file holds the name and the config of a custom layer, not its code. The class must be registered in the process
    that loads the model, or given in `custom_objects`; else the load fails with `Could not locate class`. This lists
    them, one finding each, so that whoever ships the file can name the package and its version beside it. Packages
    that are always at hand are left out with `--allow NAME`.
    """

    code = "KS719"
    name = "custom-object"
    severity = "info"
    flags = (
        Example(EXAMPLE + "model = keras.Sequential([layers.Input((4,)), Scale(), Scale()])", "a layer of the user's"),
        Example("def swishy(x):\n    return x * ops.sigmoid(x)\n"
                "model = keras.Sequential([layers.Input((4,)), layers.Dense(2, activation=swishy)])", "a function"),
        Example(EXAMPLE + "model = keras.Sequential([layers.Input((4,)), Scale()])", "in the older format", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("x = keras.Input((4,))\ny = layers.Dense(2, kernel_regularizer='l2', kernel_initializer="
                "keras.initializers.HeNormal())(ops.abs(x))\nmodel = keras.Model(x, y)\n"
                "model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 9)), 'mse')",
                "everything from Keras"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2, dtype='mixed_bfloat16')])\n"
                "model.quantize('int8')", "policies and quantizers"),
        Example("import tf_keras\nold = tf_keras.Sequential([tf_keras.Input((4,)), tf_keras.layers.Dense(2)])\n"
                "old.compile('adam', 'mse')\nold.save(path)", "everything from Keras 2", "model.h5"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        groups: dict[tuple[str, str | None, bool], list[Reference]] = {}
        for found in case.references:
            if found.whose == CUSTOM and not packages_of(found) & {*case.options.allow}:
                groups.setdefault((name_of(found), found.module, found.is_function), []).append(found)
        for (name, module, is_function), users in groups.items():
            node = users[0].node
            kind = "function" if is_function else "class"
            where = f" of {shown(module)}" if module not in (None, "builtins", "__main__") else ""
            count = f", used {len(users)} times" if len(users) > 1 else ""
            short = name.rpartition(">")[2][:60]
            yield self.at(node, f"loading needs the {kind} {shown(name)}{where}{count}",
                          hint=f"import what registers it before loading, or pass custom_objects={{{shown(name)}: "
                          f"{short}}}")  # fmt: skip


def name_of(found: Reference) -> str:
    """The name under which Keras looks for it: as registered, else its own."""
    registered = found.node.value.get("registered_name")
    return registered if isinstance(registered, str) and ">" in registered and not found.is_function else found.name


def packages_of(found: Reference) -> set[str]:
    """What ``--allow`` may call its package: the first part of the module, or what it is registered under."""
    registered = name_of(found)
    return {(found.module or "").partition(".")[0], registered.rpartition(">")[0], found.name} - {""}
