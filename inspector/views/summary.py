"""A summary as people read it: what the header, the rows, the totals and the notes say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..analyses.facts import Facts
from .columns import COLUMNS, Column, pick_columns
from .quantities import count_text, counted, shape_text, short_count, size_text
from .rows import Row, Rows

FORMATS = {
    "keras": "Keras archive", "keras-dir": "unzipped Keras archive", "h5": "HDF5 model", "weights-h5": "weights alone",
    "config": "config alone", "savedmodel": "SavedModel", "code": "code",
}  # fmt: skip
SOME = 5  # layers that a note names before it counts the rest
Line = tuple[str, str]


class SummaryView:
    """The record in columns and rows. ``depth`` None is all levels; ``select`` has places in ``record["layers"]``."""

    def __init__(
        self,
        facts: Facts,
        record: dict[str, Any],
        *,
        columns: Sequence[str] | None = None,
        depth: int | None = 0,
        select: Sequence[int] | None = None,
        fold: bool = False,
    ) -> None:
        self.facts = facts
        self.record = record
        self.columns: list[Column] = pick_columns(columns or default_columns(record))
        self.chosen = columns is not None
        self.depth = depth
        self.select = select
        self.rows: list[Row] = []
        self.fold(fold)

    def fold(self, fold: bool) -> None:
        """Make the rows again, with repeated blocks shown once or not."""
        rows = Rows(self.facts.layers, self.record["layers"])
        if self.select is None:
            self.rows = rows.make(self.depth, fold)
        else:
            self.rows = [rows.row([place], 0) for place in self.select]
        self.fill_rows()

    def fill_rows(self) -> None:
        receptive = {}
        if any(column.needs == "receptive" for column in self.columns):
            from ..analyses.receptive_field import find_fields

            receptive = find_fields(self.facts)
        for row in self.rows:
            row.total = self.record["totals"]["params"]
            row.receptive = receptive.get(row.entries[-1]["path"], "")

    def header(self) -> list[Line]:
        model = self.record["model"]
        kind = model["kind"] if model["built"] else f"{model['kind']}, not built"
        parts = [FORMATS.get(model["format"], model["format"])]
        if model["kind"] != "weights":
            parts.insert(0, f"{model['class_name'] or '?'} ({kind})")
        if model["keras_version"]:
            parts.append(f"Keras {model['keras_version']}")
        if model["size"] is not None:
            parts.append(f"{size_text(model['size'])} on disk")
        lines = [(model["name"] or "?", " · ".join(parts))]
        ends = ((label, self.record[label]) for label in ("inputs", "outputs"))
        return lines + [(label, ", ".join(map(tensor_text, tensors))) for label, tensors in ends if tensors]

    def totals(self) -> list[Line]:
        lines = [("Params", params_text(self.record["totals"]))]
        sizes = self.record["totals"]["bytes_by_dtype"]
        if len(sizes) > 1 or (sizes and "float32" not in sizes):
            lines.append(("Dtypes", ", ".join(f"{dtype} {size_text(size)}" for dtype, size in sizes.items())))
        totals = self.record["totals"]
        if totals["optimizer_params"]:
            text = f"{totals['optimizer_params']:,} ({size_text(totals['optimizer_bytes'])}), apart from the model"
            lines.append(("Optimizer", text))
        if self.record["model"]["kind"] != "weights":
            lines.append(("MACs", self.macs_text()))
        if self.select is not None:
            lines.insert(0, ("Shown", f"{counted(len(self.select), 'layer')} of {len(self.record['layers']):,}"))
        return lines

    def macs_text(self) -> str:
        totals = self.record["totals"]
        missing = [entry for entry in self.record["layers"] if entry["depth"] == 0 and entry["macs"] is None]
        if totals["macs"] is not None:
            return f"{short_count(totals['macs'])} for one sample"
        if not missing:
            return f"?, {totals['unknown']['macs']}"
        known = totals["known_macs"]
        top = sum(1 for entry in self.record["layers"] if entry["depth"] == 0)
        counts = f"{len(missing):,} of {counted(top, 'layer')} not known"
        return f"≥ {known:,} for one sample, {counts}" if known else f"?, {counts}"

    def notes(self, every: bool = False) -> list[Line]:
        """The notes, those that say the same of several layers together; ``every`` adds each unknown fact."""
        together: dict[tuple[str, str], list[str]] = {}
        for note in self.record["notes"]:
            together.setdefault((note["code"], note["message"]), []).append(note["layer"] or "")
        lines = [(code, note_text(message, [n for n in names if n])) for (code, message), names in together.items()]
        if every:
            for entry in self.record["layers"]:
                for field, why in entry["unknown"].items():
                    lines.append(("unknown", f"{entry['path']}: {field}: {why}"))
        return lines

    def folding(self) -> list[Line]:
        """What folded rows mean, where there are some."""
        if not any(row.copies for row in self.rows):
            return []
        similar = "others as above, " if any(not row.exact for row in self.rows) else ""
        return [("Folded", f"equal blocks ×N, {similar}--no-fold lists every layer")]


def note_text(message: str, names: Sequence[str]) -> str:
    if not names:
        return message
    more = f" and {len(names) - SOME:,} more" if len(names) > SOME else ""
    return f"{', '.join(names[:SOME])}{more}: {message}"


def tensor_text(tensor: dict[str, Any]) -> str:
    key = f"{tensor['key']}: " if "key" in tensor and tensor["key"] != tensor["name"] else ""
    return " ".join(filter(None, [key + tensor["name"], shape_text(tensor["shape"]), tensor["dtype"]]))


def params_text(totals: dict[str, Any]) -> str:
    """``223,242 (872.04 KB): 222,000 trainable, 1,242 frozen``; at least so many where a part is not known."""
    if totals["params"] is None:
        return f"≥ {totals['known_params']:,}, of some layers not known" if totals["known_params"] else "?"
    parts = [f"{count_text(totals['params'])} ({size_text(totals['bytes'])})"]
    if totals["trainable_params"] is not None:
        parts.append(f"{totals['trainable_params']:,} trainable, {totals['non_trainable_params']:,} not trainable")
    return ": ".join(parts)


def default_columns(record: dict[str, Any]) -> list[str]:
    """What a summary shows unasked: connections unless the model is a chain, frozen layers where there are any."""
    if is_told_by_weights(record):
        return ["path", "weights", "params", "bytes"]
    names = ["path", "type", "output", "params"]
    if any(entry["params"] and not entry["trainable"] for entry in record["layers"]):
        names.append("trainable")
    names.append("macs")
    return names if is_chain(record["layers"]) else [*names, "connected"]


def is_told_by_weights(record: dict[str, Any]) -> bool:
    """Whether all there is of the model's layers is what they store."""
    return bool(record["layers"]) and not any(entry["class_name"] for entry in record["layers"])


def is_chain(layers: Sequence[dict[str, Any]]) -> bool:
    """Whether each top-level layer takes just what the one above it gives."""
    above = None
    for entry in layers:
        if entry["depth"]:
            continue
        sources = [source for call in entry["calls"] for source in call["connected_to"]]
        if sources and (len(sources) > 1 or sources[0].rsplit("[", 2)[0] != above):
            return False
        above = entry["name"]
    return True


__all__ = ["COLUMNS", "SummaryView"]
