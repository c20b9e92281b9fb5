"""KS619 pickle-member."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.byte_signatures import PICKLE, name_bytes
from ..linting.case import Case
from ..linting.container_rule import ContainerRule, quoted
from ..linting.rule import Example, Finding
from ..readers.members import FILE
from ..readers.probe import HDF5_MAGIC, ZIP_MAGICS

ENDINGS = (".pkl", ".pickle", ".joblib", ".dill", ".cloudpickle")
CONTAINERS = (HDF5_MAGIC, *ZIP_MAGICS)  # which are looked into
HINT = "do not open it: unpickling runs whatever it names; save what it holds as JSON, text or arrays"


class PickleMember(ContainerRule):
    """A pickle is in the file, or is the file: opening it runs the code that it names.

    A pickle is a program for Python's unpickler, which calls whatever function it is told to, `os.system` too. Keras
    needs none: neither weights nor vocabularies are pickles. One that is here is opened by somebody else's code, or
    waits for a library that takes the file's name for what it is.
    """

    code = "KS619"
    name = "pickle-member"
    severity = "error"
    needs = ("probe", "members")
    flags = (
        Example("write_archive(path, {'class_name': 'Sequential', 'config': {'layers': []}}, "
                "**{'assets/state.bin': b'\\x80\\x04\\x95\\x10' + bytes(7) + b'\\x8c\\x05posix.'})",
                "among the assets, under another name"),
        Example("write_archive(path, {'class_name': 'Sequential', 'config': {'layers': []}}, "
                "**{'history.pkl': b\"cposix\\nsystem\\n(S'true'\\ntR.\"})", "in the oldest of its forms"),
        Example("Path(path).write_bytes(b'\\x80\\x04]\\x94.')", "a file that is one itself"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])", "a model of Keras"),
        Example("write_archive(path, {'class_name': 'Sequential', 'config': {'layers': []}}, "
                "**{'assets/a': 'cat\\ndog\\n(S\\n', 'assets/b': 'cposix\\nsystem\\nR.\\n', 'assets/c': '(lp\\n'})",
                "words that could stand in pickles"),
        Example("write_archive(path, {'class_name': 'Sequential', 'config': {'layers': []}}, "
                "**{'assets/tokenizer.json': '{}', 'assets/a.bin': b'\\x80\\x00\\x01\\x02'})", "other bytes"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        if not case.probe.head.startswith(CONTAINERS) and name_bytes(case.probe.head) == PICKLE:
            before = "begins with" if case.members or case.probe.is_hdf5 else "is"
            yield self.finding(f"the file {before} a pickle, which runs code when it is opened", hint=HINT)
        for member in case.members:
            if member.kind != FILE or (
                case.probe.is_directory and "/" not in member.name and "weights" not in member.name
            ):
                continue
            if name_bytes(member.head) == PICKLE:
                yield self.finding(f"{quoted(member.place)} is a pickle, which runs code when it is opened",
                                   pointer=member.place, hint=HINT)  # fmt: skip
            elif member.name.lower().endswith(ENDINGS) and member.size:
                yield self.finding(f"{quoted(member.place)} is a pickle by its name", pointer=member.place,
                                   severity="warning", hint=HINT)  # fmt: skip
