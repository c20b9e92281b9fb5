"""Files of Keras 2.12, 3.0.5 and 3.6.0 against what those very versions said of them."""

import hashlib
import json

import pytest

from fixtures.catalogue import FILES
from inspector.analyses.facts import find_facts
from inspector.readers import read

OLD = FILES / "old"
EXPECTED = json.loads((OLD / "expected.json").read_text())


def digests(weights):
    """As the fixtures have them; a random generator's state is no weight."""
    kept = [w for w in weights if not (w.dtype == "uint32" and w.shape == (2,))]
    return sorted(hashlib.sha256(w.load()).hexdigest()[:16] for w in kept)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_layer_has_its_own_weights(name):
    expected = EXPECTED[name]["layers"]
    model = read(OLD / name)
    found = {path: digests(weights) for path, weights in model.weights.by_layer.items()}
    if model.graph.kind == "functional":
        assert {path: found[path] for path in expected} == expected
        assert model.keras_version == EXPECTED[name]["version"]
    else:  # the file gives layers other names than Keras did; what they hold is the same
        wanted = [value for path, value in expected.items() if value and path.count("/") == 0]
        assert sorted(v for p, v in found.items() if v and p.count("/") == 0) == sorted(wanted)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_totals_count_every_variable_once(name):
    distinct = {d for path, values in EXPECTED[name]["layers"].items() for d in values}
    model = read(OLD / name)
    stored = {d for weights in model.weights.by_layer.values() for d in digests(weights)}
    assert stored == distinct
    assert find_facts(model).totals.params == EXPECTED[name]["params"]
