"""What bytes are that have no place in a model file, told from the first of them, whatever the file's name."""

from __future__ import annotations

import re

PICKLE, ARCHIVE = "a pickle", "an archive"
BINARY = re.compile(rb"\x80[\x02-\x05](?:\x95.{8})?[(}\]cX\x8c\x8aNKGBqMh]", re.S)
# Protocols 0 and 1: a global by its module and name, or a collection with its first marks.
TEXTUAL = re.compile(rb"\(?c[A-Za-z_][\w.]*\n[A-Za-z_]\w*\n|\([ldit]p?0?\n|\(c[A-Za-z_]\w*\n|\(i[A-Za-z_][\w.]*\n\w+\n")
STARTS = (
    (b"\x7fELF", "a program for Linux"), (b"\xcf\xfa\xed\xfe", "a program for macOS"),
    (b"\xce\xfa\xed\xfe", "a program for macOS"), (b"\xca\xfe\xba\xbe", "a program for macOS or Java"),
    (b"\0asm", "a WebAssembly program"), (b"#!/", "a script"), (b"#! /", "a script"), (b"PK\3\4", ARCHIVE),
    (b"\x1f\x8b\x08", ARCHIVE), (b"7z\xbc\xaf\x27\x1c", ARCHIVE), (b"Rar!\x1a\x07", ARCHIVE), (b"\xfd7zXZ\0", ARCHIVE),
)  # fmt: skip


def name_bytes(head: bytes) -> str | None:
    """A pickle, a program, a script or an archive, from the first 512 bytes; `None` for all else."""
    if BINARY.match(head) or TEXTUAL.match(head):
        return PICKLE
    for start, kind in STARTS:
        if head.startswith(start):
            return kind
    if head.startswith(b"MZ") and head.count(0, 2, 64) > 8:  # text may begin with these letters too
        return "a program for Windows"
    return None


__all__ = ["ARCHIVE", "PICKLE", "name_bytes"]
