"""How far outputs may lie apart: for all of them, or by the name or the place of one."""

from __future__ import annotations

from collections.abc import Mapping

RTOL, ATOL = 1e-5, 1e-6  # the same weights on the same machine differ in the order of sums alone


def tolerance_of(
    name: str, index: int, rtol: Mapping[str, float] | None, atol: Mapping[str, float] | None
) -> tuple[float, float]:
    """(rtol, atol) of an output; the empty name stands for all."""

    def pick(given: Mapping[str, float] | None, default: float) -> float:
        given = given or {}
        return given.get(name, given.get(str(index), given.get("", default)))

    return pick(rtol, RTOL), pick(atol, ATOL)
