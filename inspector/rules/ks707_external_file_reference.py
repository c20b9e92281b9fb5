"""KS707 external-file-reference."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.vocabularies import find_lookups
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

OLD = ("import tf_keras\nwords = path.with_name('words.txt')\nwords.write_text('a\\nb')\n"
       "x = tf_keras.Input((1,), dtype='string')\n")  # fmt: skip


class ExternalFileReference(Rule):
    """A vocabulary that the config names as a file outside of the model.

    The file holds the path of the vocabulary and not its words: on another machine, or after the text file was moved
    or changed, the model cannot be loaded, or looks other words up than it was trained with. Keras refuses such a path
    unless it is told not to, as a file from a stranger could have it read anything: that is KS608, an error, and where
    it is asked it is the one to speak. Give the words themselves:
    `vocabulary=Path("words.txt").read_text().splitlines()`, or `adapt` the layer, and save again.
    """

    code = "KS707"
    name = "external-file-reference"
    severity = "warning"
    flags = (
        Example("x = keras.Input((1,), dtype='string')\nlayer = layers.StringLookup(vocabulary=['a'])\n"
                "keras.Model(x, layer(x)).save(path)\ndef change(config):\n"
                "    config['config']['layers'][1]['config']['vocabulary'] = '/data/words.txt'\n"
                "edit_config(path, change)", "a path"),
        Example(OLD + "layer = tf_keras.layers.TextVectorization(vocabulary=str(words))\n"
                "tf_keras.Model(x, layer(x)).save(path)", "as Keras 2 stores it", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("x = keras.Input((1,), dtype='string')\n"
                "model = keras.Model(x, layers.StringLookup(vocabulary=['/a/b.txt', 'c.txt'])(x))",
                "words that look like paths"),
        Example("x = keras.Input((1,), dtype='string')\nlayer = layers.StringLookup()\nlayer.adapt(['a'])\n"
                "model = keras.Model(x, layer(x))", "an adapted layer"),
        Example("x = keras.Input((1,), dtype='int64')\nlayer = layers.IntegerLookup(vocabulary=[1, 2])\n"
                "model = keras.Model(x, layer(x))", "numbers"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        told = {finding.layer for finding in case.told if finding.code == "KS608"}
        for path, layer in find_lookups(case.model):
            words = layer.config.get("vocabulary")
            if isinstance(words, str) and words and path not in told:
                yield self.finding(
                    f"{layer.class_name} {layer.name!r} reads its vocabulary from {words[:200]!r}, outside of the file",
                    layer=path,
                    hint="state the words in place of the path: vocabulary=[…], or adapt the layer, and save again",
                )
