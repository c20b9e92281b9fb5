"""Folding: by structure, never by name, at several levels, with nothing lost, in time that grows with the layers."""

import random

from inspector.analyses.facts import find_facts
from inspector.analyses.repeats import Repeat, find_repeats
from inspector.graph import Model
from inspector.keras_config import decode_model


def entry(name, sources, class_name="Dense", shape=None, **config):
    """A layer of a functional config that takes the layers named in ``sources``."""
    tensor = [
        {
            "class_name": "__keras_tensor__",
            "config": {"shape": [None, 8], "dtype": "float32", "keras_history": [s, 0, 0]},
        }
        for s in sources
    ]
    args = [tensor if class_name in ("Add", "Concatenate") else tensor[0]] if sources else []
    return {
        "class_name": class_name,
        "module": "keras.layers",
        "name": name,
        "registered_name": None,
        "config": {"name": name, **config},
        "inbound_nodes": [{"args": args, "kwargs": {}}] if sources else [],
    }


def start():
    return entry("in", [], "InputLayer", batch_shape=[None, 8], dtype="float32")


def facts_of(layers):
    last = layers[-1]["name"]
    config = {"name": "m", "layers": layers, "input_layers": [["in", 0, 0]], "output_layers": [[last, 0, 0]]}
    data = {"class_name": "Functional", "module": "keras", "config": config, "registered_name": "Functional"}
    return find_facts(Model(decode_model(data), "config", "m.json")).layers


def residual(names, sizes):
    """Blocks of Dense, ReLU, Dense, Add; each at its size, with the names given."""
    layers, before = [start()], "in"
    for size in sizes:
        a, b, c, d = (next(names) for _ in range(4))
        layers += [
            entry(a, [before], units=size),
            entry(b, [a], "ReLU"),
            entry(c, [b], units=8),
            entry(d, [before, c], "Add"),
        ]
        before = d
    return layers


def odd_names(seed=0):
    chance = random.Random(seed)
    while True:
        yield f"{chance.choice('abcxyz')}{chance.getrandbits(60):x}"


def covered(items):
    """Positions that the items stand for, copies included; each must stand once."""
    found = []
    for item in items:
        if isinstance(item, int):
            found.append(item)
        else:
            for first, stop in item.copies:
                found += range(first, stop)
    return found


def test_equal_blocks_fold_whatever_their_names():
    layers = facts_of(residual(odd_names(), [16] * 6))
    items = find_repeats(layers)
    folds = [item for item in items if isinstance(item, Repeat)]
    assert [len(fold.copies) for fold in folds] == [6]
    assert folds[0].exact and len(folds[0].items) == 4
    assert covered(items) == list(range(len(layers)))


def test_blocks_of_other_sizes_are_similar_and_never_equal():
    items = find_repeats(facts_of(residual(odd_names(), [16, 24, 40])))
    assert [(fold.exact, len(fold.copies)) for fold in items if isinstance(fold, Repeat)] == [(False, 3)]


def test_stages_of_blocks_fold_again():
    items = find_repeats(facts_of(residual(odd_names(), [16, 16, 32, 32, 16, 16, 32, 32])))
    outer = next(item for item in items if isinstance(item, Repeat))
    assert outer.exact and len(outer.copies) == 2
    assert [len(part.copies) for part in outer.items] == [2, 2]


def test_another_config_or_connection_breaks_a_fold():
    layers = residual(odd_names(), [16] * 4)
    layers[6]["config"]["negative_slope"] = 0.5
    assert [len(item.copies) for item in find_repeats(facts_of(layers)) if isinstance(item, Repeat)] != [4]


def test_a_series_of_layers_fed_from_one_place_folds():
    layers, before = [start(), entry("gate", ["in"], units=8)], "in"
    for index in range(5):
        layers += [entry(f"a{index}", [before], units=8), entry(f"m{index}", [f"a{index}", "gate"], "Add")]
        before = f"m{index}"
    folds = [item for item in find_repeats(facts_of(layers)) if isinstance(item, Repeat)]
    assert len(folds[0].copies) == 4  # all but the first, which takes its tensor from two steps back


def test_a_random_chain_is_covered_exactly():
    for seed in range(20):
        chance = random.Random(seed)
        layers, before = [start()], "in"
        for index in range(60):
            name = f"l{index}"
            layers.append(entry(name, [before], *chance.choice((("ReLU",), ("Dense",))), units=chance.choice((8, 9))))
            before = name
        facts = facts_of(layers)
        assert covered(find_repeats(facts)) == list(range(len(facts)))


def test_five_thousand_layers():
    chance = random.Random(1)
    layers, before = [start()], "in"
    for index in range(5_000):
        layers.append(entry(f"l{index}", [before], units=chance.randrange(1, 60)))
        before = f"l{index}"
    facts = facts_of(layers)
    items = find_repeats(facts)
    assert covered(items) == list(range(len(facts)))
