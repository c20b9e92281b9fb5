"""KS620 object-array."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..linting.case import Case
from ..linting.container_rule import ContainerRule, quoted
from ..linting.rule import Example, Finding

DESCRIPTION = re.compile(rb"""['"]descr['"]\s*:\s*(?:(['"])[<>|=]?O\d*\1|\[[^]]*['"][<>|=]?O)""")
ARRAY = (
    "import io, zipfile\nheld = io.BytesIO()\n{save}\n"
    "config = {{'class_name': 'Sequential', 'config': {{'layers': []}}}}\n"
    "write_archive(path, config, **{{'model.weights.npz': held.getvalue()}})"
)


class ObjectArray(ContainerRule):
    """The weights are arrays of Python objects, which are kept as pickles: loading them ran code before Keras 3.9.

    An `.npz` file may hold arrays of type object, and numpy keeps these as a pickle, which calls what it names when
    it is opened. Keras 3.8 and before opened them; from 3.9 on Keras refuses, and with it every `.npz` file that it
    writes itself, since it puts the variables of a layer into such an object. Save the weights as HDF5.
    """

    code = "KS620"
    name = "object-array"
    severity = "error"
    needs = ("members",)
    flags = (
        Example(ARRAY.format(save="np.savez(held, **{'layers/dense': np.array({'0': [1.0]}, dtype=object)})"),
                "an array of objects"),
        Example(ARRAY.format(save="np.savez(held, a=np.array([(1, None)], dtype=[('x', 'i4'), ('y', 'O')]))"),
                "an object in a part of an array"),
    )  # fmt: skip
    allows = (
        Example(ARRAY.format(save="np.savez(held, **{'layers/O': np.zeros((4, 2), 'f4')})"), "arrays of numbers"),
        Example(ARRAY.format(save="np.savez_compressed(held, a=np.zeros((4, 2)), b=np.array(['O', '|O']))"),
                "packed arrays, and one of text"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        found = [member for member in case.members if member.archive and is_object(member.head)]
        if found:
            more = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
            yield self.finding(
                f"{quoted(found[0].place)}{more}: an array of Python objects, kept as a pickle: Keras before 3.9 runs "
                "what it holds, and later ones refuse the file",
                pointer=found[0].place,
                hint="save the weights as HDF5, the default: what Keras writes as npz it cannot read again",
                affects="Keras before 3.9.0; later ones refuse to load the file",
            )


def is_object(head: bytes) -> bool:
    """Whether a numpy file's header, a Python literal, states a type that holds objects."""
    return head.startswith(b"\x93NUMPY") and DESCRIPTION.search(head[:4096]) is not None
