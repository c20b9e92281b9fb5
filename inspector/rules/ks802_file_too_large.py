"""KS802 file-too-large."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

SMALL = "model = keras.Sequential([layers.Input((40,)), layers.Dense(100)])"


class FileTooLarge(Rule):
    """A model file larger than the project allows (`max-bytes`).

    What is shipped is the file: it is downloaded, loaded into memory, and in git kept for ever. A folder counts with
    all that is in it. Leave the optimizer's state out (KS805), store the weights in float16 or quantize them, or raise
    the budget on purpose. Without a budget nothing is said.
    """

    code = "KS802"
    name = "file-too-large"
    severity = "error"
    needs = ("file",)
    flags = (
        Example(SMALL, "a .keras file", "model.keras", {"max_bytes": 16_000}),
        Example(SMALL, "an .h5 file", "model.h5", {"max_bytes": 16_000}),
        Example("import zipfile\n" + SMALL + "\nmodel.save(path.with_name('m.keras'))\n"
                "zipfile.ZipFile(path.with_name('m.keras')).extractall(path)", "a folder", "folder",
                {"max_bytes": 16_000}),
    )  # fmt: skip
    allows = (
        Example(SMALL, "a file that fits", "model.keras", {"max_bytes": 100_000}),
        Example(SMALL, "no budget"),
        Example(SMALL, "a config alone", "model.json", {"max_bytes": 16_000}),
    )

    def check(self, case: Case) -> Iterator[Finding]:
        budget = case.options.max_bytes
        if budget is None or case.is_live or not case.has("probe"):
            return
        size = case.probe.size
        if case.probe.is_directory:
            size = sum(
                path.stat().st_size for path in case.place.rglob("*") if path.is_file() and not path.is_symlink()
            )
        if size > budget:
            yield self.finding(
                f"{size:,} bytes, {size - budget:,} more than the {budget:,} that max-bytes allows",
                hint="save without the optimizer's state, in float16 or quantized, or raise max-bytes",
            )
