"""KS412 unregistered-custom-object."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.config_objects import shown
from ..analyses.references import CUSTOM, Reference
from ..linting.case import Case
from ..linting.object_rule import ObjectRule
from ..linting.rule import Example, Finding

SCALE = "class Scale(layers.Layer):\n    def call(self, x):\n        return x * 2\n"
REGISTER = "@keras.saving.register_keras_serializable('shop')\n"


class UnregisteredCustomObject(ObjectRule):
    """A class or function of the user's that was not registered when the model was saved.

    The file names it by its module and class alone, `__main__` in a notebook. A load finds it neither there nor among
    the registered ones, and ends with `Could not locate class 'Scale'`, in another process and in the same one, until
    somebody passes `custom_objects={'Scale': Scale}`. Put `@keras.saving.register_keras_serializable(package="…")`
    above the class or function, and save again; then importing its module is enough.
    """

    code = "KS412"
    name = "unregistered-custom-object"
    severity = "warning"
    flags = (
        Example(SCALE + "model = keras.Sequential([layers.Input((4,)), Scale()])", "a layer"),
        Example(SCALE + "model = keras.Sequential([layers.Input((4,)), Scale()])", "a layer, in .h5", "model.h5"),
        Example("def swishy(x):\n    return x * ops.sigmoid(x)\n"
                "model = keras.Sequential([layers.Input((4,)), layers.Dense(2, activation=swishy)])", "a function"),
        Example("class Net(keras.Model):\n    def __init__(self, **kwargs):\n        super().__init__(**kwargs)\n"
                "        self.dense = layers.Dense(2)\n    def call(self, x):\n        return self.dense(x)\n"
                "model = Net()\nmodel(np.ones((2, 3)))", "a model"),
    )  # fmt: skip
    allows = (
        Example(REGISTER + SCALE + "model = keras.Sequential([layers.Input((4,)), Scale()])", "a registered layer"),
        Example(REGISTER + SCALE + "model = keras.Sequential([layers.Input((4,)), Scale()])", "in .h5", "model.h5"),
        Example(REGISTER + "def swishy(x):\n    return x * ops.sigmoid(x)\n"
                "model = keras.Sequential([layers.Input((4,)), layers.Dense(2, activation=swishy)])",
                "a registered function"),
        Example("x = keras.Input((4,))\ny = layers.Dense(2, activation='relu', kernel_regularizer='l2')(ops.abs(x))\n"
                "model = keras.Model(x, y)\nmodel.compile(keras.optimizers.Adam(), 'mse')", "everything from Keras"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        if not case.has("model"):
            return
        groups: dict[tuple[str, str | None], list[Reference]] = {}
        for found in case.references:
            if found.whose == CUSTOM and not is_registered(found) and not is_known(found, case.options.allow):
                groups.setdefault((found.name, found.module), []).append(found)
        for (name, module), users in groups.items():
            kind = "function" if users[0].is_function else "class"
            where = f" of {shown(module)}" if module not in (None, "builtins", "__main__") else ""
            count = f", used {len(users)} times," if len(users) > 1 else ""
            root = case.model.format == "h5" and not users[0].node.pointer()
            what = "is named without its package, as .h5 names a model's own class" if root else "is not registered"
            register = (
                f'put @keras.saving.register_keras_serializable(package="my_package") above {name[:60]}, and save '
            )
            yield self.at(
                users[0].node,
                f"the {kind} {shown(name)}{where}{count} {what}: the file loads with custom_objects alone",
                hint=register + ("as .keras" if root else "again"),
            )


def is_registered(found: Reference) -> bool:
    """Whether a name is one that Keras looks up among the registered ones: ``package>Name``."""
    registered = found.node.value.get("registered_name")
    return ">" in found.name or (isinstance(registered, str) and ">" in registered) or ">" in class_of(found)


def class_of(found: Reference) -> str:
    """The name as the config has it: Keras 2 writes ``package>Name`` for the class itself."""
    return str(found.node.value.get("class_name"))


def is_known(found: Reference, allowed: tuple[str, ...]) -> bool:
    return bool({(found.module or "").partition(".")[0], found.name} & {*allowed})
