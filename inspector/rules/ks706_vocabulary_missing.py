"""KS706 vocabulary-missing."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.vocabularies import find_wordless
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

TEXT = "x = keras.Input((1,), dtype='string')\n"


class VocabularyMissing(Rule):
    """A lookup or text layer whose vocabulary is not in the file.

    `StringLookup`, `IntegerLookup` and `TextVectorization` turn words into indices by a table. A `.keras` file keeps
    the table of an adapted layer beside the config; an `.h5` file keeps nothing of it, so that the model loads without
    a word and its first call fails with `FailedPreconditionError: Table not initialized`. A layer that was never
    adapted has no table in any file. Adapt it before saving, save as `.keras`, or state the words: `vocabulary=[…]`.
    """

    code = "KS706"
    name = "vocabulary-missing"
    severity = "error"
    flags = (
        Example(TEXT + "layer = layers.StringLookup()\nlayer.adapt(['a', 'b'])\nmodel = keras.Model(x, layer(x))",
                "an adapted layer in .h5", "model.h5"),
        Example(TEXT + "layer = layers.TextVectorization()\nlayer.adapt(['a b', 'c'])\n"
                "inner = keras.Model(x, layer(x))\ny = keras.Input((1,), dtype='string')\n"
                "model = keras.Model(y, inner(y))", "in a nested model", "model.h5"),
        Example("x = keras.Input((1,), dtype='int64')\nmodel = keras.Model(x, layers.IntegerLookup()(x))",
                "a layer that was never adapted"),
        Example(TEXT + "layer = layers.StringLookup()\nlayer.adapt(['a', 'b'])\nmodel = keras.Model(x, layer(x))\n"
                "model.save(path)\ndef change(members):\n"
                "    return {name: data for name, data in members.items() if 'assets' not in name}\n"
                "edit_archive(path, change)", "an archive that lost its assets"),
    )  # fmt: skip
    allows = (
        Example(TEXT + "layer = layers.StringLookup()\nlayer.adapt(['a', 'b'])\nmodel = keras.Model(x, layer(x))",
                "an adapted layer in .keras"),
        Example(TEXT + "layer = layers.StringLookup(vocabulary=['a', 'b'])\nmodel = keras.Model(x, layer(x))",
                "words that stand in the config, in .h5", "model.h5"),
        Example(TEXT + "layer = layers.TextVectorization(output_mode='tf_idf')\nlayer.adapt(['a b', 'c'])\n"
                "inner = keras.Model(x, layer(x))\ny = keras.Input((1,), dtype='string')\n"
                "model = keras.Model(y, inner(y))", "adapted, in a nested model"),
        Example(TEXT + "model = keras.Model(x, layers.Hashing(8)(x))", "hashing, which has no table", "model.h5"),
        Example("x = keras.Input((2,))\nlayer = layers.Discretization(num_bins=4)\nlayer.adapt(np.ones((9, 2)))\n"
                "model = keras.Model(x, layer(x))", "bins, which are in the config", "model.h5"),
        Example(TEXT + "layer = layers.StringLookup(num_oov_indices=2, mask_token='')\nlayer.adapt(['a'])\n"
                "model = keras.Model(x, layer(x))", "one word, two indices for unknown ones"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for path, layer, what, then, hint in find_wordless(case.model):
            yield self.finding(f"{layer.class_name} {layer.name!r} {what}: {then}", layer=path, hint=hint)
