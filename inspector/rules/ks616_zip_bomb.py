"""KS616 zip-bomb."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.container_rule import ContainerRule, quoted, spelled
from ..linting.rule import Example, Finding
from ..readers.members import StoredMember

RATIO, FLOOR = 100, 64 << 20
AFFECTS = "Keras before 3.12.3 and 3.15.0, its assets before 3.12.4 and 3.15.1; later ones refuse over 4 GB or 256 MB"
HINT = "do not load it: unpacking fills the memory or the disk; archives of Keras are not compressed"


class ZipBomb(ContainerRule):
    """The archive unpacks to far more than it is.

    Keras reads the config and the weights of a `.keras` file into memory, and extracts all of it where there are
    more members than three. A member of a few kilobytes that unpacks to gigabytes, or many members that share the
    same bytes, take memory and disk before anything looks at them. Counted are members packed by more than 100 to 1,
    from 64 MB on, all of them together. Do not load the file.
    """

    code = "KS616"
    name = "zip-bomb"
    severity = "error"
    needs = ("probe", "members")
    flags = (
        Example("import zipfile\nwith zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:\n"
                "    archive.writestr('config.json', '{}')\n    archive.writestr('assets/a', bytes(100 << 20))",
                "100 MB of zeros in 100 KB"),
        Example("import zipfile\nwith zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:\n"
                "    archive.writestr('config.json', '{}')\n    for place in range(20):\n"
                "        archive.writestr(f'assets/{place}', bytes(4 << 20))", "many members of 4 MB"),
    )  # fmt: skip
    allows = (
        Example("import zipfile\nmodel = keras.Sequential([layers.Input((4,))])\nmodel.save(path)\n"
                "with zipfile.ZipFile(path) as archive:\n"
                "    members = {name: archive.read(name) for name in archive.namelist()}\n"
                "with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:\n"
                "    for name, content in members.items():\n        archive.writestr(name, content)",
                "a model that was packed again"),
        Example("import zipfile\nwith zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:\n"
                "    archive.writestr('config.json', '{}')\n    archive.writestr('assets/words', 'word\\n' * 100_000)",
                "words that repeat"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        for archive in dict.fromkeys(member.archive for member in case.members):
            members = [member for member in case.members if member.archive == archive and member.entry is not None]
            yield from self.find_packed(members)
            yield from self.find_shared([member for member in members if member.packed <= case.probe.size])

    def find_packed(self, members: list[StoredMember]) -> Iterator[Finding]:
        packed = [member for member in members if member.size > RATIO * member.packed]
        size = sum(member.size for member in packed)
        if size >= FLOOR:
            largest = max(packed, key=lambda member: member.size)
            what = f"{len(packed):,} members unpack" if len(packed) > 1 else f"{quoted(largest.name)} unpacks"
            bytes_now = spelled(sum(member.packed for member in packed))
            message = f"{what} from {bytes_now} to {spelled(size)}: a decompression bomb"
            yield self.finding(message, pointer=largest.place, hint=HINT, affects=AFFECTS)

    def find_shared(self, members: list[StoredMember]) -> Iterator[Finding]:
        """Members that lie on top of one another: the same bytes are unpacked for each."""
        end, before = 0, None
        for member in sorted(members, key=lambda member: member.entry.offset if member.entry else 0):
            start = member.entry.offset if member.entry else 0
            if before is not None and start < end and member.packed:
                names = f"{quoted(before.name)} and {quoted(member.name)}"
                message = f"the members {names} share bytes of the archive, as decompression bombs do"
                yield self.finding(message, pointer=member.place, hint=HINT, affects=AFFECTS)
                return
            end, before = max(end, start + member.packed), member
