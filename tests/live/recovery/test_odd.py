"""Signatures and outputs of every kind."""

import pytest

from inspector.live.recovery import recover
from tests.live.recovery.given import codes, inputs, size
from tests.live.situations import odd

ONE, TWO = inputs((None, 3)), inputs((None, 3), (None, 3))
NEST = inputs({"x": [(None, 3), (None, 3)], "y": {"z": (None, 2)}})
CASES = {
    "nested": (odd.NestedStructure, NEST, (5, 2), []),
    "variadic": (odd.Variadic, TWO, (5, 4), []),
    "keyword left out": (odd.OptionalKeyword, ONE, (2, 1), ["never-called"]),
    "keyword given": (odd.OptionalKeyword, inputs((None, 3), scale=(None, 4)), (4, 3), ["never-called"]),
    "constant output": (odd.ConstantOutput, ONE, (3, 2), ["constant-input", "never-called"]),
    "identity": (odd.Identity, ONE, (1, 0), ["never-called", "never-called"]),
    "unused input": (odd.UnusedInput, TWO, (3, 1), ["inputs-unused", "never-called"]),
    "scan": (odd.Scans, ONE, (3, 2), ["control-flow-closure", "never-called"]),
    "functional with call": (odd.FunctionalWithCall, ONE, (4, 3), []),
    "builds two": (odd.BuildsTwo, TWO, (5, 4), []),
    "keeps a metric": (odd.KeepsMetric, ONE, (2, 1), ["side-effect", "side-effect", "never-called"]),
    "wrappers": (odd.Wrappers, inputs((None, 5, 3)), (3, 2), ["never-called", "never-called"]),
    "text": (odd.Text, ONE, (3, 2), []),
}


@pytest.mark.parametrize("name", CASES)
def test_recovered(name):
    make, spec, counts, flags = CASES[name]
    found = recover(make(), spec)
    assert found.verdict == "recovered", found.reasons
    assert (size(found), found.proof.max_abs_diff) == (counts, 0.0)
    assert codes(found.flags) == flags


@pytest.mark.parametrize("make", [odd.NoOutput, odd.TextOutput])
def test_outputs_that_are_no_tensors(make):
    found = recover(make(), ONE)
    assert (found.verdict, found.reasons[0].code) == ("opaque", "output-not-symbolic")
