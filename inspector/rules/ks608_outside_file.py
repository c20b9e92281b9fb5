"""KS608 outside-file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..analyses.config_objects import Node, shown
from ..linting.case import Case
from ..linting.object_rule import ObjectRule
from ..linting.rule import Example, Finding

LOOKUPS = frozenset({"StringLookup", "IntegerLookup", "TextVectorization", "IndexLookup"})
READ = ("vocabulary", "idf_weights", "merges", "proto")  # what lookups and tokenizers open where it is a text
KEYS = frozenset({*READ, "filepath", "file_path", "weights", "vocabulary_file", "vocab_file", "merges_file",
                  "spm_proto", "tokenizer_file", "checkpoint", "output_stream"})  # fmt: skip
SHORT = 1024  # a longer text is the content itself, in base64
PLACE = re.compile(r"[a-z][a-z0-9+.-]*://|[/\\~]|[a-z]:[\\/]|\.\.?[\\/]|.*[\\/].*\.\w{1,8}$", re.I)
OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*://", re.I)
AFFECTS = "Keras before 3.12.0 reads it on load; blocked in safe mode since"
HINT = "give the words themselves as a list, or adapt() the layer, and save again: the file then holds them"
START = "model = keras.Sequential([layers.Input((1,), dtype='string'), layers.StringLookup(vocabulary=['a', 'b'])])\n"
EDIT = START + "model.save(path)\nedit_config(path, lambda c: c['config']['layers'][1]['config'].update("


class OutsideFile(ObjectRule):
    """The config names a file or an address outside of the model, which loading it reads.

    A lookup layer takes a list of words or the path of a file with one a line. Where the config holds a path, `load_
    model` opens it on the machine of whoever loads: a model from a stranger can so take in any text file, or call out
    to an address, and give the content back in its vocabulary. And a model of your own is not complete: it fails
    where the file is not there.
    """

    code = "KS608"
    name = "outside-file"
    severity = "error"
    flags = (
        Example(EDIT + "vocabulary='/etc/passwd'))", "a vocabulary that is a path"),
        Example(EDIT + "idf_weights='http://127.0.0.1/w.txt'))", "weights of words from an address"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.save(path)\n"
                "edit_config(path, lambda c: c['config']['layers'][1].update(module='keras_hub.tokenizers', "
                "class_name='BytePairTokenizer', config={'name': 't', 'vocabulary': 'v.json', 'merges': 'm.txt'}))",
                "a tokenizer that reads files", "model.h5"),
    )  # fmt: skip
    allows = (
        Example(START, "a vocabulary in the file"),
        Example("model = keras.Sequential([layers.Input((1,), dtype='string'), layers.StringLookup("
                "vocabulary=['/etc/passwd', 'http://a.b/c', 'os.system'])])",
                "words that look like paths", "model.json"),
        Example("@keras.saving.register_keras_serializable('p')\nclass Backbone(layers.Layer):\n"
                "    def __init__(self, weights='imagenet', **kwargs):\n        super().__init__(**kwargs)\n"
                "        self.weights_name = weights\n    def get_config(self):\n"
                "        return {**super().get_config(), 'weights': self.weights_name}\n    def call(self, x):\n"
                "        return x\nmodel = keras.Sequential([layers.Input((4,)), Backbone()])",
                "weights that are a keyword"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        for node in case.objects.nodes:
            for key in KEYS.intersection(node.value):
                value = node.value[key]
                if isinstance(value, str) and value and (finding := self.judge(node, key, value)) is not None:
                    yield finding

    def judge(self, node: Node, key: str, value: str) -> Finding | None:
        """What to say of a text under a key that may hold a path."""
        owner = node.parent.class_name if node.parent and isinstance(node.parent.value, dict) else None
        owner = (owner or "").rpartition(">")[2]
        if owner in ("TFSMLayer", "TorchModuleWrapper"):  # KS606, KS605
            return None
        reads = key in READ and (owner in LOOKUPS or owner.endswith("Tokenizer"))
        if reads and (len(value) <= SHORT or OUTSIDE.match(value)):
            return self.at(node, f"{node.owner()} reads {shown(value)} as its {key} when the model is loaded", key,
                           hint=HINT, cve=("CVE-2025-12058",), affects=AFFECTS)  # fmt: skip
        if len(value) <= SHORT and PLACE.match(value):
            return self.at(node, f"{node.owner()} names a place outside of the file as its {key}: {shown(value)}", key,
                           severity="warning", hint="check what reads it: the model may depend on a file or address "
                           "that is not part of it")  # fmt: skip
        return None
