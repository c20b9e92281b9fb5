"""Hold a summary record against what Keras says of the same model."""

from __future__ import annotations

from typing import Any

Described = dict[str, Any]


def differences(record: dict[str, Any], described: Described, *, exact: bool = True) -> list[str]:
    """Every fact in which the record and Keras differ; with ``exact`` an unknown counts as a difference too."""
    found: list[str] = []
    rows = {row["path"]: row for row in record["layers"]}
    paths = [row["path"] for row in described["layers"]]
    if list(rows) != paths:
        found.append(f"paths: {list(rows)} != {paths}")
    for expected in described["layers"]:
        row = rows.get(expected["path"])
        if row is not None:
            found.extend(compare_row(row, expected, exact))
    for side in ("inputs", "outputs"):
        if len(record[side]) != len(described[side] or []):
            found.append(f"{len(record[side])} {side}, Keras has {len(described[side] or [])}")
        for mine, theirs in zip(record[side], described[side] or [], strict=False):
            same(found, f"{side} {mine['name']}", mine, theirs, ("name", "shape", "dtype"), exact)
    same(found, "model", record["model"], described, ("name", "class_name", "kind"), exact)
    totals = ("params", "trainable_params", "non_trainable_params", "bytes")
    same(found, "totals", record["totals"], described["totals"], totals, exact)
    return found


def flat(shape: Any) -> Any:
    """The shapes of a call in one list, which is all that Keras's nodes keep of a nested structure."""
    if not isinstance(shape, list) or not any(isinstance(part, list) for part in shape):
        return shape
    parts = [flat(part) for part in shape]
    return [one for part in parts for one in (part if part and isinstance(part[0], list) else [part])]


def compare_row(row: dict[str, Any], expected: Described, exact: bool) -> list[str]:
    found: list[str] = []
    fields = ("name", "class_name", "kind", "params", "trainable_params", "bytes")
    same(found, row["path"], row, expected, fields, exact)
    if expected["kind"] != "operation":
        same(found, row["path"], row, expected, ("dtype",), exact)
    if expected["kind"] not in ("operation", "input", "sequential"):  # a Sequential's own flag is lost by loading
        same(found, row["path"], row, expected, ("trainable",), exact)
    if expected["kind"] == "input":
        return found
    row = {**row, "output_shape": flat(row["output_shape"])}
    same(found, row["path"], row, expected, ("output_shape",), exact)
    calls, theirs = row["calls"], expected["calls"]
    if len(calls) != len(theirs):
        return [*found, f"{row['path']}: {len(calls)} calls, Keras has {len(theirs)}"]
    for index, (call, their) in enumerate(zip(calls, theirs, strict=True)):
        if call["connected_to"] not in (their["connected_to"], their.get("file_connected_to")):
            found.append(f"{row['path']}@{index}: {call['connected_to']}, Keras says {their['connected_to']}")
        same(
            found,
            f"{row['path']}@{index}",
            {**call, "output_shape": flat(call["output_shape"]), "unknown": row["unknown"]},
            their,
            ("output_shape",),
            exact,
        )
    return found


def same(found: list[str], who: str, mine: Any, theirs: Any, fields: tuple[str, ...], exact: bool) -> None:
    for field in fields:
        unknown = mine.get(field) is None and field in mine.get("unknown", {field: ""})
        if mine.get(field) != theirs.get(field) and (exact or not unknown):
            why = f" ({mine['unknown'][field]})" if field in mine.get("unknown", {}) else ""
            found.append(f"{who}: {field} {mine.get(field)!r}{why}, Keras says {theirs.get(field)!r}")
