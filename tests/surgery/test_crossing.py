"""Every fixture written in the other form, all outputs at once: Keras loads it, and it gives what its parent gives."""

import keras
import pytest

from fixtures.build import custom_objects
from inspector.errors import KinspectError
from inspector.live.proving import compare
from inspector.surgery.extract import place

from .parents import FILES, GRAPHS, extract, load, read
from .test_every_layer import UNLOADABLE

REFUSED = {
    "custom_rnn_functional.h5": "hold its weights", "custom_rnn_functional.keras": "hold its weights",
    "dtype_by_layer.keras": "bfloat16", "lora.h5": "LoRA", "lora.keras": "LoRA", "normalizations.keras": "Spectral",
    "operators.keras": "'...'", "quantized_int4.h5": "quantized", "quantized_int4.keras": "quantized",
    "quantized_int8.h5": "quantized", "quantized_int8.keras": "quantized", "text_preprocessing.dir": "vocabulary",
    "text_preprocessing.h5": "TextVectorization", "text_preprocessing.keras": "vocabulary",
    "tfk_attention.h5": "TFOpLambda", "tfk_raw_operations.h5": "TFOpLambda", "operators.h5": "operation",
    "masks.h5": "operation",
}  # fmt: skip


def write_other(path, folder):
    """The whole of a model in the other form: the submodel and its file. Raises `KinspectError`."""
    model = read(path)
    submodel = extract(model, every=True)
    file = folder / ("child.keras" if model.format == "h5" else "child.h5")
    submodel.save(file)
    return submodel, file


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_said_is_refused_and_leaves_nothing(name, tmp_path):
    with pytest.raises(KinspectError, match=REFUSED[name]) as told:
        write_other(FILES / name, tmp_path)
    assert told.value.hint and not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.name)
def test_each_fixture(path, tmp_path):
    if path.name in REFUSED or path.name in UNLOADABLE:
        pytest.skip("Keras does not run it, or it is refused")
    parent = load(path, read(path))
    submodel, file = write_other(path, tmp_path)
    if submodel.is_upgraded:
        child = keras.saving.load_model(file, compile=False, custom_objects=custom_objects(), safe_mode=False)
    else:
        child = load(file, submodel.model)
    found = compare(parent, child, [*map(place, submodel.cut.inputs)], [*map(place, submodel.cut.outputs)])
    assert found["differences"] == [] and found["max_abs_diff"] == 0


def test_there_and_back(tmp_path):
    """The other form, and from it the first one again: the same variables, to the byte."""
    source = FILES / "nested_three_deep.keras"
    extract(read(source), every=True).save(tmp_path / "same.keras")
    extract(read(source), every=True).save(tmp_path / "there.h5")
    extract(read(tmp_path / "there.h5"), every=True).save(tmp_path / "back.keras")
    same, back = ({w.path: w.load() for w in read(tmp_path / f"{n}.keras").weights.tensors} for n in ("same", "back"))
    assert same == back != {}
