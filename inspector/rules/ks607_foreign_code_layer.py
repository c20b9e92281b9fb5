"""KS607 foreign-code-layer."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.config_objects import Node, shown
from ..linting.case import Case
from ..linting.object_rule import ObjectRule
from ..linting.rule import Example, Finding

PARTS = {"JaxLayer": ("call_fn", "init_fn"), "FlaxLayer": ("module", "method")}
HINT = "make sure that the functions named are those of a package you trust, before you load the file"
EDIT = ("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.save(path)\nedit_config(path, "
        "lambda c: c['config']['layers'][1].update(")  # fmt: skip


class ForeignCodeLayer(ObjectRule):
    """A layer that does what functions from outside of Keras do, which the file names.

    `JaxLayer` and `FlaxLayer` wrap functions of JAX. The config names them, and whatever is found under these names in
    the loading process is called. That is how they are meant to work; it also means that the file cannot be judged
    alone. Where a name belongs to Python or to a library, KS602 says so.
    """

    code = "KS607"
    name = "foreign-code-layer"
    severity = "warning"
    flags = (
        Example(EDIT + "class_name='JaxLayer', config={'name': 'j', 'call_fn': {'class_name': 'function', 'module': "
                "'builtins', 'config': 'apply', 'registered_name': 'function'}, 'init_fn': None}))", "a JaxLayer"),
        Example(EDIT + "class_name='FlaxLayer', config={'name': 'f', 'method': 'encode', 'module': {'module': "
                "'author.nets', 'class_name': 'Net', 'config': {}}}))", "a FlaxLayer", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2, name='JaxLayer')])", "only a name"),
        Example("@keras.saving.register_keras_serializable('p')\nclass MyJaxLayer(layers.Dense):\n    pass\n"
                "model = keras.Sequential([layers.Input((4,)), MyJaxLayer(2)])", "a layer of the user's"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        for node in case.objects.named:
            parts = PARTS.get((node.class_name or "").rpartition(">")[2])
            if parts is not None:
                named = ", ".join(f"{part} {shown(name_of(node, part))}" for part in parts if node.config.get(part))
                what = f": {named}" if named else ""
                yield self.at(node, f"{node.owner()} runs functions from outside of Keras{what}", "config", hint=HINT)


def name_of(node: Node, part: str) -> str:
    """What a part of the layer is called in the config."""
    value = node.config.get(part)
    if isinstance(value, dict):
        inner = value.get("config")
        value = inner if isinstance(inner, str) else value.get("class_name")
    return value if isinstance(value, str) else "?"
