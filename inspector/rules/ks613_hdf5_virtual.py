"""KS613 hdf5-virtual."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.container_rule import ContainerRule, quoted
from ..linting.rule import Example, Finding


class Hdf5Virtual(ContainerRule):
    """A dataset is virtual: its data are pieced together from datasets of other files.

    Loading the weights opens the files that it names, wherever they are, and what it reads from them becomes a part
    of the model. The file alone is no model either: without the others the tensor is filled with zeros, silently.
    Keras never writes a virtual dataset. Do not load the file; in your own, write the data themselves.
    """

    code = "KS613"
    name = "hdf5-virtual"
    severity = "error"
    needs = ("hdf5_objects",)
    flags = (
        Example("import h5py\nlayout = h5py.VirtualLayout((4, 2), 'f4')\n"
                "layout[:] = h5py.VirtualSource('other.h5', 'x', (4, 2))\n"
                "with h5py.File(path, 'w', libver='latest') as file:\n"
                "    file.create_virtual_dataset('layers/dense/vars/0', layout)",
                "a kernel that another file keeps", "model.weights.h5"),
        Example("import h5py\nmodel = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.save(path)\n"
                "layout = h5py.VirtualLayout((4,), 'f4')\nlayout[:] = h5py.VirtualSource('/tmp/x.h5', 'x', (4,))\n"
                "with h5py.File(path, 'r+') as file:\n    file.create_virtual_dataset('model_weights/more', layout)",
                "in a legacy file", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])", "weights of Keras"),
        Example("import h5py\nwith h5py.File(path, 'w', libver='latest') as file:\n"
                "    file['layers/dense/vars/0'] = np.zeros((4, 2), 'f4')\n"
                "    file.create_dataset('layers/b', data=np.zeros((400, 2)), chunks=(10, 2), fletcher32=True)",
                "the newest layout of HDF5", "model.weights.h5"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        for contents in case.hdf5_objects:
            for found in contents.inventory.objects:
                if found.layout == "virtual":
                    yield self.finding(
                        f"dataset {quoted(found.path)} of shape {found.shape} is virtual: loading reads its data from "
                        "the other files that it names",
                        pointer=contents.pointer(found.path),
                        hint="do not load it; in a file of your own, write the data into it, or save the model again",
                        cve=("CVE-2026-1669",),
                        affects="Keras up to 3.12.1 and 3.14.0, every tf_keras; blocked since 3.12.2 and 3.14.1",
                    )
