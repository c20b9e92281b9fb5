"""KS614 hdf5-filter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ..linting.case import Case
from ..linting.container_rule import ContainerRule, quoted
from ..linting.rule import Example, Finding

BUILT_IN = frozenset({1, 2, 3, 4, 5, 6, 32000})  # HDF5's own, and h5py's lzf
NAMES = {
    305: "LZO", 307: "bzip2", 32001: "Blosc", 32004: "LZ4", 32008: "bitshuffle", 32013: "ZFP", 32015: "Zstandard",
    32017: "SZ", 32024: "SZ3", 32026: "Blosc2",
}  # fmt: skip


class Hdf5Filter(ContainerRule):
    """The data of a tensor go through a filter that is a plug-in, code that HDF5 loads from the machine.

    For a filter that it does not know, HDF5 looks for a shared library in the folders of `HDF5_PLUGIN_PATH` and runs
    it. Where there is none the tensor cannot be read, and where somebody put one there, their code is run. The model
    loads on some machines alone. Write the weights without compression, as Keras does, or with gzip.
    """

    code = "KS614"
    name = "hdf5-filter"
    severity = "warning"
    needs = ("hdf5_objects",)
    flags = (
        Example("import h5py\nplan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)\nplan.set_chunk((4,))\n"
                "plan.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (1,))\n"
                "with h5py.File(path, 'w') as file:\n"
                "    h5py.h5d.create(file.id, b'kernel', h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((4,)), plan)",
                "Zstandard, which h5py has not", "model.weights.h5"),
    )  # fmt: skip
    allows = (
        Example("import h5py\nwith h5py.File(path, 'w') as file:\n    data = np.zeros((64, 8))\n"
                "    for place, packed in enumerate(('gzip', 'lzf')):\n"
                "        file.create_dataset(f'layers/{place}', data=data, compression=packed, shuffle=True)\n"
                "    file.create_dataset('layers/dense/vars/2', data=data, scaleoffset=4)\n"
                "    file.create_dataset('layers/3', data=data, fletcher32=True)",
                "the filters that h5py has", "model.weights.h5"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])", "weights of Keras", "model.h5"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        for contents in case.hdf5_objects:
            used: dict[int, list[str]] = defaultdict(list)
            for found in contents.inventory.objects:
                for number in set(found.filters) - BUILT_IN:
                    used[number].append(found.path)
            for number, paths in sorted(used.items()):
                name = f"{number} ({NAMES[number]})" if number in NAMES else str(number)
                more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
                yield self.finding(
                    f"dataset {quoted(paths[0])}{more} went through filter {name}, a plug-in that is not part of HDF5",
                    pointer=contents.pointer(paths[0]),
                    hint="save the weights again with Keras, or repack them: h5repack -f GZIP=4 IN OUT",
                )
