"""KS710 h5-bfloat16."""

from __future__ import annotations

from collections.abc import Iterator

from ..knowledge import policy_of
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
        if case.model.format != "h5":
            return
        found = [fact for fact in case.facts.layers if fact.layer.inner is None and fact.weights
                 and any(weight.dtype == "bfloat16" for weight in fact.weights)]  # fmt: skip
        if found:
            layer, more = found[0].layer, f" and {len(found) - 1} more" if len(found) > 1 else ""
            count = sum(len(fact.weights or ()) for fact in found)
            yield self.finding(
                f"{layer.class_name} {layer.name!r}{more} store {count} tensors in {policy_of(layer.config).variable}, "
                "which Keras cannot read from an .h5 file", layer=found[0].path,
                hint="save as .keras, or build the layer with dtype='mixed_bfloat16'",
            )  # fmt: skip
