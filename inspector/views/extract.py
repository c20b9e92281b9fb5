"""What `kinspect extract` says of a submodel: its ends, what it keeps, and how the proof went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .quantities import counted, shape_text, size_text

WIDTH = 8  # of the labels


def describe(record: Mapping[str, Any], dropped: Sequence[str], opened: Sequence[str], *, verbose: bool) -> list[str]:
    """Lines of text; with ``verbose`` the layers that are kept, opened and dropped, by path."""
    lines = [
        f"{record['output']}: {counted(len(record['layers']), 'layer')} of {record['source']} ({record['method']})"
    ]
    lines += [line("input", end_text(end)) for end in record["inputs"]]
    lines += [line("output", end_text(end)) for end in record["outputs"]]
    weights = record["weights"]
    lines.append(line("weights", f"{counted(weights['tensors'], 'tensor')}, {size_text(weights['bytes'])}"))
    lines.append(line("proof", proof_text(record["proof"])))
    if verbose:
        names = (("kept", record["layers"]), ("opened", opened), ("dropped", dropped))
        lines += [line(label, ", ".join(listed)) for label, listed in names if listed]
    return lines


def line(label: str, text: str) -> str:
    return f"  {label:<{WIDTH}}{text}"


def end_text(end: Mapping[str, Any]) -> str:
    """An input or output: its name, the place in the parent where that is spelled otherwise, shape and dtype."""
    name = end.get("key") or end["name"]
    origin = "" if end["from"] == name else f" from {end['from']}"
    return f"{name}{origin}  {shape_text(end['shape'])}  {end['dtype'] or '?'}"


def proof_text(proof: Mapping[str, Any]) -> str:
    if not proof["ran"]:
        return f"not run: {proof['why']}" if proof.get("why") else "not run"
    if proof["ok"] and proof["max_abs_diff"]:
        return f"Keras 2 and Keras 3 run on the same inputs: {proof['max_abs_diff']:.2g} apart at most, by rounding"
    if proof["ok"]:
        return "both run on the same inputs: no difference"
    return "; ".join(["the outputs differ", *proof.get("differences", ())])
