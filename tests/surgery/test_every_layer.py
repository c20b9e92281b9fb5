"""Every single layer of every fixture, cut out, loaded by Keras and run beside its parent: no difference at all."""

import pytest

from .parents import FILES, GRAPHS, check_equal, extract, load, places_in, read

# Keras itself cannot load these, or not run them: what is written in them is not enough.
UNLOADABLE = {
    "attentions.h5", "custom_sequential.h5", "dict_inputs.h5", "dtype_by_layer.h5", "masks.h5", "normalizations.h5",
    "operators.h5", "reindexed_nodes.h5", "text_preprocessing.h5", "keras2.12.0_nested.keras",
    "keras3.6.0_shared.keras",
    "nested_three_deep.npz.keras", "plain_custom_dense.h5", "plain_custom_dense.keras",
}  # fmt: skip


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.name)
def test_each_layer_and_all_at_once(path, tmp_path):
    model = read(path)
    try:
        parent = load(path, model)
    except Exception:
        assert path.name in UNLOADABLE
        return
    if path.name in UNLOADABLE:
        pytest.skip("it loads, and does not run")
    check_equal(parent, extract(model, every=True), tmp_path)
    for place in places_in(model):
        check_equal(parent, extract(model, [place]), tmp_path)


def test_the_list_of_what_keras_cannot_load_names_files():
    names = {path.name for path in GRAPHS}
    assert names >= UNLOADABLE and (FILES / "old").is_dir()
