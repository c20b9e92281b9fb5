"""Cuts that need thought, against Keras: models opened, the middle of a graph, sharing, structures, state, assets."""

import zipfile

import pytest

from inspector.errors import UsageError
from inspector.surgery.extract import join_proofs

from .parents import FILES, check_equal, extract, load, read

keras = pytest.importorskip("keras")


@pytest.fixture
def saved(tmp_path):
    """Save a model made here, and give the parent and what is read of it."""

    def save(model):
        for number, variable in enumerate(model.variables):
            if "float" in variable.dtype:
                variable.assign(keras.random.normal(variable.shape, dtype=variable.dtype, seed=number) * 0.1 + 0.5)
        model.save(tmp_path / "parent.keras")
        return model, read(tmp_path / "parent.keras")

    return save


def test_from_the_middle(tmp_path):
    model = read(FILES / "toy_resnet.keras")
    child = check_equal(load(FILES / "toy_resnet.keras", model), extract(model, ["dense"], starts=["add"]), tmp_path)
    assert child.input_shape == (None, 9, 9, 64) and child.input.name == "add"


def test_from_the_middle_names_what_else_is_needed():
    with pytest.raises(UsageError) as error:
        extract(read(FILES / "toy_resnet.keras"), ["dense"], starts=["conv2d_3"])
    assert error.value.message == "the submodel also needs 'max_pooling2d'"
    assert error.value.hint == "add --from max_pooling2d"
    with pytest.raises(UsageError, match="does not depend on 'add_1'"):
        extract(read(FILES / "toy_resnet.keras"), ["add"], starts=["add_1"])
    with pytest.raises(UsageError, match="not needed"):
        extract(read(FILES / "toy_resnet.keras"), ["dense"], starts=["add_1", "conv2d"])


def test_two_starts_and_one_inside_a_model(tmp_path):
    model = read(FILES / "toy_resnet.keras")
    parent = load(FILES / "toy_resnet.keras", model)
    check_equal(parent, extract(model, ["dense"], starts=["conv2d_3", "max_pooling2d"]), tmp_path)
    model = read(FILES / "nested_autoencoder.keras")
    parent = load(FILES / "nested_autoencoder.keras", model)
    check_equal(parent, extract(model, ["decoder/conv2d_transpose_1"], starts=["encoder/conv2d_1"]), tmp_path)


def test_a_dict_of_outputs_with_names(tmp_path):
    model = read(FILES / "toy_resnet.keras")
    submodel = extract(model, ["deep=add_1", "first=conv2d"])
    child = check_equal(load(FILES / "toy_resnet.keras", model), submodel, tmp_path)
    assert sorted(child.output) == ["deep", "first"]
    assert [end["key"] for end in submodel.to_dict()["outputs"]] == ["deep", "first"]
    with pytest.raises(UsageError, match="--outputs list"):
        extract(model, ["deep=add_1"], outputs="list")
    named = extract(model, ["add_1", "conv2d"], outputs="dict")
    assert sorted(check_equal(load(FILES / "toy_resnet.keras", model), named, tmp_path).output) == ["add_1", "conv2d"]


def test_one_layer_with_several_outputs_keeps_its_structure(saved, tmp_path):
    x = keras.Input((5, 3))
    outputs = keras.layers.LSTM(4, return_state=True, return_sequences=True, name="lstm")(x)
    parent, model = saved(keras.Model(x, keras.layers.Dense(2)(outputs[0])))
    assert len(check_equal(parent, extract(model, ["lstm"]), tmp_path).outputs) == 3
    assert len(check_equal(parent, extract(model, ["lstm:2"]), tmp_path).outputs) == 1


def test_frozen_backbone_opened_stays_frozen_and_out_of_training(saved, tmp_path):
    x = keras.Input((8, 8, 3))
    y = keras.layers.BatchNormalization(name="norm")(keras.layers.Conv2D(4, 3, name="conv")(x))
    backbone = keras.Model(x, keras.layers.ReLU(name="relu")(y), name="backbone")
    backbone.trainable = False
    entry = keras.Input((8, 8, 3))
    out = keras.layers.Dense(2, name="head")(backbone(entry * 2.0, training=False))
    parent, model = saved(keras.Model(entry, out))
    child = check_equal(parent, extract(model, ["backbone/relu"]), tmp_path)
    assert not child.trainable_variables
    norm = child.get_layer("norm")
    assert norm._inbound_nodes[0].arguments.kwargs.get("training") is False
    both = check_equal(parent, extract(model, ["backbone/norm", "head"]), tmp_path)
    assert len(both.trainable_variables) == 2


