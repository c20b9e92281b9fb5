"""Names from a file that try to be more than text, in every form that is printed."""

import json

import pytest

from inspector.api import Summary
from inspector.graph import Model
from inspector.keras_config import decode_model
from inspector.renderers.csv import render_csv
from inspector.renderers.escaping import escape, pad, width
from inspector.renderers.html import render_html
from inspector.renderers.json import render_json
from inspector.renderers.markdown import render_markdown
from inspector.renderers.text import render_text
from inspector.renderers.tree import render_tree
from inspector.views.summary import SummaryView

HOSTILE = (
    "\x1b[31mred", "bell\x07", "a\rb", "two\nlines", "\u202eright", "lone\ud800", "\x9b1m", "nul\x00", "=1+1", "pipe|s",
    "<script>x</script>", "`code`", "\u2066iso", "del\x7f", "\U000e0001tag",
)  # fmt: skip


def summary_of(name):
    layers = [
        {"class_name": "InputLayer", "config": {"name": name, "batch_shape": [None, 4], "dtype": "float32"}},
        {"class_name": "Dense", "config": {"name": "d", "units": 3, "activation": name}},
    ]
    data = {"class_name": "Sequential", "module": "keras", "config": {"name": name, "layers": layers}}
    return Summary(Model(decode_model(data), "config", "m.json"))


def all_forms(summary):
    view = SummaryView(summary.facts, summary.record)
    yield "\n".join(render_text(view)).replace("\n", "")
    yield "\n".join(render_tree(view)).replace("\n", "")
    yield render_csv(view).replace("\n", "")
    yield render_markdown(view).replace("\n", "")
    yield render_html(view)
    yield render_json(summary.record).replace("\n", "")


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_no_form_lets_a_name_out(name):
    summary = summary_of(name)
    for text in all_forms(summary):
        assert text.isprintable()
        text.encode()
    assert json.loads(render_json(summary.record)) == summary.record


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_name_is_one_line_of_a_table(name):
    view = SummaryView(summary_of(name).facts, summary_of(name).record)
    assert len(render_text(view)) == len(render_text(SummaryView(summary_of("x").facts, summary_of("x").record)))


def test_markdown_html_and_csv_take_no_markup():
    view = SummaryView(summary_of("<b>|`x`").facts, summary_of("<b>|`x`").record)
    assert "\\<b\\>\\|\\`x\\`" in render_markdown(view)
    assert "<b>" not in render_html(view) and "&lt;b&gt;|`x`" in render_html(view)
    assert "'=1+1" in render_csv(SummaryView(summary_of("=1+1").facts, summary_of("=1+1").record))


def test_escapes_and_widths():
    assert escape("plain") == "plain"
    assert escape("a\x1bb\u202e\U000e0001") == "a\\x1bb\\u202e\\U000e0001"
    assert (width("abc"), width("層"), width("e\u0301")) == (3, 2, 1)
    assert pad("層", 4) == "層  " and pad("1", 3, right=True) == "  1"
