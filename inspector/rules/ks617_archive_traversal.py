"""KS617 archive-traversal."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.container_rule import ContainerRule, quoted
from ..linting.rule import Example, Finding
from ..readers.archive import leads_outside
from ..readers.members import LINK

AFFECTS = "Keras before 3.14.0 (GHSA-hqp4-2352-xf5r); later ones skip such a member and load the rest"
HINT = "do not load or unzip it; pack the model again from a folder that you trust"
NAMED = (
    "import zipfile\nwrite_archive(path, {'class_name': 'Sequential', 'config': {'layers': []}})\n"
    "with zipfile.ZipFile(path, 'a') as archive:\n"
)


class ArchiveTraversal(ContainerRule):
    """A member of the archive names a place outside of it, or is a symbolic link.

    Keras extracts an archive of more than three members into a temporary folder, and so does everybody who unzips
    it. A name such as `../../.bashrc`, an absolute one or a drive's letter puts the file where the name says, over
    what is there; a link makes what is written through it go elsewhere. Keras writes neither.
    """

    code = "KS617"
    name = "archive-traversal"
    severity = "error"
    needs = ("members",)
    flags = (
        Example(NAMED + "    archive.writestr('../../.profile', 'x')", "a name that climbs"),
        Example(NAMED + "    archive.writestr('assets\\\\..\\\\..\\\\x', 'x')\n    archive.writestr('/etc/x', 'x')",
                "separators of Windows, and an absolute name"),
        Example(NAMED + "    link = zipfile.ZipInfo('assets/a')\n    link.external_attr = 0o120777 << 16\n"
                "    archive.writestr(link, '/etc/passwd')", "a symbolic link"),
    )  # fmt: skip
    allows = (
        Example("words = ['a..b', '/etc', 'C:\\\\x']\n"
                "model = keras.Sequential([keras.Input((1,), dtype='string'), layers.StringLookup(vocabulary=words)])",
                "a vocabulary among the assets"),
        Example(NAMED + "    archive.writestr('assets/a..b/...txt', 'x')", "names with dots"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        for member in case.members:
            if member.archive or member.entry is None:
                continue
            if leads_outside(member.name):
                yield self.finding(
                    f"the archive's member {quoted(member.name)} names a place outside of it",
                    pointer=member.name, hint=HINT, affects=AFFECTS,
                )  # fmt: skip
            elif member.kind == LINK:
                yield self.finding(
                    f"the archive's member {quoted(member.name)} is a symbolic link: what is written goes elsewhere",
                    pointer=member.name, hint=HINT, affects=AFFECTS,
                )  # fmt: skip
