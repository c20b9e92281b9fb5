"""KS705 weights-by-position."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.stored_against_config import POSITION
from ..analyses.stored_names import find_renamed
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

TWO = "x = keras.Input((4,))\ny = layers.Dense(4, name='a')(x)\nmodel = keras.Model(x, layers.Dense(4, name='b')(y))\n"
SWAP = ("model.save(path)\ndef rename(value):\n    text = json.dumps(value).replace('\"a\"', '\"?\"')\n"
        "    return json.loads(text.replace('\"b\"', '\"a\"').replace('\"?\"', '\"b\"'))\n"
        "edit_config(path, rename)")  # fmt: skip


class WeightsByPosition(Rule):
    """Stored weights that another layer will take than the one whose name they bear.

    Names do not count when Keras loads weights: in a `.keras` file a layer takes the tensors of its class and number
    (`dense_1` is the second Dense), in an `.h5` file those at its position. Where the name that the file notes beside
    the tensors is another layer's, the config was changed or put in another order after the weights were stored: two
    layers of equal shapes trade their weights, and nothing is raised. Load the weights into the model that they were
    saved from, and save that again in one piece.
    """

    code = "KS705"
    name = "weights-by-position"
    severity = "warning"
    needs = ("weights", "facts")
    flags = (
        Example(TWO + SWAP, "names that were swapped in the config"),
        Example(TWO + SWAP, "the same in .h5", "model.h5"),
        Example("a, b = layers.Dense(4, name='a'), layers.Dense(4, name='b')\n"
                "inner = keras.Sequential([layers.Input((4,)), a, b])\nx = keras.Input((4,))\n"
                "model = keras.Model(x, inner(x))\n" + SWAP,
                "in a nested model"),
    )  # fmt: skip
    allows = (
        Example(TWO, "a model as it was saved"),
        Example(TWO, "the same in .h5", "model.h5"),
        Example("x = keras.Input((4,))\ny = layers.Dense(4, name='dense_7')(x)\n"
                "model = keras.Model(x, layers.Dense(4, name='dense_3')(y))", "names with numbers of their own"),
        Example("shared = layers.Dense(4, name='s')\na = keras.Input((4,))\none = keras.Model(a, shared(a))\n"
                "x = keras.Input((4,))\nmodel = keras.Model(x, layers.Dense(4, name='t')(one(one(x))))",
                "nested models"),
        Example("x = keras.Input((5, 4))\ny = layers.Bidirectional(layers.LSTM(3, name='cell'), name='both')(x)\n"
                "y = layers.TimeDistributed(layers.Dense(2, name='in'), name='out')(layers.RepeatVector(3)(y))\n"
                "model = keras.Model(x, layers.RNN(layers.StackedRNNCells([layers.GRUCell(2), layers.GRUCell(2)]))(y))",
                "layers in wrappers"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        if case.is_live:
            return
        found = [(m.fact.path, m.fact.layer, m.stored) for m in case.misfits if m.kind == POSITION and m.fact]
        for path, layer, stored in [*found, *find_renamed(case.model)]:
            yield self.finding(
                f"{layer.class_name} {layer.name!r} will take the weights that are stored under the name {stored!r}",
                layer=path,
                hint=f"see whether {layer.name!r} is {stored!r} under a new name; if not, save it again in one piece",
            )
