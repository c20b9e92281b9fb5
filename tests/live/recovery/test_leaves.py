"""The user's layers without sublayers, layers never called, and models in the style of code found in the wild."""

import pytest

from inspector.live.recovery import recover
from tests.live.recovery.given import codes, inputs, line_of
from tests.live.situations import leaves


def verdicts(found):
    return {path: part.verdict for path, part in found.parts.items()}


def test_a_leaf_is_examined_and_its_variables_are_told():
    found = recover(leaves.Leaves(), inputs((None, 4)))
    assert (found.verdict, found.flags) == ("recovered", ())
    assert verdicts(found) == {"first": "recovered", "second": "recovered"}
    for path, part in found.parts.items():
        assert codes(part.flags) == ["weights-used-directly"]
        assert part.flags[0].line == line_of(leaves, "# custom dense")
        assert part.flags[0].message.endswith(f": leaves/{path}/w, leaves/{path}/b")


def test_a_leaf_is_opened_by_expand():
    found = recover(leaves.Leaves(), inputs((None, 4)), expand=True)
    assert (found.verdict, found.proof.max_abs_diff) == ("recovered", 0.0)
    paths = [node.path for node in found.structure.nodes]
    assert paths == ["x", "first/matmul", "first/add", "plain", "second/matmul_1", "second/add_1"]
    assert [flag.path for flag in found.flags] == ["first", "second"]


def test_a_dynamic_leaf_beside_others():
    found = recover(leaves.OneDecides(), inputs((None, 4)))
    assert verdicts(found) == {"first": "recovered", "second": "recovered", "decides": "dynamic"}
    reason = found.parts["decides"].reasons[0]
    assert (reason.code, reason.line) == ("data-dependent-branch", line_of(leaves, "# decides"))


def test_leaves_of_a_functional_model_are_examined_once():
    found = recover(leaves.functional())
    assert set(verdicts(found).values()) == {"recovered"}
    assert [part.flags[0].message.rpartition(": ")[2] for part in found.parts.values()] == [
        f"custom_{i}/w, custom_{i}/b" for i in range(3)
    ]
    assert [part.functional is not None for part in found.parts.values()] == [True, False, False]


def test_the_cell_of_an_rnn_is_examined_where_the_rnn_calls_it():
    found = recover(leaves.Sequences(), inputs((None, 5, 4)))
    assert (found.verdict, verdicts(found)) == ("recovered", {"attends": "recovered", "rnn/cell": "recovered"})
    assert verdicts(recover(leaves.functional_rnn())) == {"rnn/cell": "recovered"}


def test_layers_never_called():
    found = recover(leaves.Idle(), inputs((None, 4)))
    idle = [flag for flag in found.flags if flag.code == "never-called"]
    assert [flag.path for flag in idle] == ["idle", "block/spare"]
    assert [flag.line for flag in idle] == [line_of(leaves, text) for text in ("class Idle(", "class Block(")]


def test_a_layer_that_only_data_calls_is_not_idle():
    found = recover(leaves.OneDecides(), inputs((None, 4)))
    assert "never-called" not in codes(found.flags)


@pytest.mark.parametrize("expand", [False, True])
def test_code_in_the_wild(expand):
    found = recover(leaves.Wild(), inputs((None, 4)), expand=expand)
    assert (found.verdict, found.proof.max_abs_diff, codes(found.flags)) == (
        "recovered",
        0.0,
        ["weights-used-directly"],
    )


def test_subclassed_in_subclassed_in_functional():
    found = recover(leaves.nested())
    assert found.verdict == "declared"
    assert len(found.parts) == 5 and set(verdicts(found).values()) == {"recovered"}
