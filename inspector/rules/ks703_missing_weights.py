"""KS703 missing-weights."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.stored_against_config import MISSING, PARTED, Misfit, spell_shapes
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

TWO = "x = keras.Input((4,))\ny = layers.Dense(3, name='a')(x)\nmodel = keras.Model(x, layers.Dense(2, name='b')(y))\n"
DROP = ("import h5py\nmodel.save(path)\ndef change(members):\n    kept = path.with_name('kept.h5')\n"
        "    kept.write_bytes(members['model.weights.h5'])\n    with h5py.File(kept, 'r+') as file:\n"
        "        del file[%r]\n    return {**members, 'model.weights.h5': kept.read_bytes()}\n"
        "edit_archive(path, change)")  # fmt: skip
SHARED = ("shared = layers.Dense(4, name='shared')\na = keras.Input((4,))\none = keras.Model(a, shared(a))\n"
          "x = keras.Input((4,))\n")  # fmt: skip


class MissingWeights(Rule):
    """A layer whose weights are not in the file: it cannot be loaded.

    Keras makes every layer from the config and then asks the file for its tensors; where there are fewer than the layer
    has, loading ends with `Layer 'a' expected 2 variables, but received 0 variables`. The file was cut, its config and
    its weights are of different models, or the layer is shared by two models that are nested in one: such a layer is
    stored once, and at the load Keras makes it twice. Keep a shared layer in one model and call that model again.
    """

    code = "KS703"
    name = "missing-weights"
    severity = "error"
    needs = ("weights", "facts")
    flags = (
        Example(TWO + DROP % "layers/dense", "a layer that is not there"),
        Example(TWO + DROP % "layers/dense_1/vars/1", "a bias that is not there"),
        Example(SHARED + "model = keras.Model(x, shared(one(x)))", "a layer shared with a nested model"),
        Example(SHARED + "b = keras.Input((4,))\ntwo = keras.Model(b, shared(b), name='two')\n"
                "model = keras.Model(x, two(one(x)))", "a layer shared by two nested models"),
        Example("x = keras.Input((3, 4))\nshared = layers.Dense(4)\ny = layers.TimeDistributed(shared)(x)\n"
                "model = keras.Model(x, layers.TimeDistributed(shared)(y))", "a layer shared by two wrappers"),
    )  # fmt: skip
    allows = (
        Example(TWO, "every layer with its weights"),
        Example("shared = layers.Dense(4)\nx = keras.Input((4,))\nmodel = keras.Model(x, shared(shared(x)))",
                "a layer shared in one model"),
        Example(SHARED + "model = keras.Model(x, one(one(x)))", "a nested model called twice"),
        Example(SHARED + "model = keras.Model(x, shared(one(x)))", "one that .h5 stores twice", "m.h5"),
        Example("flat, drop = layers.Flatten(), layers.Dropout(0.5)\na = keras.Input((4,))\n"
                "one = keras.Model(a, drop(flat(a)))\nx = keras.Input((4,))\nmodel = keras.Model(x, flat(one(x)))",
                "shared layers without weights"),
        Example("model = keras.Sequential([layers.Dense(2)])", "a model that was never built"),
        Example("x = keras.Input((4,))\ny = layers.Dense(3, use_bias=False)(x)\n"
                "y = layers.BatchNormalization(scale=False)(y)\n"
                "model = keras.Model(x, layers.Normalization(mean=0.0, variance=1.0)(y))",
                "layers with fewer weights"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for misfit in case.misfits:
            if misfit.kind in (MISSING, PARTED) and misfit.fact is not None:
                layer = misfit.fact.layer
                shared = self.find_other(case, misfit)
                what = f"{layer.class_name} {layer.name!r}"
                if shared is not None:
                    place = f"the model {shared!r}" if shared else "the model itself"
                    yield self.finding(
                        f"{what} is shared with {place} and stored once: Keras makes it twice when it loads the file, "
                        f"and finds no weights of shapes {spell_shapes(misfit.wanted)} for the second",
                        layer=misfit.fact.path,
                        hint="keep a shared layer in one model: call that model again, and not its layer",
                    )  # fmt: skip
                    continue
                yield self.finding(
                    f"{what} needs weights of shapes {spell_shapes(misfit.wanted)}, and the file holds "
                    f"{spell_shapes(misfit.found)} for it: it cannot be loaded", layer=misfit.fact.path,
                    hint="save the model again in one piece: the file was cut, or its config is of another model",
                )  # fmt: skip

    def find_other(self, case: Case, misfit: Misfit) -> str | None:
        """The model that keeps the weights of a shared layer, by its path; `None` where it is not shared."""
        if misfit.fact is None or misfit.found:
            return None
        fact = misfit.fact
        if misfit.places:
            return misfit.places[0].rpartition("/")[0]
        if fact.layer.shared_id is None:
            return None
        for other in case.facts.layers:
            if other is not fact and other.layer.name == fact.layer.name and other.layer.config == fact.layer.config:
                return other.path.rpartition("/")[0]
        return None
