"""JSON from strangers: bounded in size and depth, read as Keras reads it, with what it hides told.

Python's own decoder fails at a depth that depends on how deep its caller stands, so the depth is counted first.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from itertools import accumulate
from typing import Any, NamedTuple

from ..errors import UnreadableModel
from ..graph import Note

MAX_BYTES = 24 << 20
MAX_TEXT = 48 << 20  # bytes in memory: one character beyond the first plane makes each take four
MAX_VALUES = 900_000  # some 80 bytes each; an object or a list takes as much as three
MAX_DEPTH = 3_000  # brackets; a thousand nested models take three each
_KEPT = b'[]{},:"'
_DROPPED = bytes(byte for byte in range(256) if byte not in _KEPT)
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_OPEN = b"["[0]
_PEELED, _BLOCK, _PART = 20, 1 << 16, 1 << 20
_SPARE_FRAMES = 500
_SHOWN = 3  # of the keys that stand twice


class Document(NamedTuple):
    """A JSON object and what is odd about the way it is written."""

    value: Mapping[str, Any]
    notes: tuple[Note, ...] = ()


def load_json(data: bytes | str, where: str = "it") -> Document:
    """Decode an object from UTF-8, 16 or 32, as Keras does. Raises `UnreadableModel` with one line."""
    if len(data) > MAX_BYTES:
        raise UnreadableModel(f"{where} is JSON of {len(data):,} bytes; more than {MAX_BYTES:,} are not read")
    notes = []
    if isinstance(data, bytes):
        encoding = json.detect_encoding(data)
        if encoding != "utf-8":
            notes.append(Note("odd-encoding", f"{where} is written in {encoding}, and Keras writes UTF-8"))
        try:
            data = data.decode(encoding, "surrogatepass")
        except UnicodeDecodeError as error:
            raise UnreadableModel(f"{where} is not JSON: it is not {encoding} at byte {error.start}") from None
    value, repeated = decode(data, where)
    if not isinstance(value, dict):
        raise UnreadableModel(f"{where} is JSON, and not an object")
    if repeated:
        names = ", ".join(repr(key) for key in repeated[:3])
        notes.append(Note("duplicate-key", f"{where} states a key twice in one object, the last counts: {names}"))
    return Document(value, tuple(notes))


def decode(text: str, where: str) -> tuple[Any, list[str]]:
    """The value, and the keys that stand twice in one object."""
    marks = find_marks(text)
    depth = count_depth(marks)
    if depth > MAX_DEPTH:
        raise UnreadableModel(f"{where} is nested deeper than {MAX_DEPTH:,} levels")
    pairs = marks.count(b":")
    values = pairs + marks.count(b",") + 3 * (marks.count(b"[") + marks.count(b"{"))
    if values > MAX_VALUES or sys.getsizeof(text) > MAX_TEXT:
        raise UnreadableModel(f"{where} is JSON that would take more memory than a model's config does")
    del marks
    limit = sys.getrecursionlimit()
    try:
        if depth > _SPARE_FRAMES // 5:
            sys.setrecursionlimit(max(limit, depth * 3 + _SPARE_FRAMES))
        return load_pairs(text, pairs)
    except json.JSONDecodeError as error:
        raise UnreadableModel(f"{where} is not JSON: {describe(error)}") from None
    except ValueError:
        raise UnreadableModel(f"{where} holds a number of too many digits") from None
    except (RecursionError, MemoryError):
        raise UnreadableModel(f"{where} is nested deeper, or larger, than can be read") from None
    finally:
        sys.setrecursionlimit(limit)


def load_pairs(text: str, pairs: int) -> tuple[Any, list[str]]:
    """The value of a text that states so many pairs; objects that hold fewer have some key twice, which is rare."""
    kept = 0

    def count(built: dict[str, Any]) -> dict[str, Any]:
        nonlocal kept
        kept += len(built)
        return built

    value = json.loads(text, object_hook=count)
    if kept == pairs:
        return value, []
    del value  # before it is built again
    repeated: list[str] = []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) != len(pairs) and len(repeated) < _SHOWN:
            counts = Counter(key for key, _ in pairs)
            repeated.extend(sorted(key for key, number in counts.items() if number > 1)[:_SHOWN])
        return built

    return json.loads(text, object_pairs_hook=build), repeated


def describe(error: json.JSONDecodeError) -> str:
    return f"{error.msg[:1].lower()}{error.msg[1:]} at line {error.lineno}, column {error.colno}"


def find_marks(text: str) -> bytes:
    """The brackets, commas and colons outside of strings, in order; in C's own loops and a part at a time."""
    found, inside, start = [], 0, 0
    while start < len(text):
        end = start + _PART
        while end < len(text) and text[end - 1] == "\\":  # an escape stays whole
            end += 1
        plain = text[start:end].encode("utf-8", "surrogatepass")
        if b"\\" in plain:
            plain = plain.replace(b"\\\\", b"").replace(b'\\"', b"")
        pieces = plain.translate(None, _DROPPED).split(b'"')
        found.append(b"".join(pieces[inside::2]))
        inside = (inside + len(pieces) - 1) % 2
        start = end
    return b"".join(found)


def count_depth(marks: bytes) -> int:
    """How deep brackets nest, counted to just beyond `MAX_DEPTH`; linear."""
    brackets = marks.translate(_ONE_KIND, b",:")
    peeled = 0
    while brackets and peeled < _PEELED:  # the innermost level goes each time: a usual config is gone after a dozen
        brackets = brackets.replace(b"[]", b"")
        peeled += 1
    depth = deepest = 0
    for start in range(0, len(brackets), _BLOCK):
        steps = [1 if byte == _OPEN else -1 for byte in brackets[start : start + _BLOCK]]
        depths = list(accumulate(steps, initial=depth))
        depth, deepest = depths[-1], max(deepest, *depths)
        if deepest > MAX_DEPTH or depth < -MAX_DEPTH:  # the latter is not JSON
            break
    return peeled + deepest
