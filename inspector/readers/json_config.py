"""JSON from strangers: bounded in size and depth, read as Keras reads it, with what it hides told.

Python's own decoder fails at a depth that depends on how deep its caller stands, so the depth is counted first.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from itertools import accumulate
from typing import Any, NamedTuple

from ..errors import UnreadableModel
from ..graph import Note

MAX_BYTES = 256 << 20
MAX_DEPTH = 3_000  # brackets; a thousand nested models take three each
_KEPT = b'[]{}"\\'
_DROPPED = bytes(byte for byte in range(256) if byte not in _KEPT)
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_OPEN = b"["[0]
_PEELED, _BLOCK = 20, 1 << 16
_SPARE_FRAMES = 500


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
    depth = count_depth(text.encode("utf-8", "surrogatepass"))
    if depth > MAX_DEPTH:
        raise UnreadableModel(f"{where} is nested deeper than {MAX_DEPTH:,} levels")
    repeated: list[str] = []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) != len(pairs):
            keys = [key for key, _ in pairs]
            repeated.extend(sorted({key for key in keys if keys.count(key) > 1}) if len(keys) < 10_000 else keys[:1])
        return built

    limit = sys.getrecursionlimit()
    try:
        if depth > _SPARE_FRAMES // 5:
            sys.setrecursionlimit(max(limit, depth * 3 + _SPARE_FRAMES))
        return json.loads(text, object_pairs_hook=build), repeated
    except json.JSONDecodeError as error:
        raise UnreadableModel(f"{where} is not JSON: {describe(error)}") from None
    except ValueError:
        raise UnreadableModel(f"{where} holds a number of too many digits") from None
    except (RecursionError, MemoryError):
        raise UnreadableModel(f"{where} is nested deeper, or larger, than can be read") from None
    finally:
        sys.setrecursionlimit(limit)


def describe(error: json.JSONDecodeError) -> str:
    return f"{error.msg[:1].lower()}{error.msg[1:]} at line {error.lineno}, column {error.colno}"


def count_depth(data: bytes) -> int:
    """How deep the brackets outside of strings nest, counted to just beyond `MAX_DEPTH`; linear, in C's own loops."""
    marks = data.translate(None, _DROPPED).replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = b"".join(marks.split(b'"')[::2]).replace(b"\\", b"").translate(_ONE_KIND)
    peeled = 0
    while brackets and peeled < _PEELED:  # the innermost level goes each time: a usual config is gone after a dozen
        brackets = brackets.replace(b"[]", b"")
        peeled += 1
    depth = deepest = 0
    for start in range(0, len(brackets), _BLOCK):
        steps = [1 if byte == _OPEN else -1 for byte in brackets[start : start + _BLOCK]]
        depths = list(accumulate(steps, initial=depth))
        depth, deepest = depths[-1], max(deepest, *depths)
        if deepest > MAX_DEPTH:
            break
    return peeled + deepest
