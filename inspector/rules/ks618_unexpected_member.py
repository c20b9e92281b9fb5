"""KS618 unexpected-member."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..analyses.byte_signatures import PICKLE, name_bytes
from ..linting.case import Case
from ..linting.container_rule import ContainerRule, quoted
from ..linting.rule import Example, Finding
from ..readers.members import FILE, StoredMember

WRITTEN = re.compile(r"config\.json|metadata\.json|[^/]*\.weights\.(h5|npz|json)|variables\.h5|assets/.*", re.S)
LITTER = re.compile(r"(.*/)?(\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)|__MACOSX/.*", re.S)
WEIGHTS = re.compile(r"[^/]*\.weights\.(h5|npz)|variables\.h5")
CODE = (".py", ".pyc", ".so", ".dll", ".dylib", ".exe", ".sh", ".bat", ".ps1", ".jar")


class UnexpectedMember(ContainerRule):
    """The archive holds something that Keras never puts there: by its name, or by what its bytes are.

    A `.keras` file consists of a config, metadata, the weights and, in `assets/`, what layers bring along. What else
    is in it is not read, but written to the disk of whoever loads the model where there are more than three members,
    and a program or a script among the assets waits for somebody to start it. Take it out, and keep it beside the
    file.
    """

    code = "KS618"
    name = "unexpected-member"
    severity = "warning"
    needs = ("members",)
    flags = (
        Example("write_archive(path, {'class_name': 'Sequential', 'config': {'layers': []}}, "
                "**{'setup.py': 'import os'})", "code beside the config"),
        Example("write_archive(path, {'class_name': 'Sequential', 'config': {'layers': []}}, "
                "**{'assets/words.txt': b'\\x7fELF\\2\\1\\1' + bytes(60)})", "a program under the name of an asset"),
    )  # fmt: skip
    allows = (
        Example("words = ['#!', 'MZ', '%PDF']\n"
                "model = keras.Sequential([keras.Input((1,), dtype='string'), layers.StringLookup(vocabulary=words)])",
                "a vocabulary of odd words"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])", "a model as Keras writes it"),
        Example("write_archive(path, {'class_name': 'Sequential', 'config': {'layers': []}}, "
                "**{'model.weights.json': '{\"weight_map\": {}}', 'assets/_layer/merges.txt': 'a b'})",
                "weights in shards, and an asset"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        is_model = any(member.name == "config.json" for member in case.members)
        for member in case.members if is_model and not case.probe.is_directory else ():
            if not member.archive and member.kind == FILE:
                yield from self.judge(member)
        for member in case.members if case.probe.is_directory else ():
            if "/" in member.name and member.kind == FILE:
                yield from self.judge_bytes(member)

    def judge(self, member: StoredMember) -> Iterator[Finding]:
        """Of a member that Keras would write, what it is; of another, that it is there."""
        if WRITTEN.fullmatch(member.name) and not member.name.lower().endswith(CODE):
            yield from self.judge_bytes(member)
            return
        what = name_bytes(member.head)
        said = f", {what}" if what else ""
        yield self.finding(
            f"the archive holds {quoted(member.name)}{said}, which Keras never writes",
            pointer=member.name,
            severity="info" if what is None and LITTER.fullmatch(member.name) else None,
            hint="take it out of the archive, and keep it beside the file if it is needed",
        )

    def judge_bytes(self, member: StoredMember) -> Iterator[Finding]:
        what = name_bytes(member.head)
        if what is None or what == PICKLE or (what == "an archive" and WEIGHTS.fullmatch(member.name)):
            return
        yield self.finding(
            f"{quoted(member.name)} is {what}, whatever its name says",
            pointer=member.name,
            hint="do not start or unpack it; ask whoever made the file what it is for",
        )
