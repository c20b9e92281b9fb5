"""KS714 newer-than-target."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.options import version_numbers
from ..linting.rule import Example, Finding, Rule

MARK = ("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.save(path)\ndef change(members):\n"
        "    return {**members, 'metadata.json': json.dumps({'keras_version': '%s'}).encode()}\n"
        "edit_archive(path, change)")  # fmt: skip


class NewerThanTarget(Rule):
    """A file written by a later Keras than the one that is to load it (`--target-keras`).

    Keras reads what older versions wrote, and makes no promise the other way round: a config of a later version holds
    arguments that an older one refuses, and a `.keras` file of Keras 3 cannot be read by Keras 2 at all. KS711 tells
    which arguments of this file are refused; where it finds none the file may load. Save the model with the version
    that serves it, or bring that version up to date. Without a target nothing is said.
    """

    code = "KS714"
    name = "newer-than-target"
    severity = "warning"
    needs = ("model",)
    flags = (
        Example(MARK % "3.99.0", "a version that is to come", "model.keras", {"target_keras": "3.15"}),
        Example(MARK % "3.15.1", "an archive of Keras 3 for Keras 2", "model.keras", {"target_keras": "2.15"}),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])", "an .h5 file", "m.h5",
                {"target_keras": "3.8.0"}),
    )  # fmt: skip
    allows = (
        Example(MARK % "3.15.1", "the target's own version", "model.keras", {"target_keras": "3.15"}),
        Example(MARK % "3.8.0", "an older version", "model.keras", {"target_keras": "3.15"}),
        Example(MARK % "", "a version that is not known", "model.keras", {"target_keras": "3.8"}),
        Example(MARK % "3.99.0", "no target"),
    )

    def check(self, case: Case) -> Iterator[Finding]:
        written, target = version_numbers(case.model.keras_version or ""), case.options.target
        if not target or not written or case.is_live or written[: len(target)] <= target:
            return
        if target[0] < 3 <= written[0] and case.model.format in ("keras", "keras-dir"):
            why = f"Keras {case.options.target_keras} cannot read .keras files of Keras 3"
        else:
            why = f"the target is {case.options.target_keras}, which may not read all of it"
        yield self.finding(
            f"written by Keras {'.'.join(map(str, written))}: {why}",
            hint=f"save it with Keras {case.options.target_keras}, or raise the target",
        )
