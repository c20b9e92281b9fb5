"""KS720 duplicate-weight-name."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.double_names import find_double_names
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

TWICE = ("class Twice(layers.Layer):\n    def build(self, shape):\n"
         "        self.a = self.add_weight(shape=(3,), name='w')\n"
         "        self.b = self.add_weight(shape=(3,), name=%r)\n    def call(self, x):\n"
         "        return x + self.a * self.b\n"
         "x = keras.Input((3,))\nmodel = keras.Model(x, layers.Dense(2)(Twice()(x)))\n")  # fmt: skip


class DuplicateWeightName(Rule):
    """Two weights of one name in an `.h5` file, which has one place for a name: the save broke off there.

    The older format keeps a weight under its name. Two variables of a layer that were both made with
    `add_weight(name="w")`, or without a name, clash: Keras lists them and then fails with `Unable to create dataset
    (name already exists)`, and the file that is left holds one of the two and nothing of the layers behind. Name every
    weight differently, or save as `.keras`, which counts weights.
    """

    code = "KS720"
    name = "duplicate-weight-name"
    severity = "error"
    needs = ("probe",)
    flags = (
        Example(TWICE % "w" + "try:\n    model.save(path)\nexcept ValueError:\n    pass",
                "a save that broke off", "m.h5"),
        Example("import h5py\nmodel = keras.Sequential([layers.Input((3,)), layers.Dense(2, name='d')])\n"
                "model.save(path)\nwith h5py.File(path, 'r+') as file:\n"
                "    names = file['model_weights/d'].attrs['weight_names']\n"
                "    names[1] = names[0]\n    file['model_weights/d'].attrs['weight_names'] = names",
                "a name given twice", "m.h5"),
    )  # fmt: skip
    allows = (
        Example(TWICE % "v", "two names", "m.h5"),
        Example(TWICE % "w", "weights that are counted"),
        Example("a, b = (keras.Sequential([layers.Input((3,)), layers.Dense(3, name='d')], name=n) for n in 'ab')\n"
                "x = keras.Input((3,))\nmodel = keras.Model(x, b(a(x)))", "equal names in two parts", "m.h5"),
        Example("x = keras.Input((4, 3))\ny = layers.Bidirectional(layers.LSTM(2))(x)\nmodel = keras.Model(x, y)",
                "two cells in a wrapper", "m.h5"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        if not case.probe.is_hdf5:
            return
        for double in find_double_names(case.probe):
            where = f"the layer {double.layer!r}" if double.layer is not None else "the list of layers"
            lost = f", and {double.unwritten} layers were not written" if double.unwritten else ""
            yield self.finding(
                f"{double.times} weights of {where} are named {double.name!r}, and the file holds one of them{lost}"
                if double.layer is not None
                else f"the name {double.name!r} stands {double.times} times in {where}{lost}",
                layer=double.layer,
                pointer=f"model_weights/{double.layer or ''}",
                hint="give every weight a name of its own, add_weight(name=…), or save as .keras",
            )
