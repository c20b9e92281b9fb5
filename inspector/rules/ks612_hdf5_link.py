"""KS612 hdf5-link."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.container_rule import ContainerRule, quoted
from ..linting.rule import Example, Finding
from ..readers.hdf5.inventory import StoredObject

CVE = ("CVE-2026-1669",)
AFFECTS = "Keras up to 3.12.1 and 3.14.0, legacy .h5 weights up to 3.12.2 and 3.14.1, every tf_keras; blocked since"
HINT = "do not load it; in a file of your own, replace the link by the data, or save the weights again"
WEIGHTS = (
    "import h5py\nmodel = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.save_weights(path)\n"
    "with h5py.File(path, 'r+') as file:\n"
)


class Hdf5Link(ContainerRule):
    """A name in the weights is a link: out of the file, to another name, or back to a group around it.

    An external link makes the loader open another HDF5 file by its path, wherever that is; a user-defined one asks
    for code that is not in the file. A soft link stays in the file, and shows one tensor in the place of another. A
    group that holds itself makes whoever walks the file walk forever. Keras writes none of them: what a weights file
    holds stands in it once, by its name.
    """

    code = "KS612"
    name = "hdf5-link"
    severity = "error"
    needs = ("hdf5_objects",)
    flags = (
        Example(WEIGHTS + "    file['layers/more'] = h5py.ExternalLink('other.h5', '/x')",
                "a link to another file", "model.weights.h5"),
        Example("import h5py\nmodel = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.save(path)\n"
                "with h5py.File(path, 'r+') as file:\n    file['other'] = h5py.SoftLink('/model_weights')",
                "a link to another name, in a legacy file", "model.h5"),
        Example(WEIGHTS + "    file['layers/again'] = file['/']",
                "a group that holds itself", "model.weights.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])", "weights of Keras"),
        Example("shared = layers.Dense(4)\nx = keras.Input((4,))\nmodel = keras.Model(x, shared(shared(x)))",
                "a layer that is used twice", "model.h5"),
        Example(WEIGHTS + "    file['copy'] = file['layers/dense']",
                "a second name for the same group", "model.weights.h5"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        for contents in case.hdf5_objects:
            for found in contents.inventory.objects:
                what = describe(found) if found.link not in ("", "hard") else None
                if what is not None:
                    leaves = found.link in ("external", "user")
                    yield self.finding(
                        what,
                        pointer=contents.pointer(found.path),
                        severity="error" if leaves else "warning",
                        hint=HINT,
                        cve=CVE if leaves else (),
                        affects=AFFECTS if leaves else None,
                    )


def describe(found: StoredObject) -> str:
    name, target = quoted(found.path), quoted(found.target)
    if found.link == "external":
        return f"{name} is a link out of the file, to {target}: loading opens that file and reads from it"
    if found.link == "soft":
        return f"{name} is a soft link to {target}, which Keras never writes: it shows other data under this name"
    if found.link == "cycle":
        around = target if found.target else "the root"
        return f"{name} is a second name for {around}, the group it stands in: walking the file never ends"
    return (
        f"{name} is a link of a kind that a plug-in defines ({found.target}): loading asks for code outside of the file"
    )
