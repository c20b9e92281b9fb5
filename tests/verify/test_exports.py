"""A SavedModel beside its model: what is gone is named, and what is kept is not."""

import copy

import pytest

from inspector.verify.exports import compare_export

LEAF = {"leaf": [[2, 3], "float32"]}
BEFORE = {
    "fingerprint": {
        "inputs": {"leaf": [[None, 4], "float32", "img"]},
        "layers": [
            {"path": "", "trainable": True, "weights": []},
            {"path": "frozen", "trainable": False,
             "weights": [{"key": "kernel", "name": "kernel", "sha256": "aa", "trainable": True}]},
            {"path": "head", "trainable": True,
             "weights": [{"key": "kernel", "name": "kernel", "sha256": "bb", "trainable": True}]},
        ],
    },
    "outputs": {"structure": {"tuple": [LEAF, {"dict": [["b", LEAF], ["a", LEAF]]}]}},
}  # fmt: skip
AFTER = {
    "signatures": {"serving_default": {"inputs": {"img": [[None, 4], "float32"]}, "outputs": {"output_0": None}}},
    "hashes": {"aa": 1, "bb": 1}, "trained": {"bb": 1},
    "outputs": {"structure": {"list": [LEAF, {"dict": [["a", LEAF], ["b", LEAF]]}]}},
}  # fmt: skip


def lost(after):
    return {
        (check.name, check.layer) for check in compare_export(BEFORE, after, "savedmodel") if check.status == "lost"
    }


def test_all_is_kept():
    assert not lost(AFTER)
    designed = [check for check in compare_export(BEFORE, AFTER, "savedmodel") if check.status == "by-design"]
    assert [check.name for check in designed] == ["class"] and "TFSMLayer" in designed[0].hint


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        (("signatures",), {}, ("signature", None)),
        (("signatures", "serving_default", "inputs", "img"), [[None, 4], "int32"], ("signature", None)),
        (("outputs", "structure"), {"list": [LEAF]}, ("structure", None)),
        (("hashes",), {"aa": 1}, ("weights", "head")),
        (("trained",), {"aa": 1, "bb": 1}, ("trainable", "frozen")),
        (("trained",), {}, ("trainable", "head")),
    ],
)
def test_what_is_lost(path, value, found):
    after = copy.deepcopy(AFTER)
    place = after
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert lost(after) == {found}


def test_inputs_under_other_keys_are_by_design():
    after = copy.deepcopy(AFTER)
    after["signatures"]["serving_default"]["inputs"] = {"args_0": [[None, 4], "float32"]}
    checks = list(compare_export(BEFORE, after, "savedmodel"))
    assert not lost(after)
    assert ("signature", "by-design") in {(check.name, check.status) for check in checks}
