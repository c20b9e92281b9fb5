"""Outputs of a loaded model beside those of the saved one, which stand in their common folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from .fingerprint import Document
from .roundtrip_targets import problem_of

OUTPUTS = "outputs.npz"
RTOL, ATOL = 1e-5, 1e-6  # the same weights on the same machine differ in the order of sums alone
Request = Mapping[str, Any]


def compare_outputs(run: Callable[[], tuple[list[Any], Any]], request: Request) -> Document:
    """Outputs beside those of the saved model: the structure, and for each the largest difference."""
    import numpy as np

    try:
        arrays, structure = run()
    except Exception as error:
        return {"ran": False, "failed": True, **problem_of(error)}
    path = os.path.join(request["folder"], OUTPUTS)
    if not os.path.exists(path):
        return {"ran": False, "why": "the saved model gave no outputs to compare with", "structure": structure}
    differences = []
    names = leaf_names(structure)
    with np.load(path) as kept:
        for index, array in enumerate(arrays):
            if str(index) not in kept.files:
                continue
            name = names[index] if index < len(names) else str(index)
            rtol, atol = tolerance_of(name, index, request)
            differences.append({"output": name, **difference(kept[str(index)], array, rtol, atol)})
    return {"ran": True, "structure": structure, "count": len(arrays), "differences": differences}


def difference(expected: Any, found: Any, rtol: float, atol: float) -> Document:
    import numpy as np

    if expected.shape != found.shape:
        return {"ok": False, "max_abs_diff": None, "shapes": [list(expected.shape), list(found.shape)]}
    one, other = widened(expected), widened(found)
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    gap = np.where(same, 0.0, np.abs(one - other))
    gap = np.where(np.isnan(gap), np.inf, gap)
    worst = float(gap.max()) if gap.size else 0.0
    ok = bool(np.all(same | (gap <= atol + rtol * np.abs(one)))) if gap.size else True
    return {"ok": ok, "max_abs_diff": worst if np.isfinite(worst) else None, "finite": bool(np.isfinite(other).all())}


def widened(array: Any) -> Any:
    return array.astype("complex128" if array.dtype.kind == "c" else "float64")


def leaf_names(structure: Any, name: str = "") -> list[str]:
    """A name for each output: its keys and places, in the order in which Keras flattens them."""
    if "dict" in structure:
        items = sorted(structure["dict"])
    elif "leaf" in structure:
        return [name or "output"]
    else:
        items = [[str(place), item] for place, item in enumerate(structure.get("list") or structure.get("tuple") or ())]
    return [leaf for key, item in items for leaf in leaf_names(item, f"{name}/{key}" if name else key)]


def tolerance_of(name: str, index: int, request: Request) -> tuple[float, float]:
    """(rtol, atol) of an output, given for its name, its place, or, under the empty name, for all."""

    def pick(key: str, default: float) -> float:
        given = request.get(key) or {}
        return float(given.get(name, given.get(str(index), given.get("", default))))

    return pick("rtol", RTOL), pick("atol", ATOL)
