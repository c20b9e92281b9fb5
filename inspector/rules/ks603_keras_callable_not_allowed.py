"""KS603 keras-callable-not-allowed."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.config_objects import Node, shown
from ..analyses.references import CALLABLE, UNSURE, Reference, keras_symbols, known_keras
from ..linting.case import Case
from ..linting.object_rule import ObjectRule
from ..linting.rule import Example, Finding

DOWNLOAD = "get_file"
UNSAFE = ("enable_unsafe_deserialization", "set_global_attribute", "load_model")
UNPACK = ("extract", "untar")
HINT = "do not load this file; a model needs functions for maths (keras.ops, activations, losses) and no others"
START = "model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\n"
EDIT = START + "model.save(path)\nedit_config(path, lambda c: c['config']['layers'][1]['config'].update("


class KerasCallableNotAllowed(ObjectRule):
    """The config names a function of Keras that is not for maths, and loading the model would call it.

    Keras has functions that download a file, unpack an archive, write a picture, load another model or switch the safe
    mode off. A config can name one where an activation or the function of a Lambda is due, with arguments of its own,
    and the load calls it. Keras 3.15 refuses 26 of them and resolves the others, some two hundred; this rule knows
    what is for maths and takes nothing else. No model that Keras has saved itself holds such a name.
    """

    code = "KS603"
    name = "keras-callable-not-allowed"
    severity = "error"
    flags = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Lambda(ops.relu)])\nmodel.save(path)\n"
                "edit_config(path, lambda c: c['config']['layers'][1]['config'].update(arguments={'origin': 'file:///x'},"
                " function={'module': 'keras.utils', 'class_name': 'function', 'config': 'get_file'}))",
                "a download where a function is due"),
        Example(EDIT + "activation={'module': 'keras.config', 'class_name': 'function', 'config': 'set_epsilon'}))",
                "a change of Keras's settings, which no release refuses", "model.h5"),
        Example(EDIT + "kernel_initializer={'module': 'keras.datasets.mnist', 'class_name': 'load_data',"
                " 'config': {}}))", "a function named as if it were a class"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Lambda(ops.relu), layers.Lambda("
                "keras.activations.gelu), layers.Dense(2, activation='silu')])", "functions for maths"),
        Example(EDIT + "activation={'module': 'keras.src.ops.nn', 'class_name': 'function', 'config': 'relu'}))",
                "the same by their private modules, as older releases wrote them"),
        Example("schedule = keras.optimizers.schedules.CosineDecay(0.1, 100)\n" + START + "model.compile("
                "keras.optimizers.AdamW(schedule), keras.losses.Huber(), metrics=['accuracy', keras.metrics.AUC()])",
                "schedules, losses and metrics"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Lambda(keras.applications.vgg16.preprocess_input)"
                "])", "another function of Keras's, which is saved by its name alone"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        for found in case.references:
            if found.whose == UNSURE:
                message = f"{begin(found)}, which is none of the functions for maths of Keras {known_keras()}"
                yield self.at(found.node, message, severity="warning",
                              hint="check what the name stands for in the Keras that wrote the file")  # fmt: skip
            elif found.whose == CALLABLE:
                message = f"{begin(found)}, which is not for maths and which the model would run"
                cve, affects = known_as(found)
                yield self.at(found.node, message, hint=HINT, cve=cve, affects=affects)


def begin(found: Reference) -> str:
    node = found.node
    role = None if node.is_layer else node.purpose()
    what = f" as its {role}" if role else ""
    return f"{node.owner()} names Keras's {shown(found.label)}{what}"


def known_as(found: Reference) -> tuple[tuple[str, ...], str]:
    """The published weaknesses that a name belongs to, and the releases that call it."""
    if found.name == DOWNLOAD:
        unpacks = any(holds_unpacking(node) for node in found.node.above())
        more = ("CVE-2025-12060", "CVE-2025-12638", "CVE-2024-55459") if unpacks else ()
        return ("CVE-2025-8747", *more), "Keras 3.0-3.10; blocked since 3.11"
    if found.name in UNSAFE:
        return ("CVE-2025-9906",), "Keras before 3.11; blocked since 3.11"
    if found.label in keras_symbols()["refused"]:
        return (), "Keras up to 3.14; blocked since 3.15.0 and 3.12.3 at the latest"
    return (), f"every Keras up to {known_keras()}"


def holds_unpacking(node: Node) -> bool:
    arguments = node.value.get("arguments") if isinstance(node.value, dict) else None
    return isinstance(arguments, dict) and any(arguments.get(key) for key in UNPACK)
