"""How outputs are named: exact names, paths, globs, calls, tensors, blocks; and what is said of names that are not."""

import pytest

from inspector.errors import KinspectError, UsageError
from inspector.surgery.places import Atlas, spell
from inspector.surgery.selection import continues, select, select_all

from .parents import FILES, extract, read


def named(file, *names):
    atlas = Atlas(read(FILES / file))
    return [spell(atlas, tensor) for target in select(atlas, names) for tensor in target.tensors]


@pytest.mark.parametrize(
    ("file", "names", "found"),
    [
        ("toy_resnet.keras", ["add_1"], ["add_1"]),
        ("toy_resnet.keras", ["add_1", "conv2d", "add_1"], ["add_1", "conv2d"]),
        ("toy_resnet.keras", ["add*"], ["add", "add_1"]),
        ("nested_autoencoder.keras", ["encoder/conv2d_1"], ["encoder/conv2d_1"]),
        ("nested_autoencoder.keras", ["*coder/conv2d_transpose_[12]"], [f"decoder/conv2d_transpose_{n}" for n in "12"]),
        ("nested_autoencoder.keras", ["encoder"], ["encoder"]),
        ("small_shared_embedding.keras", ["embedding@1"], ["embedding@1"]),
        ("small_shared_embedding.keras", ["embedding@*"], ["embedding@0", "embedding@1"]),
        ("nested_three_deep.keras", ["block"], []),
    ],
)  # fmt: skip
def test_names(file, names, found):
    if not found:
        with pytest.raises(UsageError):
            named(file, *names)
    else:
        assert named(file, *names) == found


@pytest.mark.parametrize(
    ("name", "prefix", "is_part"),
    [
        ("block3_pool", "block3", True), ("block10_conv", "block1", False), ("block3a_expand", "block3", True),
        ("conv2d_1", "conv", True), ("conv2d", "conv2", True), ("convolution", "conv", False),
        ("block3", "block3", False), ("head", "block3", False),
    ],
)  # fmt: skip
def test_what_a_prefix_covers(name, prefix, is_part):
    assert continues(name, prefix) is is_part


def renamed(tmp_path, file, names):
    """A config with some of its layers named otherwise."""
    text = (FILES / file).read_text()
    for old, new in names.items():
        text = text.replace(f'"{old}"', f'"{new}"')
    (tmp_path / file).write_text(text)
    return read(tmp_path / file)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("k*[z]?", ["k*[z]?"]),
        ("k*[z]?@0", ["k*[z]?"]),
        ("x=k*[z]?", ["k*[z]?"]),
        ("a=b", ["a=b"]),
        ("d@1:0", ["d@1:0"]),
    ],
)
def test_a_layers_own_name_is_no_pattern(tmp_path, name, found):
    atlas = Atlas(renamed(tmp_path, "toy_resnet.json", {"conv2d": "k*[z]?", "conv2d_1": "a=b", "conv2d_2": "d@1:0"}))
    assert [spell(atlas, tensor) for target in select(atlas, [name]) for tensor in target.tensors] == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("encoder/conv1/conv", ["encoder/conv1/conv"]), ("encoder/conv1/conv@0:0", ["encoder/conv1/conv"]),
        ("encoder/conv1/*", ["encoder/conv1/conv", "encoder/conv1/pool"]), ("enc*/conv1", ["encoder/conv1/pool"]),
    ],
)  # fmt: skip
def test_names_with_slashes_inside_a_model(tmp_path, name, found):
    names = {"conv2d": "conv1/conv", "global_max_pooling2d": "conv1/pool"}
    atlas = Atlas(renamed(tmp_path, "tfk_nested_autoencoder.json", names))
    assert [spell(atlas, tensor) for target in select(atlas, [name]) for tensor in target.tensors] == found


def test_a_block_gives_its_one_exit():
    model = read(FILES / "vgg19.json")
    (target,) = select(Atlas(model), ["block3"])
    assert target.members == 5 and target.block == "block3"
    assert spell(Atlas(model), target.tensors[0]) == "block3_pool"
    assert len(select_all(Atlas(model))) == 26


def test_a_block_inside_a_model():
    assert named("vgg16_and_text.json", "vgg16/block2") == ["vgg16/block2_pool"]


@pytest.mark.parametrize(
    ("file", "name", "message", "hint"),
    [
        ("toy_resnet.keras", "conv2d_9", "'conv2d_9' is no layer", "'conv2d_6'"),
        ("toy_resnet.keras", "zzz*", "matches no layer", "there are: img, conv2d, conv2d_1,"),
        ("toy_resnet.keras", "conv", "(7 layers) has 4 exits: conv2d_1, conv2d_3", "name the exits"),
        ("toy_resnet.keras", "add@1", "called 1 time", "add@0"),
        ("toy_resnet.keras", "add:3", "gives 1 tensor", None),
        ("toy_resnet.keras", "add/x", "'add' is no model with layers", None),
        ("toy_resnet.keras", "", "'' is no layer", "there are: img,"),
        ("nested_autoencoder.keras", "encoder/", "'encoder/' is no layer", None),
        ("toy_resnet.keras", "/", "'/' is no layer", None),
        ("toy_resnet.keras", "=add", "is not NAME=LAYER", None),
        ("toy_resnet.keras", "x=add*", "names 2 layers", None),
        ("nested_autoencoder.keras", "conv2d_1", "is no layer", "'encoder/conv2d_1'"),
        ("nested_autoencoder.keras", "encoder/conv2d_9", "is no layer", "encoder/conv2d"),
        ("small_shared_embedding.keras", "embedding", "called 2 times", "embedding@0, embedding@1"),
        ("mlp.keras", "dense", "subclassed", "--custom"),
        ("unbuilt_sequential.keras", "dense", "not built", "--input-shape"),
    ],
)
def test_what_is_said_of_names_that_are_not(file, name, message, hint):
    with pytest.raises(KinspectError) as error:
        named(file, name)
    assert message in error.value.message
    assert (hint or "") in (error.value.hint or "")


@pytest.mark.parametrize("file", ["vgg19.json", "small_shared_embedding.weights.h5"])
def test_what_holds_no_model_with_weights(file):
    with pytest.raises(KinspectError, match="weights"):
        extract(read(FILES / file), every=True)
