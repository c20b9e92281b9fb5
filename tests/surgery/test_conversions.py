"""Models that convert what enters them, by dtype or by rank: what is told of them, and what is cut out of them."""

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from keras import ops

from inspector import summary
from inspector.live.proving import compare
from inspector.readers import read
from inspector.surgery.extract import extract, place


def inner_of(shape, dtype):
    entry = keras.Input(shape, dtype=dtype, name="entry")
    return keras.Model(entry, ops.add(entry, entry), name="inner")


CASES = {
    "half": ((4,), "float32", (4,), "float16"), "whole": ((4,), "float32", (4,), "int32"),
    "longer": ((4,), "float32", (4, 1), "float32"), "shorter": ((4, 1), "float32", (4,), "float32"),
    "both": ((None, 4), "float32", (None, 4, 1), "int32"),
    "open": ((None, None), "float32", (None, None, 1), "float32"),
}  # fmt: skip


@pytest.fixture(params=CASES)
def saved(request, tmp_path):
    shape, dtype, inner_shape, inner_dtype = CASES[request.param]
    entry = keras.Input(shape, dtype=dtype, name="x")
    file = tmp_path / "model.keras"
    keras.Model(entry, inner_of(inner_shape, inner_dtype)(entry)).save(file)
    return file


def test_the_inside_has_the_dtype_of_its_own_input(saved):
    model = keras.saving.load_model(saved)
    (told,) = summary(saved).to_dict()["outputs"]
    assert (told["shape"], told["dtype"]) == (list(model.output.shape), model.output.dtype)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("layer", ["inner/entry", "inner/add"])
def test_what_is_cut_out_of_them(saved, tmp_path, ending, layer):
    if ending == ".h5" and layer == "inner/add":
        pytest.skip("Keras reads no operations from .h5 files")
    submodel = extract(read(saved), [layer])
    submodel.save(tmp_path / f"child{ending}")
    parent, child = keras.saving.load_model(saved), keras.saving.load_model(tmp_path / f"child{ending}", compile=False)
    found = compare(parent, child, [*map(place, submodel.cut.inputs)], [*map(place, submodel.cut.outputs)])
    assert found["ok"] and found["max_abs_diff"] == 0
    (told,), (output,) = submodel.to_dict()["outputs"], child.outputs
    assert (told["shape"], told["dtype"]) == (list(output.shape), output.dtype)
