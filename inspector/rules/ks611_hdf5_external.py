"""KS611 hdf5-external."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.container_rule import ContainerRule, quoted
from ..linting.rule import Example, Finding

CVE = ("CVE-2026-1669",)
AFFECTS = "Keras 3.0-3.12.0 and 3.13.0-3.13.1, legacy .h5 up to 3.12.1 and 3.14.0, every tf_keras; blocked since"

WEIGHTS = (
    "import h5py\nmodel = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.save_weights(path)\n"
    "with h5py.File(path, 'r+') as file:\n"
)


class Hdf5External(ContainerRule):
    """A dataset keeps its data in another file, which loading the model reads.

    HDF5 lets a dataset name files outside of its own and ranges of bytes in them. Whoever loads such weights copies
    these bytes, a key or a password file, into a tensor, and whoever gets the model back, or sees its outputs, has
    them. Keras never writes such a dataset. Do not load the file; where it is your own, copy the data into the file
    with `h5repack`, or save the model again.
    """

    code = "KS611"
    name = "hdf5-external"
    severity = "error"
    needs = ("hdf5_objects",)
    flags = (
        Example(WEIGHTS + "    file.create_dataset('layers/dense/more', (64,), 'u1', external=[('secret.txt', 0, 64)])",
                "weights that lie in another file", "model.weights.h5"),
        Example("import h5py, io\nmodel = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.save(path)\n"
                "def change(members):\n    held = io.BytesIO(members['model.weights.h5'])\n"
                "    with h5py.File(held, 'r+') as file:\n"
                "        file.create_dataset('deep/er/more', (8,), 'f4', external=[('/etc/passwd', 0, 32)])\n"
                "    members['model.weights.h5'] = held.getvalue()\n"
                "edit_archive(path, change)", "inside of an archive"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])", "weights of Keras"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])", "a legacy file", "model.h5"),
        Example("import h5py\nwith h5py.File(path, 'w') as file:\n"
                "    file.create_dataset('layers/a', data=np.zeros((64, 8)), chunks=(8, 8), compression='gzip')",
                "data in compressed pieces", "model.weights.h5"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        for contents in case.hdf5_objects:
            for found in contents.inventory.objects:
                if found.is_external:
                    files = ", ".join(quoted(name) for name in found.external[:3]) or "another file"
                    yield self.finding(
                        f"dataset {quoted(found.path)} keeps its data outside of the file, in {files}: "
                        f"loading reads {found.declared:,} bytes from there into the model",
                        pointer=contents.pointer(found.path),
                        hint="do not load it; in a file of your own, copy the data in with h5repack or save it again",
                        cve=CVE,
                        affects=AFFECTS,
                    )
