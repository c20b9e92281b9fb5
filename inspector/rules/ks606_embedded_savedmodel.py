"""KS606 embedded-savedmodel."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.config_objects import shown
from ..linting.case import Case
from ..linting.object_rule import ObjectRule
from ..linting.rule import Example, Finding

AFFECTS = "Keras up to 3.12.0, and 3.13.0-3.13.1; blocked since 3.12.1 and 3.13.2, unless safe_mode=False"
HINT = "load a SavedModel in code of your own, `keras.layers.TFSMLayer(path)`, after checking the folder itself"
EDIT = ("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.save(path)\nedit_config(path, "
        "lambda c: c['config']['layers'][1].update(")  # fmt: skip


class EmbeddedSavedModel(ObjectRule):
    """A layer loads a SavedModel from elsewhere, whose operations run as soon as the model is loaded.

    `TFSMLayer` holds the path of a SavedModel. TensorFlow runs its initialisers while it loads it, and its operations
    can read and write files; nothing guards that. What runs is not even in this file: whoever can write to the path
    decides. Up to Keras 3.13.1 `load_model` opened it without a question.
    """

    code = "KS606"
    name = "embedded-savedmodel"
    severity = "error"
    flags = (
        Example(EDIT + "class_name='TFSMLayer', config={'name': 's', 'filepath': 'exported'}))",
                "a SavedModel as a layer"),
        Example(EDIT + "class_name='TimeDistributed', config={'name': 't', 'layer': {'module': 'keras.layers', "
                "'class_name': 'TFSMLayer', 'config': {'filepath': '//host/share/m'}}}))",
                "one in a wrapper, from a network share", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2, name='TFSMLayer')])", "only a name"),
        Example("inner = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\n"
                "model = keras.Sequential([layers.Input((4,)), inner])", "a model in a model"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        for node in case.objects.named:
            if (node.class_name or "").rpartition(">")[2] == "TFSMLayer":
                place = shown(node.config.get("filepath"))
                yield self.at(node, f"{node.owner()} loads the SavedModel {place} and runs what is in it",
                              "config", "filepath", hint=HINT, cve=("CVE-2026-1462",), affects=AFFECTS)  # fmt: skip
