"""A recovery as JSON."""

import json

from inspector.live.recovery import recover
from inspector.live.recovery.records import CODES
from tests.live.recovery.given import inputs
from tests.live.situations import composite, dynamic


def test_json_holds_everything_but_the_model():
    found = recover(dynamic.BranchInPart(), inputs((None, 4)))
    text = json.dumps(found.to_json())
    back = json.loads(text)
    assert back["verdict"] == "recovered" and back["functional"] is True
    assert back["parts"]["part"]["reasons"][0]["code"] == "data-dependent-branch"
    assert back["proof"]["ok"] is True
    assert back["inputs"]["args"][0] == {"shape": [None, 4], "dtype": "float32", "name": None, "limit": None}


def test_codes_are_known():
    for make in (dynamic.Cond, dynamic.DataTree, dynamic.NumpyDrop, composite.StaticTree):
        found = recover(make(), inputs((None, 4)))
        assert {reason.code for reason in (*found.reasons, *found.flags)} <= CODES


def test_without_comparison_nothing_is_called_recovered():
    found = recover(composite.StaticTree(), inputs((None, 4)), check=False)
    assert found.verdict != "recovered" and found.reasons[0].code == "not-compared"
    assert found.functional is not None
