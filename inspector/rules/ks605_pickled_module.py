"""KS605 pickled-module."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.object_rule import ObjectRule
from ..linting.rule import Example, Finding

WRAPPER = "TorchModuleWrapper"
KINDS = {"pickle": "a pickle", "zip": "a zip archive, the form of PyTorch's pickles"}
AFFECTS = "Keras up to 3.11.2; blocked since 3.11.3, unless safe_mode=False"
HINT = "do not load a file of others; in your own, rebuild the module from Keras layers and save its weights alone"
START = "import base64, pickle\nmodel = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.save(path)\n"
EDIT = START + "edit_config(path, lambda c: c['config']['layers'][1].update("


class PickledModule(ObjectRule):
    """The config holds a pickle, and unpickling runs whatever its author wrote into it.

    `TorchModuleWrapper` saves the PyTorch module that it wraps as a pickle in base64, and loads it with `torch.load`.
    A pickle is a program: it can import anything and call it. Keras 3.11.3 and later refuse it in safe mode; releases
    before do not. The same bytes anywhere else in a config wait for a layer that opens them.
    """

    code = "KS605"
    name = "pickled-module"
    severity = "error"
    flags = (
        Example(EDIT + "class_name='TorchModuleWrapper', config={'name': 't', 'module': base64.b64encode("
                "pickle.dumps({'a': 1})).decode()}))", "a module of PyTorch in a layer"),
        Example(EDIT + "build_config={'input_shape': [None, 4], 'extra': base64.b64encode(pickle.dumps("
                "list(range(9)), 2)).decode()}))", "a pickle elsewhere in the config", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((1,), dtype='string'), layers.StringLookup(vocabulary="
                "['gAAAAAAAAAAAAAAAAAAAAAAAAAA', 'UEsDBmaybenotanarchive'])])",
                "words that only begin like one", "model.json"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2, name='torch_module')])",
                "a layer with an unlucky name"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        told = set()
        for node in case.objects.named:
            if (node.class_name or "").rpartition(">")[2] == WRAPPER and node.config.get("module") is not None:
                told.add(id(node))
                message = f"{node.owner()} holds a pickled PyTorch module: loading it runs code from the file"
                yield self.at(node, message, "config", "module", hint=HINT, cve=("CVE-2025-49655",), affects=AFFECTS)
        for text in case.objects.texts:
            if text.kind in KINDS and not any(id(above) in told for above in text.node.above()):
                yield self.at(
                    text.node, f"{text.node.owner()} holds a text that is {KINDS[text.kind]}", text.key, hint=HINT
                )
