"""KS806 unused-suppression."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule


class UnusedSuppression(Rule):
    """An ignore, or an entry of the baseline, that suppresses nothing.

    `--ignore`, `--per-file-ignores` and a baseline silence findings that somebody has looked at. When the fault is
    gone, or the file was renamed, the entry stays behind, and the next fault of that kind in that place is silenced
    with it. Take the entry out, or write the baseline anew with `--write-baseline`. Only a whole run can tell: a run
    over some of the files, or with `--select`, says nothing.
    """

    code = "KS806"
    name = "unused-suppression"
    severity = "info"
    needs = ("file",)
    of_files = False
    flags = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])",
                "per-file-ignores = {'model.keras' = ['KS103']} for a model without a softmax"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(1, activation='softmax')])",
                "the same for a model that KS103 is true of"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])", "nothing ignored"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        """Nothing: what a run suppresses and does not meet is known when all its files were checked."""
        return iter(())
