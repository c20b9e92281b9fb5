"""KS691 malformed."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.container_rule import ContainerRule
from ..linting.damage import list_broken
from ..linting.rule import Example, Finding

# What keeps a model, or its weights, from being read, and is told by a rule of its own
CAUSES = ("KS604", "KS615", "KS616", "KS619", "KS620", "KS621", "KS624", "KS692")


class Malformed(ContainerRule):
    """The file, or a part of it, is broken: it was cut, changed, or never written in full.

    Loading it fails, or, worse, does not: Keras does not compare the weights with the archive's checksums, and damaged
    weights load without a word. What is broken is said as the reader met it. Copy or download the file again and
    compare its size; where that does not help, save the model again.
    """

    code = "KS691"
    name = "malformed"
    severity = "error"
    needs = ("file",)
    flags = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.save(path)\n"
                "path.write_bytes(path.read_bytes()[:-100])", "an archive that was cut"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.save(path)\n"
                "content = bytearray(path.read_bytes())\nat = content.index(model.layers[0].kernel.numpy().tobytes())\n"
                "content[at] ^= 1\npath.write_bytes(content)", "one bit of the weights turned over"),
        Example("Path(path).write_bytes(b'\\x89HDF\\r\\n\\x1a\\n' + bytes(500))", "no HDF5 after the first bytes",
                "model.h5"),
        Example("Path(path).write_text('{\"class_name\": \"Sequential\", ')", "half a config", "model.json"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])", "a model of Keras"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.export(path, verbose=False)",
                "a SavedModel", "model.dir"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.compile('adam', 'mse')",
                "a legacy file", "model.h5"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])", "weights alone", "model.weights.h5"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        explained = any(finding.code in CAUSES and finding.severity == "error" for finding in case.told)
        for damage in list_broken(case, explained=explained):
            hint = damage.hint or "copy or download the file again and compare its size, or save the model again"
            yield self.finding(damage.message, pointer=damage.pointer, hint=hint)
