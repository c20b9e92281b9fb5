"""Layers of Keras 2 with slashes in their names, as DenseNet has them: named, cut out, and taken to Keras 3."""

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tf_keras
from tf_keras import layers

from inspector.live.proving import compare
from inspector.readers import read
from inspector.surgery.extract import extract, place


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    """A functional and a Sequential model in one that has an input and layers with slashes too; names that clash."""
    image = tf_keras.Input((6, 6, 3), name="in/image")
    conv = layers.Conv2D(4, 3, name="conv1/conv")(image)
    backbone = tf_keras.Model(image, layers.BatchNormalization(name="conv1/bn")(conv), name="back/bone")
    last = [tf_keras.Input((4,)), layers.Dense(3, name="fc/1"), layers.Dense(2, name="fc_1")]
    head = tf_keras.Sequential(last, name="head")
    entry = tf_keras.Input((6, 6, 3), name="img/x")
    pooled = layers.GlobalAveragePooling2D(name="avg/pool")(backbone(entry))
    added = layers.Add(name="avg_pool")([pooled, layers.Dense(4, name="fc/0")(pooled)])
    path = tmp_path_factory.mktemp("slashes") / "model.h5"
    tf_keras.Model(entry, head(added)).save(path)
    return path


@pytest.mark.parametrize("ending", [".h5", ".keras"])
@pytest.mark.parametrize("layer", [None, "back/bone", "back/bone/conv1/conv", "back/bone/conv1", "head/fc/1"])
def test_what_is_cut_out_computes_the_same(parent, tmp_path, ending, layer):
    submodel = extract(read(parent), [layer] if layer else [], every=layer is None)
    submodel.save(tmp_path / f"child{ending}")
    library = keras if ending == ".keras" else tf_keras
    child = library.saving.load_model(tmp_path / f"child{ending}", compile=False)
    found = compare(
        tf_keras.saving.load_model(parent, compile=False), child,
        [*map(place, submodel.cut.inputs)], [*map(place, submodel.cut.outputs)],
    )  # fmt: skip
    assert found["ok"] and found["max_abs_diff"] <= 1e-6
    assert [entry.name for entry in child.inputs] == [end["name"] for end in submodel.to_dict()["inputs"]]
    assert not set(submodel.dropped) & {"back/bone", "avg/pool"} or layer is not None


def test_names_that_clash_stay_apart(parent, tmp_path):
    submodel = extract(read(parent), every=True)
    submodel.save(tmp_path / "child.keras")
    names = [layer.name for layer in keras.saving.load_model(tmp_path / "child.keras", compile=False).layers]
    assert names == ["img_x", "back_bone", "avg_pool_1", "fc_0", "avg_pool", "head"]
    assert [end["name"] for end in submodel.to_dict()["outputs"]] == names
