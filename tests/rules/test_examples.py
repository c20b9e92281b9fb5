"""Every example of every rule, built by real Keras, saved and read: what a rule flags must fire, what it allows not."""

import pytest

from inspector.linting.case import NEEDS
from inspector.linting.rule import SEVERITIES
from inspector.rules import load_rule, rule_modules, rule_names

from .building import check_example

CASES = [
    pytest.param(code, kind, index, id=f"{code}-{kind}-{index}")
    for code in rule_modules()
    if load_rule(code).of_files
    for kind in ("flags", "allows")
    for index in range(len(getattr(load_rule(code), kind)))
]


@pytest.mark.parametrize(("code", "kind", "index"), CASES)
def test_example(code, kind, index, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rule = load_rule(code)
    example = getattr(rule, kind)[index]
    found, source = check_example(example, rule, tmp_path)
    findings = [f for f in found if f.code in (code, "KS690")]
    assert [f.code for f in findings if f.code == "KS690" and code != "KS690"] == []
    fired = [f for f in findings if f.code == code]
    assert bool(fired) == (kind == "flags"), fired
    for finding in fired:
        assert finding.severity in SEVERITIES and finding.message and not finding.message.endswith(".")
        assert finding.file == source


@pytest.mark.parametrize("code", rule_modules())
def test_rule_is_complete(code):
    """A code, a name as its file has it, a page, one example that fires and two that do not."""
    rule = load_rule(code)
    assert (rule.code, rule.name) == (code, rule_names()[code])
    assert rule.severity in SEVERITIES and set(rule.needs) <= set(NEEDS)
    first, _, rest = (rule.__doc__ or "").strip().partition("\n")
    assert first.endswith(".") and len(rest.split()) > 10
    assert len(rule.flags) >= 1 and len(rule.allows) >= 2
