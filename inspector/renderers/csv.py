"""The rows of a summary as CSV: plain values, one line a row, a header first."""

from __future__ import annotations

import csv
import io
from typing import Any

from ..views.quantities import UNKNOWN
from ..views.summary import SummaryView
from .escaping import escape

FORMULA = ("=", "+", "-", "@")  # what makes a spreadsheet run a cell


def render_csv(view: SummaryView) -> str:
    """Columns by their names on the command line; an unknown value is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in view.columns])
    for row in view.rows:
        writer.writerow([cell(column.value(row)) for column in view.columns])
    return out.getvalue().rstrip("\n")


def cell(value: Any) -> Any:
    if value is None or value == UNKNOWN:
        return ""
    if not isinstance(value, str):
        return f"{value:.6f}" if isinstance(value, float) else value
    text = escape(value)
    return f"'{text}" if text.startswith(FORMULA) else text
