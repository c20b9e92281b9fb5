"""KS221 embedding-too-small."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.flow import Step
from ..analyses.paths import walk_back
from ..analyses.roles import EMBEDDINGS, NOISE, RESHAPES, is_own
from ..graph import Layer
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

LOOKUPS = ("StringLookup", "IntegerLookup", "TextVectorization")
PASSED = RESHAPES - NOISE | {"Cast"}


class EmbeddingTooSmall(Rule):
    """An embedding with fewer rows than the lookup before it has numbers.

    An id beyond the last row fails on a CPU (`indices[0,3] = 1000 is not in [0, 1000)`) and gives zeros on a GPU. A
    lookup numbers its special tokens too: a vocabulary of 1,000 words with one token for unknown ones and one for
    padding needs `input_dim=1002`, which is `lookup.vocabulary_size()`.
    """

    code = "KS221"
    name = "embedding-too-small"
    severity = "error"
    needs = ("flows",)
    flags = (
        Example("model = keras.Sequential([layers.Input((1,), dtype='string'),"
                " layers.StringLookup(vocabulary=['a', 'b', 'c']), layers.Embedding(3, 4)])",
                "no row for the unknown word"),
        Example("x = keras.Input((1,), dtype='string')\ny = layers.TextVectorization(vocabulary=['a', 'b', 'c'],"
                " output_sequence_length=4)(x)\nmodel = keras.Model(x, layers.Embedding(4, 8)(y))",
                "a text whose vocabulary has two special tokens"),
        Example("x = keras.Input((3,))\ny = layers.Discretization(bin_boundaries=[0.0, 1.0, 2.0])(x)\n"
                "model = keras.Model(x, layers.Embedding(3, 4)(layers.Reshape((3,))(y)))", "bins", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((1,), dtype='string'),"
                " layers.StringLookup(vocabulary=['a', 'b', 'c']), layers.Embedding(4, 4)])", "a row for each"),
        Example("x = keras.Input((1,), dtype='string')\ny = layers.TextVectorization(vocabulary=['a', 'b', 'c'],"
                " output_sequence_length=4)(x)\nmodel = keras.Model(x, layers.Embedding(5, 8)(y))", "of a text"),
        Example("lookup = layers.StringLookup(max_tokens=1000)\nlookup.adapt(np.array(['a', 'b']))\n"
                "model = keras.Sequential([layers.Input((1,), dtype='string'), lookup, layers.Embedding(3, 4)])",
                "a vocabulary that turned out smaller than it may be"),
        Example("x = keras.Input((2,), dtype='string')\ny = layers.Hashing(num_bins=10)(x)\n"
                "model = keras.Model(x, layers.Embedding(10, 4)(y))", "hashes"),
        Example("x = keras.Input((1,), dtype='string')\ny = layers.StringLookup(vocabulary=['a', 'b', 'c'])(x)\n"
                "model = keras.Model(x, layers.Embedding(3, 4)(keras.ops.maximum(y - 1, 0)))", "numbers moved"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        told: set[tuple[str, str]] = set()
        for step in (step for flow in case.flows for step in flow.steps):
            rows = step.config.get("input_dim")
            if step.class_name not in EMBEDDINGS or not is_own(step.layer) or not isinstance(rows, int):
                continue
            _, source = walk_back(step.source, is_passed)
            ids = None if source is None else count_ids(source.layer)
            if source is None or ids is None or ids <= rows or rows < 0 or (step.path, source.path) in told:
                continue
            told.add((step.path, source.path))
            yield self.finding(
                f"{step.title} has {rows:,} rows, and {source.title} gives numbers from 0 to {ids - 1:,}",
                layer=step.path,
                hint=f"use input_dim={ids}" + (f", {source.layer.name}.vocabulary_size()" if is_lookup(source) else ""),
            )


def is_passed(step: Step) -> bool:
    return step.class_name in PASSED and is_own(step.layer)


def is_lookup(step: Step) -> bool:
    return step.class_name in LOOKUPS


def count_ids(layer: Layer) -> int | None:
    """How many ids a lookup can give, from 0 up; `None` where that is not known."""
    config, found = layer.config, None
    if not is_own(layer) or config.get("output_mode", "int") not in ("int", None) or config.get("invert"):
        return None
    if layer.class_name in LOOKUPS:
        found = count_vocabulary(layer)
    elif layer.class_name in ("Hashing", "HashedCrossing"):
        found = config.get("num_bins")
    elif layer.class_name == "Discretization":
        bounds = config.get("bin_boundaries")
        found = len(bounds) + 1 if isinstance(bounds, list) and bounds else config.get("num_bins")
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 < found < 2**63 else None


def count_vocabulary(layer: Layer) -> int | None:
    """The size of a vocabulary with its special tokens."""
    config, words = layer.config, layer.config.get("vocabulary")
    if isinstance(words, list) and words:
        if layer.class_name == "TextVectorization":
            return len(words) + 2
        unknown = config.get("num_oov_indices", 1)
        masks = config.get("mask_token", config.get("mask_value")) is not None
        return len(words) + unknown + masks if isinstance(unknown, int) else None
    size = config.get("vocabulary_size")
    return size if isinstance(size, int) else None
