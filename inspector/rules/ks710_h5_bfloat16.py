"""KS710 h5-bfloat16."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.h5_limits import find_bfloat16
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule


class H5Bfloat16(Rule):
    """Weights in bfloat16 in an `.h5` file, from which Keras cannot read them.

    HDF5 has no such number: the older format stores the bytes under a type that nothing converts, and loading fails
    with `ValueError: No cast function available`. Saving gives no warning, so that the trained weights are in a file
    that nobody can load. Save as `.keras`, which notes the type beside the bytes; `mixed_bfloat16`, which keeps its
    weights in float32, is fine in both.
    """

    code = "KS710"
    name = "h5-bfloat16"
    severity = "error"
    needs = ("facts",)
    flags = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2, dtype='bfloat16')])",
                "one layer", "model.h5"),
        Example("inner = keras.Sequential([layers.Input((4,)), layers.Dense(2, dtype='bfloat16')])\n"
                "x = keras.Input((4,))\nmodel = keras.Model(x, inner(x))", "in a nested model", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2, dtype='bfloat16')])", "in .keras"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2, dtype='mixed_bfloat16')])",
                "mixed precision: the weights are float32", "model.h5"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2, dtype='float16'), "
                "layers.Dropout(0.1, dtype='bfloat16')])", "float16, and a layer without weights", "model.h5"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for what, hint, path in find_bfloat16(case.model, case.facts):
            yield self.finding(what, layer=path, hint=hint)
