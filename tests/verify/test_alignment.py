"""Layers whose names Keras counts up are found again by their owner, class and place."""

from inspector.verify.alignment import align, find_paths


def layers(*places):
    made = [{"path": "", "place": ["", "", ""]}]
    return [*made, *({"path": f"{o}/{k}" if o else k, "place": [o, k, s]} for o, k, s in places)]


BLOCK = ("", "block", "block")


def test_counts_that_went_on():
    saved = layers(BLOCK, ("block", "dense_3", "dense:0"), ("block", "dense_4", "dense:1"))
    loaded = layers(BLOCK, ("block", "dense_4", "dense:0"), ("block", "dense_5", "dense:1"))
    paths = find_paths(saved, loaded)
    assert paths == {"": "", "block": "block", "block/dense_4": "block/dense_3", "block/dense_5": "block/dense_4"}


def test_equal_names_are_left_alone():
    saved = layers(("", "dense_1", "dense:0"), ("", "dense", "dense:1"))
    assert find_paths(saved, layers(*(layer["place"] for layer in saved[:0:-1]))) == {
        "": "", "dense": "dense", "dense_1": "dense_1",
    }  # fmt: skip


def test_one_that_is_new_takes_no_path_of_another():
    saved = layers(("", "dense_1", "dense:0"))
    loaded = layers(("", "dense_7", "dense:0"), ("", "dense_1", "conv:0"))
    paths = find_paths(saved, loaded)
    assert paths["dense_7"] == "dense_1" and len(set(paths.values())) == 3


def test_everything_that_names_a_path_goes_along():
    saved = {"layers": layers(BLOCK, ("block", "dense_3", "dense:0"))}
    loaded = layers(BLOCK, ("block", "dense_9", "dense:0"))
    after = {"fingerprint": {"layers": loaded}, "fresh": ["block/dense_9:kernel"],
             "late": [{"path": "block/dense_9", "key": "kernel"}]}  # fmt: skip
    found = align(saved, after)
    assert found["fingerprint"]["layers"][2]["path"] == "block/dense_3"
    assert found["fresh"] == ["block/dense_3:kernel"] and found["late"][0]["path"] == "block/dense_3"