def test_a_model_that_casts_what_enters_is_opened_with_its_cast(saved, tmp_path):
    x = keras.Input((4,), dtype="int32", name="number")
    inner_in = keras.Input((4,), dtype="float32")
    inner = keras.Model(
        inner_in, keras.layers.Dense(3, name="deep")(keras.layers.Rescaling(0.5, name="half")(inner_in))
    )
    inner.name = "inner"
    parent, model = saved(keras.Model(x, keras.layers.Dense(2, name="head")(inner(x))))
    child = check_equal(parent, extract(model, ["inner/half", "inner/deep", "head"]), tmp_path)
    assert child.inputs[0].dtype == "int32"


def test_a_model_called_twice_is_opened_at_both_calls(saved, tmp_path):
    x = keras.Input((4,))
    inner = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(4, name="a"), keras.layers.Dense(4, name="b")], name="twin"
    )
    out = keras.layers.Add(name="sum")([inner(inner(x)), inner(x * 2.0)])
    parent, model = saved(keras.Model(x, out))
    child = check_equal(parent, extract(model, ["twin@1/a", "twin@2/a", "sum"]), tmp_path)
    assert len(child.weights) == 4


def test_names_that_meet_are_told_apart(saved, tmp_path):
    def part(name):
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, name="dense")], name=name)

    x = keras.Input((4,))
    parent, model = saved(keras.Model(x, keras.layers.Dense(2, name="dense")(part("right")(part("left")(x)))))
    submodel = extract(model, ["left/dense", "right/dense", "dense"])
    check_equal(parent, submodel, tmp_path)
    assert submodel.layers[1:] == ["left/dense", "right/dense", "dense"]
    assert [layer.name for layer in submodel.graph.layers][1:] == ["left_dense", "right_dense", "dense"]


def test_assets_of_the_layers_that_are_kept(tmp_path):
    model = read(FILES / "text_preprocessing.keras")
    extract(model, ["vectorize"]).save(tmp_path / "a.keras")
    extract(model, ["number"]).save(tmp_path / "b.keras")
    with zipfile.ZipFile(tmp_path / "a.keras") as archive:
        assert sum(name.startswith("assets/") for name in archive.namelist()) == 2
    with zipfile.ZipFile(tmp_path / "b.keras") as archive:
        assert not any(name.startswith("assets/") for name in archive.namelist())
        assert archive.testzip() is None


def test_all_and_back(tmp_path):
    model = read(FILES / "toy_resnet.keras")
    first = extract(model, every=True)
    first.save(tmp_path / "all.keras")
    again = extract(read(tmp_path / "all.keras"), ["dense_1"])
    again.save(tmp_path / "back.keras")
    parent, back = load(FILES / "toy_resnet.keras", model), load(tmp_path / "back.keras", model)
    ours = [variable.numpy().tobytes() for variable in back.weights]
    assert ours == [variable.numpy().tobytes() for variable in parent.weights]


def test_two_proofs_are_as_good_as_the_worse():
    good, bad = {"max_abs_diff": 0.0, "ok": True}, {"max_abs_diff": 0.5, "ok": False}
    assert join_proofs(good, bad) == {"max_abs_diff": 0.5, "ok": False}


@pytest.mark.slow
def test_vgg19_all_outputs_as_one_model(tmp_path):
    parent = keras.applications.VGG19(weights=None)
    parent.save(tmp_path / "vgg19.keras")
    submodel = extract(read(tmp_path / "vgg19.keras"), every=True)
    child = check_equal(parent, submodel, tmp_path)
    assert len(child.outputs) == 26 and child.count_params() == 143_667_240


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "MobileNetV2",
        "EfficientNetB0",
        "ResNet50",
        "DenseNet121",
        "InceptionV3",
        "Xception",
        "NASNetMobile",
        "ConvNeXtTiny",
    ],
)
def test_applications(name, tmp_path):
    parent = getattr(keras.applications, name)(weights=None)
    parent.save(tmp_path / "parent.keras")
    model = read(tmp_path / "parent.keras")
    check_equal(parent, extract(model, every=True), tmp_path)
    names = [layer.name for layer in model.graph.layers]
    for layer in names[:: max(1, len(names) // 4)]:
        check_equal(parent, extract(model, [layer]), tmp_path)
