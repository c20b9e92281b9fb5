"""Pages of rules on a terminal: nothing is wider than it, and broken code stays the same code."""

import ast

import pytest

from inspector.renderers.rules import break_code, render_page
from inspector.renderers.text import Manner
from inspector.rules import load_rule, rule_names
from inspector.views.rule import rule_record

TEXT = 3  # lines of code that hold one long text, which stay as they are


@pytest.mark.parametrize("room", [60, 80])
def test_code_of_every_rule_stays_the_same_code(room):
    for code in rule_names():
        record = rule_record(load_rule(code))
        for example in (*record["flags"], *record["allows"]):
            broken = "\n".join(part for line in example["code"].split("\n") for part in break_code(line, room))
            assert ast.dump(ast.parse(broken)) == ast.dump(ast.parse(example["code"]))


def test_pages_fit_a_terminal_of_80_columns():
    pages = [render_page(rule_record(load_rule(code)), Manner(80)) for code in rule_names()]
    wide = [line for page in pages for line in page.split("\n") if len(line) > 80]
    assert len(wide) <= TEXT, wide


def test_a_text_is_never_broken():
    line = "x = f('a, b, c (d, e), f, g, h')"
    assert break_code(line, 20) == ["x = f(", "    'a, b, c (d, e), f, g, h')"]
