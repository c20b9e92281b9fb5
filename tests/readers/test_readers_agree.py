"""Every committed file against what Keras says of it, and the files of one model against each other."""

import json
from collections import defaultdict

import pytest

from fixtures.catalogue import FILES
from inspector.analyses.facts import find_facts
from inspector.readers import read

ORACLE = json.loads((FILES / "oracle.json").read_text())
NAMES = sorted(ORACLE["files"])
FORMATS = {
    "keras": "keras",
    "h5": "h5",
    "json": "config",
    "dir": "keras-dir",
    "weights.h5": "weights-h5",
    "weights.json": "weights-h5",
    "npz.keras": "keras",
}
# lora is merged into the kernel when it is saved; SpectralNormalization keeps the kernel of its layer a second time.
STORED_OTHERWISE = {("lora.keras", "embed"), ("lora.keras", "out"), ("normalizations.keras", "spectral")}


def oracle(name):
    return ORACLE["models"][ORACLE["files"][name]["model"]]


@pytest.mark.parametrize("name", NAMES)
def test_layers_come_as_keras_lists_them(name):
    model = read(FILES / name)
    assert model.format == FORMATS[name.partition(".")[2]]
    if model.graph.kind in ("sequential", "functional"):
        found = [(fact.path, fact.depth) for fact in find_facts(model).layers]
        assert found == [(row["path"], row["depth"]) for row in oracle(name)["layers"]]


@pytest.mark.parametrize("name", NAMES)
def test_stored_weights_are_those_of_the_layer(name):
    model = read(FILES / name)
    if model.weights is None:
        pytest.skip("stores no weights that are read")
    rows = {row["path"]: row for row in oracle(name)["layers"]}
    parents = {path.rpartition("/")[0] for path in rows}
    for path, stored in model.weights.by_layer.items():
        row = rows.get(path)
        if row is None or path in parents or (name, path) in STORED_OTHERWISE or row["params"] is None:
            continue
        kept = [list(w.shape) for w in stored if not (w.dtype == "uint32" and w.shape == (2,))]
        assert sorted(kept) == sorted(w["shape"] for w in row["weights"]), path
    assert not [w.path for w in model.weights.unclaimed if not w.path.startswith("metrics/")]


@pytest.mark.parametrize("name", [n for n in NAMES if n.endswith((".keras", ".dir", ".h5"))])
def test_every_layer_of_a_built_model_is_indexed(name):
    model = read(FILES / name)
    if model.weights is not None and model.graph.built and model.graph.kind in ("functional", "sequential"):
        assert {row["path"] for row in oracle(name)["layers"]} <= set(model.weights.by_layer)


def groups():
    found = defaultdict(list)
    for name in NAMES:
        found[name.partition(".")[0]].append(name)
    return {stem: names for stem, names in found.items() if len(names) > 1}


@pytest.mark.parametrize(("stem", "names"), groups().items())
def test_files_of_one_model_agree(stem, names):
    seen = {}
    for name in names:
        facts = find_facts(read(FILES / name))
        total = facts.totals.params
        if facts.model.graph.kind == "weights":
            total = sum(w.size for w in stored_weights(facts.model))
        elif facts.model.graph.kind in ("sequential", "functional"):
            seen.setdefault("paths", [fact.path for fact in facts.layers])
            assert [fact.path for fact in facts.layers] == seen["paths"], name
        if total is not None and facts.model.weights is not None:
            seen.setdefault("params", total)
            assert total == seen["params"], name


def stored_weights(model):
    skipped = {w.path for w in model.weights.unclaimed}
    return [w for w in model.weights.tensors if w.path not in skipped and not (w.dtype == "uint32" and w.shape == (2,))]
