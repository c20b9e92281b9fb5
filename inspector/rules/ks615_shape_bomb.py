"""KS615 shape-bomb."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple

from ..errors import UnreadableModel
from ..linting.case import Case
from ..linting.container_rule import ContainerRule, quoted, spelled
from ..linting.rule import Example, Finding
from ..readers.npz import read_header

BEYOND_DEFLATE, FLOOR = 1_100, 256 << 20  # no deflate packs more than 1,032 to 1
MUCH, HIGH_FLOOR = 100, 1 << 30
CVE = ("CVE-2026-0897", "CVE-2026-12570")
AFFECTS = "Keras before 3.12.3 and 3.15.0; later ones refuse single tensors over 4 GB, and load smaller ones and many"


class Claim(NamedTuple):
    """A tensor: what its shape asks for, and what the file keeps."""

    path: str
    shape: tuple[int, ...]
    declared: int
    stored: int


class ShapeBomb(ContainerRule):
    """Tensors ask for far more memory than the file has data for.

    A shape is a few bytes in a file, and memory for the whole of it is taken when the tensor is loaded: 12 KB of
    weights took 4.5 GB of memory and 17 seconds in Keras 3.15.1, which refuses single tensors beyond 4 GB alone.
    Counted is what is declared without data, over each file as a whole: 256 MB that no compression could have
    packed so small, or 1 GB at more than 100 to 1. Do not load the file. Weights that are sound are saved in full.
    """

    code = "KS615"
    name = "shape-bomb"
    severity = "error"
    needs = ("hdf5_objects", "members")
    flags = (
        Example("import h5py\nwith h5py.File(path, 'w') as file:\n"
                "    file.create_dataset('layers/a', (10**6, 10**6), 'f4', chunks=(1000, 1000), compression='gzip')",
                "four terabytes in one tensor", "model.weights.h5"),
        Example("import h5py\nwith h5py.File(path, 'w') as file:\n    for place in range(30):\n"
                "        file.create_dataset(f'layers/dense_{place}/vars/0', (1000, 4000), 'f4')",
                "many tensors of 16 MB, none of them written", "model.weights.h5"),
    )  # fmt: skip
    allows = (
        Example("import h5py\nwith h5py.File(path, 'w') as file:\n"
                "    file.create_dataset('layers/dense/vars/0', data=np.zeros((2000, 2000)), compression='gzip')",
                "32 MB of zeros, packed 500 to 1", "model.weights.h5"),
        Example("import h5py\nwith h5py.File(path, 'w') as file:\n"
                "    file['layers/a'] = np.zeros((0, 10**12), 'f4')\n    file['layers/b'] = np.float32(1)",
                "a shape of no elements", "model.weights.h5"),
        Example("model = keras.Sequential([layers.Input((400,)), layers.Dense(500)])", "weights of Keras"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        for contents in case.hdf5_objects:
            claims = [
                Claim(contents.pointer(found.path), found.shape, found.declared, found.stored)
                for found in contents.inventory.objects
                if found.declared and found.stored is not None and not found.is_external and found.layout != "virtual"
            ]
            yield from self.judge(claims)
        yield from self.judge(list(find_arrays(case)))

    def judge(self, claims: list[Claim]) -> Iterator[Finding]:
        """One finding on the tensors of a file that have no data to speak of."""
        for ratio, floor in ((BEYOND_DEFLATE, FLOOR), (MUCH, HIGH_FLOOR)):
            empty = [claim for claim in claims if claim.declared > ratio * claim.stored]
            declared = sum(claim.declared for claim in empty)
            if declared < floor:
                continue
            largest = max(empty, key=lambda claim: claim.declared)
            stored = sum(claim.stored for claim in empty)
            others = f"{len(empty):,} tensors ask" if len(empty) > 1 else "a tensor asks"
            yield self.finding(
                f"{others} for {spelled(declared)} of memory and the file keeps {spelled(stored)} for it; "
                f"the largest is {quoted(largest.path)} of shape {largest.shape}",
                pointer=largest.path,
                hint="do not load it: loading takes that memory, whatever the tensor holds",
                cve=CVE,
                affects=AFFECTS,
            )
            return


def find_arrays(case: Case) -> Iterator[Claim]:
    """The arrays of an npz member, by what their headers claim."""
    for member in case.members:
        if member.archive and member.head and member.name.endswith(".npy"):
            try:
                shape, _, width = read_header(io.BytesIO(member.head), member.name)
            except (UnreadableModel, ValueError, ArithmeticError):
                continue
            declared = width
            for dim in shape:
                declared *= dim
            yield Claim(member.place, shape, declared, member.size)
