"""KS690 not-fully-read."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.container_rule import ContainerRule
from ..linting.damage import list_unread
from ..linting.rule import Example, Finding


class NotFullyRead(ContainerRule):
    """A part of the file was not looked at, so that nothing is known of it, good or bad.

    What is encrypted, written in a form that is not read, or larger than any sound model, is not examined; nor is a
    file for which time or memory ran out. The absence of findings says nothing of such a part. With `strict` it is an
    error. Save the model again with Keras, and check that.
    """

    code = "KS690"
    name = "not-fully-read"
    severity = "warning"
    needs = ("file",)
    flags = (
        Example("import zipfile\nwrite_archive(path, {'class_name': 'Sequential', 'config': {'layers': []}}, "
                "**{'model.weights.h5': 'x', 'assets/a': 'x'})\n"
                "content = bytearray(path.read_bytes())\nat = content.rindex(b'assets/a') - 46\n"
                "content[at + 8] |= 1\npath.write_bytes(content)", "a member that is encrypted"),
        Example("path.mkdir()\n(path / 'saved_model.pbtxt').write_text('saved_model_schema_version: 1')",
                "a SavedModel written as text", "model.dir"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])", "a model of Keras"),
        Example("import h5py\nwith h5py.File(path, 'w', libver='latest') as file:\n"
                "    file.create_dataset('layers/a/vars/0', data=np.zeros((64, 8)), chunks=(8, 8), compression='gzip')",
                "the newest layout of HDF5, packed", "model.weights.h5"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.export(path, verbose=False)",
                "a SavedModel", "model.dir"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        severity = "error" if case.options.strict else None
        for damage in list_unread(case):
            hint = damage.hint or "look at it by other means, or save the model again with Keras"
            yield self.finding(damage.message, pointer=damage.pointer, hint=hint, severity=severity)
