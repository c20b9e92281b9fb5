"""KS625 duplicate-member-or-key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ..linting.case import Case
from ..linting.container_rule import ContainerRule, quoted
from ..linting.rule import Example, Finding
from ..readers.members import StoredMember

REPEATED = "duplicate-key"  # the note of the JSON reader


class DuplicateMemberOrKey(ContainerRule):
    """The same name stands twice: of members in the archive, or of keys in a JSON object.

    Readers differ in which one they take. Keras takes the last; a scanner or an unzipping tool that takes the first
    sees another model than the one that is loaded, which is what somebody does it for. No tool writes doubles by
    itself, but for appending to an archive. Write the file again, and look at both before.
    """

    code = "KS625"
    name = "duplicate-member-or-key"
    severity = "error"
    needs = ("members", "documents")
    flags = (
        Example("import zipfile, warnings\nwarnings.simplefilter('ignore')\n"
                "write_archive(path, {'class_name': 'Sequential', 'config': {'layers': []}})\n"
                "with zipfile.ZipFile(path, 'a') as archive:\n    archive.writestr('config.json', '{}')",
                "two configs in one archive"),
        Example("Path(path).write_text('{\"class_name\": \"Sequential\", \"config\": {\"name\": \"a\", \"layers\": [], "
                "\"name\": \"b\"}}')", "two names of a model", "model.json"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2), layers.Dense(2)])", "two equal layers"),
        Example("write_archive(path, {'class_name': 'Sequential', 'config': {'layers': []}}, "
                "**{'assets/a/config.json': '{}', 'assets/b/config.json': '{}'})", "the same name in two folders"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        by_place: dict[str, list[StoredMember]] = defaultdict(list)
        for member in case.members:
            if member.entry is not None:
                by_place[member.place.partition("\0")[0]].append(member)
        for place, members in by_place.items():
            if len(members) > 1:
                contents = {(member.entry.crc, member.size) for member in members if member.entry}
                what = "different contents" if len(contents) > 1 else "the same content"
                yield self.finding(
                    f"the archive holds {len(members)} members named {quoted(place)} with {what}; Keras reads the last",
                    pointer=place,
                    severity="error" if len(contents) > 1 else "warning",
                    hint="look at all of them, and pack the archive again with the one that is meant",
                )
        for document in case.documents:
            for note in document.notes:
                if note.code == REPEATED:
                    yield self.finding(note.message, pointer="",
                                       hint="look at both values, and write the file again with one")  # fmt: skip
