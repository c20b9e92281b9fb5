"""KS803 too-many-macs."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

SMALL = "model = keras.Sequential([layers.Input((8, 8, 3)), layers.Conv2D(4, 3)])"  # 36 · 27 · 4 = 3,888


class TooManyMacs(Rule):
    """A model that takes more multiply-accumulates for one sample than the project allows (`max-macs`).

    Multiply-accumulates of convolutions, matrix products, attention and recurrent steps tell how long an answer takes
    on a device. They are counted for one sample at the input shape of the file; what has an open dimension is not known
    and left out. Use strides or pooling earlier, separable convolutions, fewer filters, or raise the budget on purpose.
    Without a budget nothing is said.
    """

    code = "KS803"
    name = "too-many-macs"
    severity = "error"
    needs = ("facts",)
    flags = (
        Example(SMALL, "a convolution", "model.keras", {"max_macs": 3_887}),
        Example("x = keras.Input((None, None, 3))\ny = layers.GlobalMaxPooling2D()(layers.Conv2D(4, 3)(x))\n"
                "model = keras.Model(x, layers.Dense(5)(y))", "what is known", "model.keras", {"max_macs": 19}),
    )  # fmt: skip
    allows = (
        Example(SMALL, "just the budget", "model.keras", {"max_macs": 3_888}),
        Example(SMALL, "no budget"),
        Example("model = keras.Sequential([layers.Dense(2)])", "nothing is known", "model.keras", {"max_macs": 0}),
    )

    def check(self, case: Case) -> Iterator[Finding]:
        budget, totals = case.options.max_macs, case.facts.totals
        count = totals.macs if totals.macs is not None else totals.known_macs
        if budget is None or count <= budget:
            return
        least = "" if totals.macs is not None else "at least "
        most, path = max((f.macs or 0, f.path) for f in case.facts.layers if f.layer.inner is None)
        yield self.finding(
            f"{least}{count:,} multiply-accumulates a sample, {count - budget:,} more than the {budget:,} of max-macs",
            hint=f"{path!r} takes {most:,}: make it or its input smaller, or raise max-macs",
        )
