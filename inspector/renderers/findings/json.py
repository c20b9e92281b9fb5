"""Findings as the record of the public interface."""

from __future__ import annotations

from ...views.findings import FindingsView
from ..json import render_json
from ..text import Manner


def render(view: FindingsView, manner: Manner = Manner()) -> str:  # noqa: B008 - of one form with the others
    return render_json(view.record())
