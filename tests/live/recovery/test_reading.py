"""Models that are not run: what their source says of them, and what it does not."""

import pytest

from fixtures.models import dynamic as fixtures
from inspector.live.recovery import recover
from inspector.live.recovery.expressions import READ
from tests.live.recovery.given import codes, inputs, line_of
from tests.live.situations import composite, unrun

DYNAMIC = {
    unrun.Tree: ("recursion", "# recursion"),
    unrun.ByHelper: ("recursion", "# by a helper"),
    unrun.ByItself: ("recursion", "# by itself"),
    unrun.Mutual: ("recursion", "# mutual"),
    unrun.Local: ("recursion", "# local"),
    unrun.Endless: ("unbounded-recursion", "# without end"),
    unrun.Branch: ("data-dependent-branch", "# branch"),
    unrun.FromBase: ("data-dependent-branch", "# branch"),
    unrun.Raw: ("data-dependent-branch", "# raw"),
    unrun.ToNumpy: ("data-dependent-branch", "# number"),
    unrun.Method: ("data-dependent-branch", "# method"),
    unrun.InMethod: ("data-dependent-branch", "# in a method"),
    unrun.InLoop: ("data-dependent-branch", "# in a loop"),
    unrun.Random: ("data-dependent-branch", "# random"),
    unrun.Loop: ("data-dependent-loop", "# loop"),
    unrun.Times: ("data-dependent-loop", "# times"),
}
UNDECIDED = [unrun.Static, unrun.StaticDepth, unrun.OwnStructure, unrun.FlattensArguments, unrun.ByShape,
             unrun.SwitchedOff]  # fmt: skip


@pytest.mark.parametrize("make", DYNAMIC, ids=lambda make: make.__name__)
def test_dynamic_by_its_source(make):
    found = recover(make())
    code, text = DYNAMIC[make]
    assert (found.verdict, codes(found.reasons)) == ("dynamic", [code, "needs-inputs"])
    reason = found.reasons[0]
    assert (reason.file, reason.line) == (unrun.__file__, line_of(unrun, text))
    assert text in reason.source and READ in reason.message


@pytest.mark.parametrize("make", UNDECIDED, ids=lambda make: make.__name__)
def test_nothing_that_decides_on_data(make):
    found = recover(make())
    assert (found.verdict, codes(found.reasons)) == ("opaque", ["needs-inputs"])


def test_the_cases():
    for make, code, text in (
        (fixtures.tree_rnn, "recursion", "self.call(left), self.call(right)"),
        (fixtures.dqn_agent, "data-dependent-branch", "if ops.max(x) > 0.5:"),
    ):
        found = recover(make())
        assert (found.verdict, codes(found.reasons)) == ("dynamic", [code, "needs-inputs"])
        assert found.reasons[0].line == line_of(fixtures, text)


def test_the_advice_names_each_input():
    assert "(tree): --input-shape SHAPE tells more" in recover(unrun.Tree()).reasons[-1].message
    assert "--input-shape x=SHAPE --input-shape n=SHAPE" in recover(unrun.Times()).reasons[-1].message


def test_a_model_that_cannot_be_run_on_what_is_given():
    found = recover(unrun.ByHelper(), inputs((None, 4)))
    assert (found.verdict, codes(found.reasons)) == ("dynamic", ["recursion", "user-error"])


def test_parts_are_read_too():
    found = recover(composite.Transformer())
    assert set(codes(found.parts["block_0"].reasons)) == {"needs-inputs"}


def test_data_too_small_to_recurse_on():
    """A tensor is a tree's leaf: the graph of that end alone is not the model's."""
    found = recover(fixtures.tree_rnn(), inputs((None, 4)))
    assert found.verdict == "dynamic" and found.functional is None
    assert codes(found.reasons)[0] == "recursion" and READ in found.reasons[0].message
