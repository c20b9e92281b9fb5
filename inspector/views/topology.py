"""A topology as people read it: the verdict first, the tree of the parts with their reasons, then the facts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .quantities import counted, size_text
from .summary import FORMATS, Line, tensor_text

SOME = 5  # names that a line lists before it counts the rest
MOST_PARTS = 40  # parts that the tree shows before it counts the rest; those that are not declared come first
DEEPEST = 8  # levels that the tree indents
NAMED = {"dead_ends": "Dead ends", "unused_inputs": "Unused inputs", "unused_layers": "Never called"}
NODES = {"branches": "Branches", "merges": "Merges"}


class PartRow(NamedTuple):
    """A line of the tree with what stands below it; each of `below` is a role and a text."""

    level: int
    name: str
    class_name: str
    verdict: str
    size: str
    below: tuple[Line, ...]


class TopologyView:
    """The record in lines. ``every`` lists in full what is otherwise shortened with a count."""

    def __init__(self, record: Mapping[str, Any], *, every: bool = False) -> None:
        self.record = record
        self.every = every
        self.rows, self.hidden = self.make_rows()

    def header(self) -> Line:
        """The model's name; its class and kind, and the file it stands in."""
        model = self.record["model"]
        kind = model["kind"] if model["built"] else f"{model['kind']}, not built"
        parts = [f"{model['class_name']} ({kind})"] if model["class_name"] else []
        parts.append(FORMATS.get(model["format"], model["format"]))
        if model["keras_version"]:
            parts.append(f"Keras {model['keras_version']}")
        if model["size"] is not None:
            parts.append(f"{size_text(model['size'])} on disk")
        return model["name"] or "?", " · ".join(parts)

    def verdict(self) -> Line:
        """One word for the whole, and the sentence that goes with it."""
        parts = self.record["parts"]
        root, dynamic = parts[0], [part for part in parts if part["verdict"] == "dynamic"]
        if self.record["is_dag"] is None:
            return "not known", root["reasons"][0]["message"] if root["reasons"] else "its calls are not known"
        if dynamic:
            return "no DAG", self.why_dynamic(dynamic)
        calls = self.record["calls"]
        text = f"{counted(calls, 'call')} in one DAG" if calls is not None else "one DAG"
        if root["verdict"] == "recovered":
            text += ", recovered from the code"
        opaque = [part["path"] for part in parts if part["verdict"] == "opaque"]
        if opaque:
            text += f"; not known inside {self.names(opaque)}"
        if self.record["layer_loops"]:
            text += "; its layers form a loop"
        return "DAG", text

    def why_dynamic(self, dynamic: Sequence[Mapping[str, Any]]) -> str:
        first = dynamic[0]
        why = "; ".join(reason["message"] for reason in first["reasons"][:2])
        if first["path"]:
            why = f"{first['path']}: {why}"
        return why + (f"; and {counted(len(dynamic) - 1, 'more dynamic part')}" if len(dynamic) > 1 else "")

    def make_rows(self) -> tuple[list[PartRow], int]:
        """The rows of the tree, and how many parts it leaves out."""
        shown = self.pick_parts()
        above: list[str] = []
        said: dict[tuple[Line, ...], str] = {}
        rows = []
        for part in shown:
            path = part["path"]
            while above and not path.startswith(f"{above[-1]}/" if above[-1] else ""):
                above.pop()
            name = path[len(above[-1]) + 1 :] if above and above[-1] else path or self.record["model"]["name"] or "?"
            name = name if len(above) <= DEEPEST else f"…/{name}"
            below = tuple(self.below(part))
            first = said.setdefault(below, path)
            if below and first != path:
                below = (("same", f"as {first or 'the model'}"),)
            size = counted(part["layers"], "layer") if part["layers"] is not None else ""
            rows.append(
                PartRow(min(len(above), DEEPEST), name, part["class_name"] or "?", part["verdict"], size, below)
            )
            above.append(path)
        return rows, len(self.record["parts"]) - len(shown)

    def pick_parts(self) -> list[Mapping[str, Any]]:
        """All parts while they are few; else the model, those not declared, and the first of the others."""
        parts = self.record["parts"]
        if self.every or len(parts) <= MOST_PARTS:
            return list(parts)
        order = sorted(range(1, len(parts)), key=lambda place: (parts[place]["verdict"] == "declared", place))
        return [parts[place] for place in sorted([0, *order[: MOST_PARTS - 1]])]

    def below(self, part: Mapping[str, Any]) -> list[Line]:
        """Reasons with their places, what holds besides, what would tell more."""
        lines: list[Line] = []
        first = "at first: " if part["verdict"] == "recovered" else ""  # what a simpler way of looking met
        said = [("reason", first, reason) for reason in part["reasons"]] + [("flag", "", f) for f in part["flags"]]
        for role, before, reason in said:
            lines.append((role, f"{before}{reason['code']}  {reason['message']}"))
            if reason["file"]:
                lines.append(("place", place_text(reason)))
        if part["hint"]:
            lines.append(("hint", part["hint"]))
        return lines

    def facts(self) -> list[Line]:
        """What the graph is like, each fact in one line; facts that hold of nothing are left out."""
        record = self.record
        lines = [(label.capitalize(), ", ".join(map(end_text, record[label]))) for label in ("inputs", "outputs")
                 if record[label]]  # fmt: skip
        if record["longest_path"]:
            least = "≥ " if "depth" in record["unknown"] else ""
            lines.append(("Depth", f"{least}{record['depth']:,}: {self.chain(record['longest_path'])}"))
        lines += self.listed("Skips", [f"{skip['from']} → {skip['to']}" for skip in record["skip_connections"] or ()])
        for field, label in NODES.items():
            lines += self.listed(label, record[field])
        shared = [f"{entry['path']} ({entry['calls']} calls)" for entry in record["shared_layers"] or ()]
        lines += self.listed("Shared", shared)
        lines += self.listed("One object", [" = ".join(paths) for paths in record["same_objects"]])
        loops = [self.chain(loop) for loop in record["layer_loops"] or ()]
        lines += self.listed("Loops", loops, "of layers; their calls form no loop")
        for field, label in NAMED.items():
            lines += self.listed(label, record[field])
        lines += self.listed("Nested", record["nested_models"], f"{counted(record['nested_depth'], 'level')} deep")
        lines += self.listed("Not trained", outermost(record["non_trainable"]))
        return lines + self.unknowns()

    def unknowns(self) -> list[Line]:
        """What is not known, the facts that lack for the same reason in one line."""
        together: dict[str, list[str]] = {}
        for field, why in self.record["unknown"].items():
            together.setdefault(why, []).append(field.replace("_", " "))
        return [("Not known", f"{self.names(fields)}: {why}") for why, fields in together.items()]

    def listed(self, label: str, names: Sequence[str] | None, about: str = "") -> list[Line]:
        if not names:
            return []
        note = f" ({about})" if about else ""
        return [(label, f"{len(names):,}{note}: {self.names(names)}")]

    def names(self, names: Sequence[str]) -> str:
        if self.every or len(names) <= SOME + 1:
            return ", ".join(names)
        return f"{', '.join(names[:SOME])} and {len(names) - SOME:,} more"

    def chain(self, names: Sequence[str]) -> str:
        if self.every or len(names) <= 2 * SOME:
            return " → ".join(names)
        return " → ".join([*names[: SOME - 2], f"… {len(names) - 2 * (SOME - 2):,} more …", *names[-SOME + 2 :]])


def outermost(paths: Sequence[str]) -> list[str]:
    """The paths that do not lie inside another one of them, which comes before."""
    kept: list[str] = []
    for path in paths:
        if not kept or not path.startswith(f"{kept[-1]}/"):
            kept.append(path)
    return kept


def end_text(tensor: Mapping[str, Any]) -> str:
    return tensor_text({**tensor, "name": tensor["name"] or ""})


def place_text(reason: Mapping[str, Any]) -> str:
    """``model.py:12: if x > 0:``, the file from the current folder where it lies below it."""
    file = reason["file"]
    near = os.path.relpath(file) if os.path.isabs(file) else file
    spot = f"{file if near.startswith('..') else near}:{reason['line']}"
    return f"{spot}: {reason['source'].strip()}" if reason["source"] else spot
