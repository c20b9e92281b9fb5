"""Where two JSON trees differ, each difference by its path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

ABSENT = "nothing"
IDENTITIES = ("shared_object_id",)  # they are numbers of the process; sharing is compared by paths
LAMBDA = "__lambda__"  # its bytecode is written otherwise each time; what it does is compared by outputs
LONGEST = 80  # characters of a value in a sentence


def differences(one: Any, other: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(path, value, value) of the leaves that differ; a key that one side lacks counts as ``ABSENT``."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        if one.get("class_name") == other.get("class_name") == LAMBDA:
            return
        for key in [*one, *(key for key in other if key not in one)]:
            if key in IDENTITIES:
                continue
            below = f"{path}.{key}" if path else str(key)
            yield from differences(one.get(key, ABSENT), other.get(key, ABSENT), below)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from differences(first, second, f"{path}[{index}]")
    elif one != other:
        yield path, one, other


def brief(value: Any) -> str:
    """A value in few words."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
