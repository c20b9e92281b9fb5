"""Sweeps over the options of convolution, pooling, merging and quantization, each against real Keras."""

from __future__ import annotations

import contextlib
import itertools
import json

import keras
import pytest
import tensorflow as tf
import tf_keras
from keras.src.applications import convnext, inception_resnet_v2

from inspector.analyses.inference import Inference
from inspector.graph import Layer, Spec, Unknown, flatten
from inspector.keras_config import decode_layer
from inspector.knowledge import Subject, policy_of
from inspector.layers import all_knowledge

from .oracle import decoded
from .profiler import profiled_macs

OWN = ("core", "convolutional", "activations", "normalization", "pooling", "merging", "reshaping", "regularization")
FAMILIES = {
    name: knowledge
    for name, knowledge in all_knowledge().items()
    if knowledge.__module__.rpartition(".")[2] in OWN and hasattr(keras.layers, name)
}
OTHERS = ("rnn", "attention", "preprocessing")
NO_CONFIG = ("JaxLayer", "FlaxLayer", "TorchModuleWrapper", "TFSMLayer", "Lambda")  # code outside the config
BY_CONFIG = ("Embedding", "ReversibleEmbedding")  # they support masks when `mask_zero` says so


def known_shape(real, *shapes, nested=False):
    layer, inference = decoded(real), Inference()
    specs = [Spec(tuple(shape)) for shape in shapes]
    found = inference.outputs(Subject(layer, inference), (specs,) if nested else tuple(specs), {})
    return found if isinstance(found, Unknown) else found.shape


def real_shape(real, shape):
    """Keras's shape, or ``None`` where Keras refuses."""
    try:
        return tuple(real.compute_output_shape(shape))
    except ValueError:
        return None


def assert_same_shape(real, shape):
    expected, found = real_shape(real, shape), known_shape(real, shape)
    if expected is None:
        assert isinstance(found, Unknown)
    else:
        assert found == expected


def test_every_exported_class_of_these_families_is_known():
    classes = {
        name
        for name, value in vars(keras.layers).items()
        if isinstance(value, type) and issubclass(value, keras.Layer) and value is not keras.Layer
    }
    mine = {
        name
        for name in classes
        if getattr(keras.layers, name).__module__.split(".")[3] not in OTHERS
        and name not in ("Wrapper", "SpectralNormalization")
    }
    assert mine - set(FAMILIES) == set()


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_every_class_has_two_examples_under_its_own_name(name):
    real_name = getattr(keras.layers, name).__name__
    examples = [e for e in FAMILIES[name].examples if getattr(keras.layers, e.kind).__name__ == real_name]
    assert real_name in NO_CONFIG or len(examples) >= 2


@pytest.mark.parametrize("name", sorted(set(FAMILIES) - set(NO_CONFIG) - set(BY_CONFIG) - {"InputLayer"}))
def test_masking_is_what_keras_supports(name):
    example = next(e for e in FAMILIES[name].examples if FAMILIES[e.kind] is FAMILIES[name])
    kind = getattr(keras.layers, example.kind)
    assert FAMILIES[name].masking == kind(**example.config).supports_masking


def sweep(*options):
    return list(itertools.product(*options))


def image(rank, channels, first, sizes):
    spatial = sizes[:rank]
    return (None, channels, *spatial) if first else (None, *spatial, channels)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("kind", ["Conv", "DepthwiseConv", "SeparableConv"])
def test_convolutions(kind, rank, first):
    name = f"{kind}{rank}D"
    if not hasattr(keras.layers, name):
        pytest.skip(f"Keras has no {name}")
    paddings = ("valid", "same", "causal") if name == "Conv1D" else ("valid", "same")
    steps = [(1, 1), (2, 1), (3, 1), (1, 2), (1, 3)]
    sizes = [(9, 8, 7), (None, 5, 6), (4, None, None), (2, 3, 4)]
    for padding, (stride, dilation), window, size in sweep(paddings, steps, (1, 2, 3), sizes):
        own = {} if kind == "DepthwiseConv" else {"filters": 4}
        data_format = "channels_first" if first else "channels_last"
        layer = getattr(keras.layers, name)(
            kernel_size=window, strides=stride, dilation_rate=dilation, padding=padding, data_format=data_format, **own
        )
        assert_same_shape(layer, image(rank, 6, first, size))


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_transposed_convolutions(rank, first):
    steps = [(1, 1), (2, 1), (3, 1), (1, 2)]
    for padding, (stride, dilation), window, extra, size in sweep(
        ("valid", "same"), steps, (1, 2, 3, 4), (None, 0, 1), [(5, 4, 3), (None, 5, 6), (1, None, None)]
    ):
        if extra is not None and extra >= stride:
            continue
        layer = getattr(keras.layers, f"Conv{rank}DTranspose")(
            filters=4,
            kernel_size=window,
            strides=stride,
            padding=padding,
            output_padding=extra,
            dilation_rate=dilation,
            data_format="channels_first" if first else "channels_last",
        )
        assert_same_shape(layer, image(rank, 3, first, size))


