"""KS801 too-many-params."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

SMALL = "model = keras.Sequential([layers.Input((4,)), layers.Dense(3)])"  # 15 parameters


class TooManyParams(Rule):
    """A model with more parameters than the project allows (`max-params`).

    Parameters decide what a model takes in memory, in the file and over the network: four bytes each in float32, and
    twelve more while Adam trains it. Where part of a model is not known, the known part is counted. Take fewer units or
    filters, share layers, or raise the budget on purpose. Without a budget nothing is said.
    """

    code = "KS801"
    name = "too-many-params"
    severity = "error"
    needs = ("facts",)
    flags = (
        Example(SMALL, "15 parameters for a budget of 14", "model.keras", {"max_params": 14}),
        Example("x = keras.Input((4,))\ninner = keras.Sequential([layers.Input((4,)), layers.Dense(4)])\n"
                "model = keras.Model(x, layers.Dense(3)(inner(x)))", "nested", "model.json", {"max_params": 30}),
    )  # fmt: skip
    allows = (
        Example(SMALL, "just the budget", "model.keras", {"max_params": 15}),
        Example(SMALL, "no budget"),
        Example("shared = layers.Dense(4)\nx = keras.Input((4,))\nmodel = keras.Model(x, shared(shared(x)))",
                "a shared layer counts once", "model.h5", {"max_params": 20}),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        budget, totals = case.options.max_params, case.facts.totals
        count = totals.params if totals.params is not None else totals.known_params
        if budget is None or count <= budget:
            return
        least = "" if totals.params is not None else "at least "
        parts = sorted((f.params or 0, f.path) for f in case.facts.layers if f.layer.inner is None)
        most, path = parts[-1] if parts else (count, case.model.graph.name)
        yield self.finding(
            f"{least}{count:,} parameters, {count - budget:,} more than the {budget:,} that max-params allows",
            hint=f"make the largest layer smaller, {path!r} with {most:,}, or raise max-params",
        )
