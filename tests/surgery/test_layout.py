"""Order of layers and names of their weights, found without the file, against every file that Keras wrote."""

import pytest

from inspector.errors import NotExtractable
from inspector.graph import walk
from inspector.readers import keras_archive
from inspector.readers.probe import look_at
from inspector.readers.weight_paths import find_groups, name_groups
from inspector.surgery.ordering import order_layers

from .parents import GRAPHS, extract, read


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.name)
def test_order_is_that_of_the_file(path):
    model = read(path)
    for graph in (model.graph, *(layer.inner for _, _, layer in walk(model.graph) if layer.inner is not None)):
        if graph.kind == "functional":
            found = order_layers({layer.name: layer.calls for layer in graph.layers}, graph.output_refs())
            assert found == [layer.name for layer in graph.layers]


@pytest.mark.parametrize(
    "path", [p for p in GRAPHS if p.suffix != ".h5" and "2.12" not in p.name], ids=lambda p: p.name
)
def test_weights_lie_where_the_rule_says(path):
    probe = look_at(path)
    box = keras_archive.open_box(probe)
    read_store, _ = keras_archive.find_store(box, probe)
    box.close()
    if read_store is None:
        pytest.skip("no store that is read")
    model = read(path)
    counts_shared = not model.keras_version.startswith("2.")
    stored = find_groups(read_store(), model.graph, counts_shared=counts_shared)
    assert stored == name_groups(model.graph, counts_shared=counts_shared)


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.name)
def test_every_tensor_is_copied_byte_for_byte(path, tmp_path):
    """All layers at once: the same tensors, random generators' state with them, and no optimizer's or metric's."""
    model = read(path)
    child = tmp_path / ("child.h5" if path.suffix == ".h5" else "child.keras")
    try:
        extract(model, every=True).save(child)
    except NotExtractable as error:
        assert "npz" in error.message
        return
    assert sorted(map(contents, used(read(child)))) == sorted(map(contents, used(model)))


def used(model):
    """Every tensor that a layer owns, once."""
    return {weight.path: weight for found in model.weights.by_layer.values() for weight in found}.values()


def contents(weight):
    return weight.dtype, weight.shape, weight.load()


def test_a_chain_of_thousands_needs_no_recursion():
    from inspector.graph import Call, TensorRef

    calls = {"0": (Call(),)} | {str(n): (Call((TensorRef(str(n - 1), 0, 0),)),) for n in range(1, 5000)}
    assert order_layers(calls, [TensorRef("4999", 0, 0)]) == list(calls)
