"""Models nested three deep in ``.h5`` files, whose lists of weights do not say by name which layer has which."""

import keras
import numpy as np
import pytest
import tf_keras

from inspector.live.proving import compare
from inspector.surgery.extract import place

from .parents import extract, load, read

PLACES = ("top/mid/b1/each", "top/mid/b1/bi", "top/mid/step", "top/mid/b1", "top/mid", "top/mid/b1/*")


def build(library, frozen):
    """Wrappers around a model and a layer with weights of both kinds, nested, all weights different."""
    layers = library.layers
    entry = layers.Input((5,))
    frame = library.Model(entry, layers.BatchNormalization(name="fbn")(layers.Dense(4, name="fd")(entry)), name="frame")
    entry = layers.Input((6, 5))
    x = layers.TimeDistributed(frame, name="each")(entry)
    x = layers.Bidirectional(layers.GRU(3, return_sequences=True), name="bi")(x)
    inner = library.Model(entry, layers.BatchNormalization(name="bn")(x), name="b1")
    entry = layers.Input((6, 5))
    mid = library.Model(entry, layers.TimeDistributed(layers.Dense(3), name="step")(inner(entry)), name="mid")
    entry = layers.Input((6, 5))
    top = library.Model(entry, layers.GlobalAveragePooling1D(name="gap")(mid(entry)), name="top")
    inner.trainable = not frozen
    entry = layers.Input((6, 5), name="img")
    model = library.Model(entry, layers.Dense(2, name="last")(top(entry)))
    generator = np.random.default_rng(1)
    model.set_weights([w + generator.uniform(0, 1, w.shape) for w in model.get_weights()])
    return model


@pytest.mark.parametrize("ending", [".h5", ".keras"])
@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("library", [keras, tf_keras])
def test_each_place_in_both_forms(library, frozen, ending, tmp_path):
    path = tmp_path / f"parent{ending}"
    build(library, frozen).save(path)
    model = read(path)
    parent = load(path, model)
    for name in PLACES:
        for form in (".h5", ".keras"):
            submodel = extract(model, [name])
            submodel.save(tmp_path / f"child{form}", force=True)
            reader = keras if submodel.is_upgraded else library
            child = reader.saving.load_model(tmp_path / f"child{form}", compile=False)
            found = compare(parent, child, [*map(place, submodel.cut.inputs)], [*map(place, submodel.cut.outputs)])
            assert found["differences"] == [] and found["ok"]
