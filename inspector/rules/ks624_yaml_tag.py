"""KS624 yaml-tag."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..analyses.config_objects import shown
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

MAX_BYTES, MAX_FINDINGS = 64 << 20, 20
SUFFIXES = (".yaml", ".yml")
TAG = re.compile(
    r"!!python/(?P<short>object|module|name)\S*|tag:yaml\.org,2002:python(?:/(?P<long>object|module|name))?\S*"
)
HINT = "do not open it with yaml.load; let the author save the model as .keras, which holds no such tags"


class YamlTag(Rule):
    """A model in YAML holds tags that make Python objects, which reading it runs.

    Keras up to 2.5 saved architectures as YAML and read them with a loader that obeys tags such as
    `!!python/object/apply:os.system`: opening the file starts the program. Keras has dropped YAML for that reason.
    The tags for tuples and texts, which old files hold, are harmless.
    """

    code = "KS624"
    name = "yaml-tag"
    severity = "error"
    needs = ("probe",)
    flags = (
        Example("path.write_text('class_name: Model\\nconfig: !!python/object/apply:os.system [true]\\n')",
                "a tag that calls a function", "model.yaml"),
        Example("path.write_text('%TAG !p! tag:yaml.org,2002:python/object/\\n---\\nclass_name: Model\\n"
                "config: !p!apply:os.system [true]\\n')", "the same under another name", "model.yml"),
    )  # fmt: skip
    allows = (
        Example("path.write_text('class_name: Model\\nconfig:\\n  batch_input_shape: !!python/tuple [null, 4]\\n')",
                "a tuple, as old Keras wrote it", "model.yaml"),
        Example("path.write_text('class_name: Model\\nconfig: {name: m}  # no !!python/object here\\n')",
                "only in a comment", "model.yaml"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        if case.probe.is_directory or case.probe.path.suffix.lower() not in SUFFIXES:
            return
        with open(case.probe.path, "rb") as file:
            data = file.read(MAX_BYTES)
        text = data.decode(encoding_of(data), "replace")
        found = 0
        for number, line in enumerate(text.splitlines(), 1):
            match = TAG.search(line) if "python" in line else None
            if match is None or is_comment(line[: match.start()]):
                continue
            found += 1
            yield self.finding(f"the tag {shown(match[0])} makes Python run code when the file is read", line=number,
                               hint=HINT, cve=("CVE-2021-37678",), affects="TensorFlow before 2.6")  # fmt: skip
            if found == MAX_FINDINGS:
                return


def encoding_of(data: bytes) -> str:
    """YAML is UTF-8, or UTF-16 or 32 by its mark or its zeros."""
    for mark, encoding in ((b"\xff\xfe\0\0", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return encoding
    if data[1:2] == b"\0":
        return "utf-32-le" if data[1:4] == b"\0\0\0" else "utf-16-le"
    return "utf-16-be" if data[:1] == b"\0" else "utf-8-sig"


def is_comment(before: str) -> bool:
    """Whether what follows on a line is a comment: a ``#`` at its start or behind a space, and no quote before."""
    return re.match(r"(?:[^'\"#]*\s)?#", before) is not None
