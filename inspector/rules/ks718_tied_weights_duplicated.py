"""KS718 tied-weights-duplicated."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.facts import LayerFacts
from ..graph import Weight
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

LARGE = 64 << 20  # bytes of one tensor; larger ones are not compared
SHARED = ("shared = layers.Dense(4, name='shared')\na = keras.Input((4,))\none = keras.Model(a, shared(a))\n"
          "x = keras.Input((4,))\n")  # fmt: skip


class TiedWeightsDuplicated(Rule):
    """A layer that two models share, stored twice in an `.h5` file: when it is loaded it is two layers.

    The older format does not say that a layer inside of a nested model is the same as one outside. It stores its
    weights at each place, and loading makes a layer for each: outputs are equal at first, there are twice the
    parameters, and the first training step drives the two apart. Keep the layer in one model and call that model
    again; `.keras` files cannot be loaded with such a layer at all (KS703).
    """

    code = "KS718"
    name = "tied-weights-duplicated"
    severity = "warning"
    needs = ("weights", "facts")
    flags = (
        Example(SHARED + "model = keras.Model(x, shared(one(x)))", "inside and outside of a nested model", "m.h5"),
        Example(SHARED + "b = keras.Input((4,))\ntwo = keras.Model(b, shared(b), name='two')\n"
                "model = keras.Model(x, two(one(x)))", "a layer of two nested models", "m.h5"),
    )  # fmt: skip
    allows = (
        Example(SHARED + "model = keras.Model(x, shared(shared(x)))", "a layer shared in one model", "m.h5"),
        Example(SHARED + "model = keras.Model(x, one(one(x)))", "a nested model called twice", "m.h5"),
        Example(SHARED + "model = keras.Model(x, layers.Dense(4, name='shared')(one(x)))",
                "two layers of one name", "m.h5"),
        Example("a = keras.Input((4,))\none = keras.Model(a, layers.Dense(4, name='d', kernel_initializer='ones')(a))\n"
                "x = keras.Input((4,))\nmodel = keras.Model(x, layers.Dense(4, name='d', kernel_initializer='ones')("
                "one(x)))", "two layers with the same constants", "m.h5"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        index = case.weights
        if index is None or case.model.format != "h5":
            return
        places: dict[tuple[str, str], list[LayerFacts]] = {}
        for fact in case.facts.layers:
            if fact.layer.inner is None and index.by_layer.get(fact.path):
                places.setdefault((fact.layer.name, fact.layer.class_name), []).append(fact)
        for found in places.values():
            first = found[0]
            stored = index.by_layer[first.path]
            for other in found[1:]:
                if first.layer.config != other.layer.config or not are_one(stored, index.by_layer[other.path]):
                    continue
                yield self.finding(
                    f"{other.layer.class_name} {other.layer.name!r} is stored twice with equal weights, for "
                    f"{first.path!r} and {other.path!r}: loaded it is two, with {other.params or 0:,} parameters more",
                    layer=other.path,
                    hint="keep a shared layer in one model: call that model again, and not its layer",
                )


def are_one(one: tuple[Weight, ...], other: tuple[Weight, ...]) -> bool:
    """Whether the tensors of two places are equal, and not by chance: one of them holds different numbers."""
    if [(w.shape, w.dtype, w.path.rpartition("/")[2]) for w in one] != [
        (w.shape, w.dtype, w.path.rpartition("/")[2]) for w in other
    ]:
        return False
    telling = False
    for mine, theirs in zip(one, other, strict=True):
        if mine.path == theirs.path or mine.load is None or theirs.load is None or mine.nbytes > LARGE:
            return False
        data = mine.load()
        if data != theirs.load():
            return False
        width = max(1, mine.nbytes // max(1, mine.size))
        telling = telling or len({data[at : at + width] for at in range(0, min(len(data), 64 * width), width)}) > 2
    return telling