@pytest.mark.parametrize("mode", ["Max", "Average"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_pooling(rank, mode):
    sizes = [(9, 8, 7), (None, 5, 6), (3, None, None), (2, 2, 2)]
    for padding, stride, window, first, size in sweep(
        ("valid", "same"), (None, 1, 2, 3), (1, 2, 3), (False, True), sizes
    ):
        data_format = "channels_first" if first else "channels_last"
        kind = getattr(keras.layers, f"{mode}Pooling{rank}D")
        layer = kind(pool_size=window, strides=stride, padding=padding, data_format=data_format)
        assert_same_shape(layer, image(rank, 3, first, size))


DIMS = (None, 1, 2)
SHAPES = [(None,), (2,), (None, 1), (None, 2), (2, None)] + [(None, a, b) for a in DIMS for b in DIMS]


@pytest.mark.parametrize("kind", ["Add", "Maximum"])
def test_broadcasting(kind):
    for one, other in itertools.product(SHAPES, SHAPES):
        layer = getattr(keras.layers, kind)()
        try:
            expected = layer([keras.KerasTensor(one), keras.KerasTensor(other)]).shape
        except (ValueError, tf.errors.InvalidArgumentError):
            expected = None
        found = known_shape(layer, one, other, nested=True)
        assert isinstance(found, Unknown) if expected is None else found == expected, (one, other)


@pytest.mark.parametrize("target", [(-1,), (6,), (2, -1), (-1, 3), (5,), (-1, -1), (2, 3), (7, -1)])
def test_reshape(target):
    try:
        layer = keras.layers.Reshape(target)
    except ValueError:
        pytest.skip("Keras refuses the target itself")
    for shape in [(None, 6), (2, 6), (None, 2, 3), (None, None, 3), (None, 4)]:
        assert_same_shape(layer, shape)


POLICIES = [
    *("float32", "float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16", "uint8"),
    *("int8_from_float32", "int8_from_mixed_bfloat16", "int4_from_float32", "int4/16_from_mixed_float16"),
    *("float8_from_mixed_float16", "gptq/4/128_from_float32", "awq/4/-1_from_bfloat16"),
]


@pytest.mark.parametrize("name", POLICIES)
def test_dtype_policies_by_name_by_object_and_in_a_map(name):
    real = keras.dtype_policies.get(name)
    policies = [real, keras.dtype_policies.DTypePolicyMap(real)]
    for value in (name, *(json.loads(json.dumps(keras.dtype_policies.serialize(policy))) for policy in policies)):
        found = policy_of({"dtype": value})
        mode = (found.quantization or "").partition("/")[0] or None
        assert (found.compute, found.variable) == (real.compute_dtype, real.variable_dtype)
        assert mode == real.quantization_mode


MODES = ["int8", "int4", "int4/2", "float8"]
QUANTIZABLE = {
    "Dense": (lambda: keras.layers.Dense(5), (None, 7)),
    "DenseNoBias": (lambda: keras.layers.Dense(4, use_bias=False), (None, 3, 6)),
    "EinsumDense": (lambda: keras.layers.EinsumDense("abc,cde->abde", (None, 3, 4), bias_axes="de"), (None, None, 7)),
    "EinsumBack": (lambda: keras.layers.EinsumDense("abcd,cde->abe", (None, 6)), (None, 2, 3, 4)),
    "Embedding": (lambda: keras.layers.Embedding(9, 5), (None, 7)),
    "Tied": (lambda: keras.layers.ReversibleEmbedding(9, 5), (None, 7)),
    "Untied": (lambda: keras.layers.ReversibleEmbedding(9, 5, tie_weights=False), (None, 7)),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", QUANTIZABLE)
def test_a_quantized_layer_once_saved_and_loaded(name, mode, tmp_path):
    make, shape = QUANTIZABLE[name]
    inputs = keras.Input(batch_shape=shape)
    model = keras.Model(inputs, make()(inputs))
    kind, _, size = mode.partition("/")
    if kind == "float8" and name in ("Embedding", "Tied", "Untied"):
        pytest.skip("Keras has no float8 for it")
    config = keras.quantizers.Int4QuantizationConfig(block_size=int(size) if size else None) if kind == "int4" else None
    layer = model.layers[1]
    layer.quantize(kind, config=config) if config else layer.quantize(kind)
    model.save(tmp_path / "quantized.keras")
    assert_same_weights(keras.saving.load_model(tmp_path / "quantized.keras").layers[1], shape)


def assert_same_weights(real, *shapes):
    layer, inference = decoded(real), Inference()
    found = inference.weights(Subject(layer, inference), tuple(Spec(shape) for shape in shapes), {})
    assert [(w.name, tuple(w.shape), str(w.dtype), w.trainable) for w in real.weights] == [tuple(w) for w in found]


@pytest.mark.parametrize("mode", [None, "int8"])
@pytest.mark.parametrize("name", ["Dense", "EinsumDense", "Embedding", "Conv"])
def test_lora_enabled_by_hand(name, mode, tmp_path):
    conv = (lambda: keras.layers.Conv2D(4, 3), (None, 8, 8, 3))
    make, shape = conv if name == "Conv" else QUANTIZABLE[name]
    inputs = keras.Input(batch_shape=shape)
    model = keras.Model(inputs, make()(inputs))
    if mode and name == "Conv":
        pytest.skip("Keras does not quantize convolutions")
    model.layers[1].enable_lora(2)
    if mode:
        model.layers[1].quantize(mode)
    model.save(tmp_path / "lora.keras")
    assert_same_weights(keras.saving.load_model(tmp_path / "lora.keras").layers[1], shape)


@pytest.mark.parametrize(
    ("equation", "output", "shape"),
    [
        ("ab,bc->ac", (5,), (2, 3)),
        ("abc,bde->acde", (4, 2, 5), (2, 3, 4)),
        ("abc,dce->adbe", (6, 3, 7), (2, 3, 4)),
        ("xyz,y->xz", (5,), (2, 3, 5)),
        ("axy,xyz->az", (5,), (2, 3, 5)),
        ("abc,cd->adb", (6, 3), (2, 3, 4)),
        ("abcd,bde->ace", (4, 6), (2, 3, 4, 5)),
    ],
)
@pytest.mark.parametrize("mode", ["int8", "int4", "int4/2", "gptq/4/2", "gptq/8/-1", "awq/4/2"])
def test_quantized_einsum(equation, output, shape, mode):
    layer = keras.layers.EinsumDense(equation, output, dtype=f"{mode}_from_float32")
    try:
        layer(keras.KerasTensor(shape))
    except (ValueError, UnboundLocalError):
        found = Inference().weights
        with pytest.raises(Exception, match=r".+"):
            found(Subject(decoded(layer), Inference()), (Spec(shape),), {})
        return
    assert_same_weights(layer, shape)


LAYERS = [
    (lambda: keras.layers.Conv1D(4, 3), (1, 9, 3)),
    (lambda: keras.layers.Conv2D(6, 3, strides=2, padding="same"), (1, 9, 8, 3)),
    (lambda: keras.layers.Conv3D(4, 2), (1, 5, 6, 7, 3)),
    (lambda: keras.layers.DepthwiseConv2D(3, depth_multiplier=2), (1, 9, 8, 3)),
    (lambda: keras.layers.SeparableConv2D(4, 3, depth_multiplier=2), (1, 9, 8, 3)),
    (lambda: keras.layers.Dense(4), (1, 3)),
    (lambda: keras.layers.Dense(4), (1, 5, 3)),
    (lambda: keras.layers.EinsumDense("abc,cde->abde", (5, 4, 2)), (1, 5, 3)),
]


@pytest.mark.parametrize(("make", "shape"), LAYERS)
def test_multiply_accumulates_are_half_of_tensorflows_operations(make, shape):
    real = make()
    counted = counted_macs(real, shape)
    assert counted == profiled_macs(lambda x: real(x), [tf.TensorSpec(shape)])


def test_a_transposed_convolution_costs_what_the_convolution_it_reverts_costs():
    back = keras.layers.Conv2DTranspose(4, 3, strides=2), (None, 5, 6, 3)
    forth = keras.layers.Conv2D(3, 3, strides=2), (None, 11, 13, 4)
    assert counted_macs(*back) == counted_macs(*forth) == 5 * 6 * 9 * 3 * 4


def test_groups_divide_the_cost():
    whole = counted_macs(keras.layers.Conv2D(6, 3), (None, 9, 8, 3))
    assert counted_macs(keras.layers.Conv2D(6, 3, groups=3), (None, 9, 8, 3)) * 3 == whole


def test_an_open_dimension_leaves_the_cost_open():
    assert counted_macs(keras.layers.Conv2D(6, 3), (None, None, 8, 3)) is None


def counted_macs(real, shape):
    real.build(shape)
    layer, inference = decoded(real), Inference()
    subject, spec = Subject(layer, inference), Spec(shape)
    return inference.macs(subject, inference.outputs(subject, (spec,), {}), (spec,), {})


OLD_LAYERS = [
    (lambda: tf_keras.layers.LocallyConnected1D(4, 3), (2, 9, 3)),
    (lambda: tf_keras.layers.LocallyConnected2D(4, (3, 2), strides=2, use_bias=False), (2, 9, 8, 3)),
    *(
        (lambda p=p, s=s, i=i, w=w: tf_keras.layers.LocallyConnected1D(2, w, s, p, implementation=i), (2, 9, 3))
        for p, s, i, w in itertools.product(("valid", "same"), (1, 2, 3), (1, 2, 3), (1, 2, 3, 4))
        if p == "valid" or i != 1
    ),
    (lambda: tf_keras.layers.LocallyConnected2D(2, (3, 4), 2, "same", implementation=3), (2, 5, 6, 3)),
    (lambda: tf_keras.layers.LocallyConnected2D(2, (3, 4), 2, "same", implementation=2), (2, 5, 6, 3)),
    (lambda: tf_keras.layers.DepthwiseConv2D(3, depth_multiplier=2), (2, 9, 8, 3)),
    (lambda: tf_keras.layers.Conv2D(4, 3), (2, 9, 8, 3)),
    (lambda: tf_keras.layers.Conv2DTranspose(4, 3, 2, output_padding=1), (2, 9, 8, 3)),
    (lambda: tf_keras.layers.SeparableConv2D(4, 3), (2, 9, 8, 3)),
    (lambda: tf_keras.layers.BatchNormalization(axis=[1, 2]), (2, 9, 8, 3)),
    (lambda: tf_keras.layers.BatchNormalization(renorm=True), (2, 3)),
    (lambda: tf_keras.layers.experimental.SyncBatchNormalization(), (2, 3)),
    (lambda: tf_keras.layers.LayerNormalization(axis=[1, 2]), (2, 9, 3)),
    (lambda: tf_keras.layers.PReLU(shared_axes=[1]), (2, 9, 3)),
    (lambda: tf_keras.layers.ThresholdedReLU(), (2, 9, 3)),
    (lambda: tf_keras.layers.LeakyReLU(alpha=0.1), (2, 9, 3)),
    (lambda: tf_keras.layers.EinsumDense("abc,cd->abd", (9, 4), bias_axes="d"), (2, 9, 3)),
    (lambda: tf_keras.layers.Dense(4), (2, 9, 3)),
]


@pytest.mark.parametrize(("make", "shape"), OLD_LAYERS)
def test_layers_of_keras_2(make, shape):
    real = make()
    output = real(tf.zeros(shape))
    layer = decode_layer(json.loads(json.dumps(tf_keras.saving.serialize_keras_object(real))))
    inference = Inference()
    subject, spec = Subject(layer, inference), Spec(shape)
    assert inference.outputs(subject, (spec,), {}).shape == tuple(output.shape)
    expected = [(w.name.rpartition("/")[2].partition(":")[0], tuple(w.shape), w.trainable) for w in real.weights]
    found = inference.weights(subject, (spec,), {})
    assert [(w.name, w.shape, w.trainable) for w in found] == expected


@pytest.mark.parametrize("output_shape", [(3,), (None, 2), [(2,), (3, 4)]])
@pytest.mark.parametrize("dtype", ["float32", "mixed_float16"])
def test_a_lambda_is_known_by_the_shape_it_states(output_shape, dtype):
    real = keras.layers.Lambda(lambda x: x, output_shape=output_shape, dtype=dtype)
    expected = keras.tree.flatten(real(keras.KerasTensor((None, 5))))
    subject, inference = Subject(decoded(real), Inference()), Inference()
    found = inference.outputs(subject, (Spec((None, 5)),), {})
    assert [tuple(spec) for spec in flatten(found)] == [(out.shape, out.dtype) for out in expected]


def test_a_lambda_that_states_no_shape_is_unknown_with_a_reason():
    layer = decoded(keras.layers.Lambda(lambda x: x))
    found = Inference().outputs(Subject(layer, Inference()), (Spec((None, 5)),), {})
    assert found.why == "its output follows from a Python function, which is never run"


def test_a_merge_of_one_tensor():
    layer = decoded(keras.layers.Add())
    for args in (Spec((None, 5)), [Spec((None, 5))]):
        assert Inference().outputs(Subject(layer, Inference()), (args,), {}) == Spec((None, 5))


APPLICATION_LAYERS = [
    (lambda: convnext.LayerScale(0.1, 4), [(None, 5, 4)]),
    (lambda: convnext.LayerScale(0.1, 4, dtype="mixed_float16"), [(None, 5, 4)]),
    (lambda: convnext.StochasticDepth(0.1, dtype="mixed_float16"), [(None, 5, 4)]),
    (lambda: inception_resnet_v2.CustomScaleLayer(0.1), [(None, 5, 4), (None, 5, 4)]),
    (lambda: inception_resnet_v2.CustomScaleLayer(0.1, dtype="mixed_float16"), [(2, 5, 4), (2, 1, 4)]),
]


@pytest.mark.parametrize(("make", "shapes"), APPLICATION_LAYERS)
def test_layers_that_only_applications_hold(make, shapes):
    real = make()
    tensors, specs = [keras.KerasTensor(shape) for shape in shapes], [Spec(shape) for shape in shapes]
    output = real(tensors if len(tensors) > 1 else tensors[0])
    layer, inference = decoded(real), Inference()
    subject, args = Subject(layer, inference), (specs if len(specs) > 1 else specs[0],)
    assert inference.outputs(subject, args, {}) == (output.shape, output.dtype)
    assert [tuple(w.shape) for w in real.weights] == [w.shape for w in inference.weights(subject, args, {})]


HOSTILE = ["x", -1, 0, 1.5, None, [], [10**400], 10**400, {"a": 1}, True, [[1]], ["x", "y"], [None, 1]]


@pytest.mark.parametrize("name", sorted(set(FAMILIES) - {"InputLayer"}))
def test_no_config_value_crashes_or_hangs(name):
    knowledge = FAMILIES[name]
    for example in knowledge.examples:
        if example.kind != name:
            continue
        config = getattr(keras.layers, name)(**example.config).get_config()
        specs = [s if isinstance(s, Spec) else Spec(tuple(s)) for s in example.inputs]
        args = (specs,) if example.nested else tuple(specs)
        for key, value in itertools.product(config, HOSTILE):
            assert_answers(name, {**config, key: value}, specs[0], args, dict(example.kwargs))


def assert_answers(name, config, first, args, kwargs):
    """The engine turns an exception into a reason; an answer must be one that it can add up."""
    inference = Inference()
    subject = Subject(Layer("it", name, "layer", config, module="keras.layers"), inference)
    inference.outputs(subject, args, kwargs)
    specs, macs = (), None
    with contextlib.suppress(Exception):
        specs = inference.weights(subject, args, kwargs)
    with contextlib.suppress(Exception):
        macs = inference.macs(subject, first, args, kwargs)
    for spec in specs:
        assert all(dim is None or (type(dim) is int and dim >= 0) for dim in spec.shape), spec
    assert macs is None or type(macs) is int
