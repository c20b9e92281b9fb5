"""KS610 name-traversal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..analyses.config_objects import ConfigObjects, Node, shown, shown_class
from ..linting.case import Case
from ..linting.object_rule import ObjectRule
from ..linting.rule import Example, Finding

CLIMBS = re.compile(r"(?:^|[/\\])\.\.(?:[/\\]|$)|^[/\\]|^[A-Za-z]:[/\\]")
AFFECTS = "Keras up to 3.14; rejected since 3.15.0 and 3.12.3"
HINT = "do not load this file; in your own, give the layer a name of letters, digits, '_', '-' and '.'"
EDIT = ("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.save(path)\nedit_config(path, "
        "lambda c: c['config']['layers'][1]['config'].update(")  # fmt: skip


class NameTraversal(ObjectRule):
    """A layer's name is a path that leads out of the folder where its files go.

    Keras builds paths from the names of layers when it unpacks vocabularies and weights. A name such as `../../x` or
    `/etc/x` so reads or writes outside of the archive's own folder. No Keras 3 takes a name with a slash in code. Files
    of Keras 2 hold harmless ones, `conv1/bn`, that lead nowhere else: these are only mentioned.
    """

    code = "KS610"
    name = "name-traversal"
    severity = "error"
    flags = (
        Example(EDIT + "name='../../etc/x'))", "a name that climbs"),
        Example(EDIT + "name='C:\\\\x'))", "an absolute path of Windows", "model.h5"),
        Example(EDIT + "name='block/conv'))", "a plain slash, which Keras 3 refuses: an info", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2, name='block 1: été..conv.層')])",
                "letters of any language, spaces and dots"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\n"
                "model.compile('sgd', 'mse', metrics=[keras.metrics.MeanSquaredError(name='val/a')])",
                "a slash in the name of a metric"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        plain: list[tuple[Node, str]] = []
        for node, name in named_layers(case.objects):
            who = f"a {shown_class(node)} is named {shown(name)},"
            if CLIMBS.search(name):
                message = f"{who} a path that leads out of the folder of its files"
                yield self.at(node, message, hint=HINT, cve=("CVE-2026-12479",), affects=AFFECTS)
            elif "\\" in name:
                yield self.at(
                    node, f"{who} which Windows takes for a path", severity="warning", hint=HINT, affects=AFFECTS
                )
            elif "/" in name:
                plain.append((node, name))
        if plain:
            node, name = plain[0]
            one = f"a layer is named {shown(name)}"
            many = f"{len(plain)} layers have names like {shown(name)}"
            message = f"{one if len(plain) == 1 else many}, and Keras 3 takes no name with '/'"
            yield self.at(node, message, severity="info", hint="rename such layers to load the file with Keras 3")


def named_layers(objects: ConfigObjects) -> Iterator[tuple[Node, str]]:
    """Every layer and model with its name; with both where its entry and its config name it differently."""
    for node in objects.named:
        if node.is_layer:
            names = {name for name in (node.value.get("name"), node.config.get("name")) if isinstance(name, str)}
            yield from ((node, name) for name in sorted(names))
