"""KS692 broken-graph."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.raw_graph import find_faults
from ..linting.case import Case
from ..linting.object_rule import ObjectRule
from ..linting.rule import Example, Finding

HINT = "save the model again from the code that builds it; a config is not made to be edited by hand"
BUILD = ("x = keras.Input((4,), name='x')\ny = layers.Dense(4, name='b')(layers.Dense(4, name='a')(x))\n"
         "model = keras.Model(x, y)\nmodel.save(path)\n")  # fmt: skip
NODE = "['inbound_nodes'][0]['args'][0]['config']['keras_history']"


class BrokenGraph(ObjectRule):
    """The layers of the config do not make a graph: a cycle, a reference to nothing, or a name given twice.

    Keras rebuilds a functional model by calling each layer on the tensors that the config names. Where a layer waits
    for itself, or for a layer that is not there, the load fails or does not end, depending on the release. Such a file
    was edited, merged or cut; no model in code can be saved like this.
    """

    code = "KS692"
    name = "broken-graph"
    severity = "error"
    needs = ("objects",)
    flags = (
        Example(BUILD + f"edit_config(path, lambda c: c['config']['layers'][1]{NODE}.__setitem__(0, 'b'))",
                "two layers that wait for one another"),
        Example(BUILD + f"edit_config(path, lambda c: c['config']['layers'][2]{NODE}.__setitem__(0, 'gone'))",
                "a reference to no layer", "model.h5"),
        Example(BUILD + "edit_config(path, lambda c: c['config'].update(output_layers=[['b', 5, 0]]))",
                "an output of a call that is not there"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(4, name='a'), layers.Dense(4, name='b')])\n"
                "model.save(path)\nedit_config(path, lambda c: c['config']['layers'][2]['config'].update(name='a'))",
                "a name given twice"),
    )  # fmt: skip
    allows = (
        Example("x = keras.Input((4,))\na, b = layers.Dense(4), layers.Dense(4)\nmodel = keras.Model(x, a(b(a(x))))",
                "a layer before and behind another: shared, and no cycle"),
        Example("x = keras.Input((4,))\ninner = keras.Sequential([layers.Input((4,)), layers.Dense(4)])\n"
                "y = layers.Add()([inner(x), inner(inner(x))])\nmodel = keras.Model(x, y)",
                "a nested model called three times", "model.h5"),
        Example("x = keras.Input((4,), name='same')\ninner = keras.Model(x, layers.Dense(4, name='d')(x))\n"
                "z = keras.Input((4,), name='same')\nmodel = keras.Model(z, layers.Dense(4, name='d')(inner(z)))",
                "one name in two models"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        if case.has("model"):
            return  # the reader has found every reference, name and order sound
        for fault in find_faults(case.objects):
            yield self.at(fault.node, fault.message, *fault.place, hint=HINT)
