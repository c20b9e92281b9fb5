"""What bytes are that have no place in a model file, told from the first of them, whatever the file's name."""

from __future__ import annotations

import re

PICKLE, ARCHIVE = "a pickle", "an archive"
OPCODES = rb"(.012FIJKLMNRSTUVXabcd}eghjilopqrstu)GHBC\x80-\x98\]"
BINARY = re.compile(rb"\x80[\x02-\x05](?:\x95.{8})?[" + OPCODES + rb"]", re.S)
CALLED = re.compile(
    rb"c(?:__builtin__|builtins|posix|nt|os|subprocess|runpy|pty|shutil|socket|webbrowser)\n[A-Za-z_]\w*\n[(pq]"
)
# Protocols 0 and 1: a global and its arguments, or a collection with its mark. A list of words must not look like one.
TEXTUAL = re.compile(
    rb"\(?c[A-Za-z_][\w.]*\n[A-Za-z_]\w*\n(?:p\d+\n|q.|\)|"
    rb"\(+(?:S['\"]|[VIF][^\n]*\n(?:p\d+\n)?t|[UXTK][\0-\x08\x0b-\x1f]|t?R|t\n?p))"
    rb"|\([dlt]p\d+\n|\((?:[SVIF][^\n]*\n(?:p\d+\n)?)*i[A-Za-z_][\w.]*\n[A-Za-z_]\w*\n", re.S
)  # fmt: skip
STARTS = (
    (b"\x7fELF", "a program for Linux"), (b"\xcf\xfa\xed\xfe", "a program for macOS"),
    (b"\xce\xfa\xed\xfe", "a program for macOS"), (b"\xca\xfe\xba\xbe", "a program for macOS or Java"),
    (b"\0asm", "a WebAssembly program"), (b"#!/", "a script"), (b"#! /", "a script"), (b"PK\3\4", ARCHIVE),
    (b"\x1f\x8b\x08", ARCHIVE), (b"7z\xbc\xaf\x27\x1c", ARCHIVE), (b"Rar!\x1a\x07", ARCHIVE), (b"\xfd7zXZ\0", ARCHIVE),
)  # fmt: skip
FIRST = frozenset(start[0] for start, _ in STARTS) | frozenset(b"\x80(cM")


def name_bytes(head: bytes) -> str | None:
    """A pickle, a program, a script or an archive, from the first 512 bytes; `None` for all else."""
    if CALLED.search(head):
        return PICKLE
    if not head or head[0] not in FIRST:
        return None
    if BINARY.match(head) or TEXTUAL.match(head):
        return PICKLE
    for start, kind in STARTS:
        if head.startswith(start):
            return kind
    if head.startswith(b"MZ") and head.count(0, 2, 64) > 8:  # text may begin with these letters too
        return "a program for Windows"
    return None


__all__ = ["ARCHIVE", "PICKLE", "name_bytes"]
