"""KS628 special-file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from ..linting.case import Case
from ..linting.container_rule import ContainerRule, quoted
from ..linting.rule import Example, Finding
from ..readers.members import FILE, FOLDER, LINK, StoredMember, name_special

CACHED = re.compile(r"(\.\./)+blobs/[0-9a-f]{40,64}")  # where Hugging Face's cache keeps a folder's files
READ = re.compile(r"(config|metadata)\.json|model[^/]*\.weights\.(h5|npz|json)|(saved_model|keras_metadata)\.pb|.+/.+")
FOLDERS = ("assets", "assets.extra", "variables")
FOLDER_OF = 'path.mkdir()\n(path / \'config.json\').write_text(\'{"class_name": "Sequential", "config": {}}\')\n'


class SpecialFile(ContainerRule):
    """What has a model's name is no regular file: a FIFO, a device, a socket, or a symbolic link that leads away.

    Opening a FIFO waits until somebody writes into it: `load_model` hangs, and a scanner with it. A device gives
    bytes without an end. A link in a model's folder makes the model a part of another place, which changes under it,
    and shows its reader files that are not the model's. None of it is opened here.
    """

    code = "KS628"
    name = "special-file"
    severity = "error"
    needs = ("file",)
    flags = (
        Example("import os\nos.mkfifo(path)", "a FIFO"),
        Example("path.symlink_to(path.name)", "a link to itself"),
        Example(FOLDER_OF + "import os\n"
                "(path / 'metadata.json').write_text('{}')\nos.mkfifo(path / 'model.weights.h5')",
                "weights that never come", "model.dir"),
        Example("path.mkdir()\n(path / 'config.json').symlink_to('/etc/passwd')", "a folder that shows another file",
                "model.dir"),
    )  # fmt: skip
    allows = (
        Example("write_archive(path.with_name('other.keras'), {'class_name': 'Sequential', 'config': {'layers': []}})\n"
                "path.symlink_to('other.keras')", "a link to a model"),
        Example(FOLDER_OF + "(path / 'assets').mkdir()", "a folder of files", "model.dir"),
        Example("blob = path.parent / 'blobs' / ('0a' * 20)\nblob.parent.mkdir()\n"
                "blob.write_text('{\"class_name\": \"Sequential\", \"config\": {}}')\npath.mkdir()\n"
                "(path / 'config.json').symlink_to('../blobs/' + '0a' * 20)", "a download cache", "model.dir"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        what = None if case.is_live else name_special(case.path)
        if what is not None:
            yield self.finding(f"{what}, not a file" + ("" if "link" in what else ": opening it may never end"),
                               hint="put a regular file in its place, or do not name it")  # fmt: skip
        elif os.path.isdir(case.path) and not case.is_live and case.has("members"):
            for member in case.members:
                if READ.fullmatch(member.name) or member.name in FOLDERS:
                    yield from self.judge(member, case.path)

    def judge(self, member: StoredMember, folder: str) -> Iterator[Finding]:
        if member.kind == LINK:
            target = (member.target or "").replace(os.sep, "/")
            if not CACHED.fullmatch(target) and leaves(member, folder):
                yield self.finding(
                    f"{quoted(member.name)} is a symbolic link to {quoted(target)}, outside of the model's folder",
                    pointer=member.name, severity="warning", hint="put the file itself there",
                )  # fmt: skip
        elif member.kind not in (FILE, FOLDER):
            yield self.finding(f"{quoted(member.name)} is a {member.kind}, not a file: opening it may never end",
                               pointer=member.name, hint="put a regular file in its place")  # fmt: skip


def leaves(member: StoredMember, folder: str) -> bool:
    """Whether a link in a folder leads out of it, or nowhere at all."""
    root = os.path.realpath(folder)
    try:
        place = os.path.realpath(os.path.join(folder, member.name), strict=True)
    except (OSError, ValueError):
        return True
    return os.path.commonpath([root, place]) != root
