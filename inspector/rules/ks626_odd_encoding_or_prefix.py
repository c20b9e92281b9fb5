"""KS626 odd-encoding-or-prefix."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.container_rule import ContainerRule, quoted
from ..linting.rule import Example, Finding
from ..readers.zip_directory import Entry

ENCODED = "odd-encoding"  # the note of the JSON reader
METHODS = (0, 8)  # stored and deflated


class OddEncodingOrPrefix(ContainerRule):
    """The file is written in a way that Keras reads and no tool of Keras writes, which hides what is in it.

    JSON in UTF-16, a mark before the text, bytes before the archive or before the HDF5 data, members that are
    encrypted or packed in rare ways: the model may load all the same, while scanners and `file` see something else,
    or nothing. Sometimes an editor did it. Save the model again, and look at what stood there before.
    """

    code = "KS626"
    name = "odd-encoding-or-prefix"
    severity = "warning"
    needs = ("probe", "documents", "members", "hdf5_objects")
    flags = (
        Example("config = {'class_name': 'Sequential', 'config': {'layers': []}}\n"
                "Path(path).write_bytes(json.dumps(config).encode('utf-16'))",
                "a config in UTF-16", "model.json"),
        Example("write_archive(path, {'class_name': 'Sequential', 'config': {'layers': []}})\n"
                "path.write_bytes(b'x' * 300 + path.read_bytes())", "bytes before the archive"),
        Example("import h5py\nwith h5py.File(path, 'w', userblock_size=512) as file:\n    file['layers/a'] = [1.0]",
                "bytes before the data", "model.weights.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,), name='größe'), layers.Dense(2)])", "names in UTF-8"),
        Example("import zipfile\nwith zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:\n"
                "    with archive.open('config.json', 'w', force_zip64=True) as member:\n"
                "        member.write(b'{\"class_name\": \"Sequential\", \"config\": {\"layers\": []}}')",
                "a packed member with 64-bit sizes"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        for document in case.documents:
            for note in document.notes:
                if note.code == ENCODED:
                    yield self.finding(note.message, hint="write it as UTF-8 without a mark")
        for archive in dict.fromkeys(member.archive for member in case.members):
            entries = [member.entry for member in case.members if member.archive == archive and member.entry]
            yield from self.judge(archive, entries)
        for contents in case.hdf5_objects:
            if contents.inventory.user_block:
                where = f"in {quoted(contents.name)}" if contents.name else "in the file"
                yield self.finding(
                    f"{contents.inventory.user_block:,} bytes stand before the HDF5 data {where}",
                    pointer=contents.name or None,
                    hint="look at them, and save the weights again",
                )

    def judge(self, archive: str, entries: list[Entry]) -> Iterator[Finding]:
        where = f"of {quoted(archive)}" if archive else "of the archive"
        first = min((entry.offset for entry in entries), default=0)
        if first > 0:
            message = f"{first:,} bytes stand before the first member {where}"
            yield self.finding(message, pointer=archive or None, hint="look at them, and pack the archive again")
        for entry in entries:
            what = describe(entry)
            if what is not None:
                yield self.finding(what, pointer=entry.name, hint="pack the archive again, stored or deflated")


def describe(entry: Entry) -> str | None:
    """What is odd about a member itself."""
    name = quoted(entry.name)
    if entry.is_encrypted:
        return f"{name} is encrypted: nobody sees what it is, and Keras cannot read it"
    if entry.method not in METHODS:
        return f"{name} is packed by method {entry.method}, which Keras never uses"
    if "\0" in entry.name or any("\ud800" <= char <= "\udfff" for char in entry.name):
        return f"the member's name {name} is no text: readers take it differently"
    return None
