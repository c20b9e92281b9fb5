"""Every layer that kinspect knows, turned from each form into the other: Keras loads it, and its outputs are equal."""

import re
import warnings

import keras
import numpy as np
import pytest
import tf_keras

from inspector.errors import KinspectError
from inspector.graph import Spec, map_structure
from inspector.knowledge import Example
from inspector.layers import all_knowledge
from inspector.live.proving import compare, load
from inspector.surgery.extract import place

from ..layers.oracle import to_specs
from .parents import extract, read

# What is refused, in whole or where the example quantizes it: the other form keeps its state otherwise, or not at all.
REFUSED = {
    "SpectralNormalization", "StringLookup", "IntegerLookup", "TextVectorization", "Dense", "EinsumDense", "Embedding",
    "ReversibleEmbedding", "Conv1D", "Conv2D", "Conv3D", "MultiHeadAttention", "GroupQueryAttention", "Pipeline",
}  # fmt: skip
SAID = re.compile("Keras itself loses|otherwise on integers")
# Keras 3 has another hard_sigmoid, other outputs of lookups, and no weights along several axes
CHANGED = {
    "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Discretization", "LayerNormalization",
    "RandomBrightness", "RandomContrast", "RandomCrop", "RNN",
}  # fmt: skip
EXAMPLES = [
    pytest.param(example, id=f"{name}-{number}")
    for name, knowledge in sorted(all_knowledge().items())
    for number, example in enumerate(knowledge.examples)
    if example.kind == name and "." not in name and name not in ("InputLayer", "Lambda")
]


def build(library, example):
    """A functional model around one layer, its weights all different. Raises whatever the library does."""
    tensors = []

    def to_tensor(leaf):
        if not isinstance(leaf, Spec):
            return leaf
        dtype = "int32" if leaf.dtype == "int32" else leaf.dtype
        tensors.append(library.Input(batch_shape=leaf.shape, dtype=dtype, name=f"x{len(tensors)}"))
        return tensors[-1]

    def make(leaf):
        return make_layer(leaf) if isinstance(leaf, Example) else leaf

    def make_layer(inner):
        return getattr(library.layers, inner.kind)(**map_structure(make, dict(inner.config)))

    args = map_structure(to_tensor, to_specs(list(example.inputs), example.dtype))
    kwargs = map_structure(to_tensor, dict(example.kwargs))
    layer = make_layer(example)
    outputs = layer(args, **kwargs) if example.nested else layer(*args, **kwargs)
    model = library.Model(tensors, outputs)
    generator = np.random.default_rng(0)
    model.set_weights(
        [
            w + generator.uniform(0, 0.5, w.shape).astype(w.dtype) if w.dtype.kind == "f" else w
            for w in model.get_weights()
        ]
    )
    return model


def cross(library, example, ending, other, folder):
    """Save, turn into the other form, load, compare; skip what the library itself cannot do."""
    source, target = folder / f"parent{ending}", folder / f"child{other}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = build(library, example)
            model.save(source)
            parent = load(str(source), library.__name__)
        except Exception as error:
            pytest.skip(" ".join(str(error).split())[:100])
        submodel = extract(read(source), every=True)
        try:
            submodel.save(target)
        except KinspectError as error:
            assert example.kind in REFUSED | CHANGED or SAID.search(error.message), error.message
            return
        child = keras.saving.load_model(target, compile=False)
        try:
            ends = [*map(place, submodel.cut.inputs)], [*map(place, submodel.cut.outputs)]
            found = compare(parent, child, *ends)
        except KinspectError as error:
            pytest.skip(error.message[:100])  # the parent itself does not run
    assert found["differences"] == [] and found["ok"]


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES)
def test_h5_to_keras(example, tmp_path):
    cross(keras, example, ".h5", ".keras", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES)
def test_keras_to_h5(example, tmp_path):
    cross(keras, example, ".keras", ".h5", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES)
def test_h5_of_keras_2_to_keras_3(example, tmp_path):
    if not hasattr(tf_keras.layers, example.kind) or example.kwargs.get("training"):
        pytest.skip("tf_keras has no such layer, or it is random")
    cross(tf_keras, example, ".h5", ".keras", tmp_path)
