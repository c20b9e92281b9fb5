"""TensorFlow calls in functional models of Keras 2, written to JSON by tf_keras, read back and inferred."""

from __future__ import annotations

import json

import pytest
import tensorflow as tf
import tf_keras

from inspector.analyses.inference import Inference
from inspector.graph import Unknown, flatten
from inspector.keras_config import decode_model
from inspector.layers.operations.tensorflow import RULES, TensorFlowCall, function_of

backend = tf_keras.backend


def image():
    return tf_keras.Input((8, 9, 3))


def sequence(dtype="float32"):
    return tf_keras.Input((4, 6), dtype=dtype)


def check(inputs, outputs):
    """Every TensorFlow call's shape and dtype, and that none is left unknown."""
    flat = [x for x in tf.nest.flatten(outputs) if hasattr(x, "shape")]
    model = tf_keras.Model(inputs, flat)
    graph = decode_model(json.loads(model.to_json()))
    evaluation = Inference().evaluate(graph)
    assert not isinstance(evaluation, Unknown)
    seen = 0
    for layer in model.layers:
        if isinstance(layer, tf_keras.layers.InputLayer):
            continue
        known = evaluation.outputs[layer.name, 0]
        assert not isinstance(known, Unknown), f"{layer.name}: {known.why}"
        expected = [(tuple(x.shape), x.dtype.name) for x in tf.nest.flatten(layer.output)]
        assert [(tuple(spec.shape), spec.dtype) for spec in flatten(known)] == expected, layer.name
        seen += 1
    assert seen
    return graph, evaluation


ELEMENTWISE = (
    "math.abs", "math.negative", "math.sign", "math.square", "math.sqrt", "math.rsqrt", "math.exp", "math.log",
    "math.log1p", "math.sin", "math.cos", "math.tanh", "math.sigmoid", "math.erf", "math.floor", "math.ceil",
    "math.round", "math.softplus", "math.l2_normalize", "math.cumsum", "nn.relu", "nn.relu6", "nn.elu", "nn.selu",
    "nn.gelu", "nn.leaky_relu", "nn.silu", "nn.softmax", "nn.log_softmax", "nn.softsign", "identity",
    "stop_gradient", "zeros_like", "ones_like", "sort", "argsort", "shape", "rank", "size", "math.is_nan",
    "math.reduce_sum", "math.reduce_mean", "math.reduce_max", "math.reduce_std", "math.argmax", "norm",
    "math.reciprocal", "math.reduce_logsumexp", "transpose", "linalg.matrix_transpose", "nn.crelu",
)  # fmt: skip


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_functions_of_one_tensor(name):
    function = tf
    for part in name.split("."):
        function = getattr(function, part)
    x = sequence()
    if name in ("math.l2_normalize", "math.cumsum"):
        check(x, function(x, axis=-1))
    else:
        check(x, function(x))


@pytest.mark.parametrize(
    "function",
    [
        lambda a, b: a + b,
        lambda a, b: a - 2,
        lambda a, b: 2 - a,
        lambda a, b: 2.5 * a,
        lambda a, b: a / b,
        lambda a, b: a / 3,
        lambda a, b: 1 / a,
        lambda a, b: a**2,
        lambda a, b: a // 2,
        lambda a, b: a % 2,
        lambda a, b: -a,
        lambda a, b: abs(a),
        lambda a, b: a > b,
        lambda a, b: a <= 0,
        lambda a, b: tf.maximum(a, 0),
        lambda a, b: tf.math.squared_difference(a, b),
        lambda a, b: tf.add_n([a, b]),
        lambda a, b: tf.add(a, [1.0, 2, 3, 4, 5, 6]),
        lambda a, b: tf.constant([[1.0]]) * a,
        lambda a, b: a * b[:, :1],
        lambda a, b: tf.where(a > b, a, 0.0),
        lambda a, b: tf.where(a > 0),
        lambda a, b: tf.clip_by_value(a, 0, 1),
        lambda a, b: tf.logical_and(a > 0, b > 0),
        lambda a, b: tf.math.divide_no_nan(a, b),
        lambda a, b: tf.cast(a, tf.float16),
        lambda a, b: tf.cast(a, "int32") / 2,
        lambda a, b: tf.cast(a > 0, tf.int64),
        lambda a, b: tf.reduce_sum(a, [1, 2], True),
        lambda a, b: tf.reduce_mean(a, axis=-1, keepdims=True),
        lambda a, b: tf.reduce_any(a > 0, axis=1),
        lambda a, b: tf.reduce_all(a > 0),
        lambda a, b: tf.argmax(a, axis=-1),
        lambda a, b: tf.argmin(a, 1, output_type=tf.int32),
        lambda a, b: tf.math.top_k(a, 2),
        lambda a, b: tf.math.count_nonzero(a, axis=1),
        lambda a, b: tf.norm(a, axis=-1),
        lambda a, b: tf.nn.moments(a, [1]),
        lambda a, b: tf.nn.bias_add(a, tf.ones(6)),
        lambda a, b: tf.nn.dropout(a, 0.5),
        lambda a, b: tf.roll(a, 1, 1),
        lambda a, b: tf.reverse(a, [1]),
        lambda a, b: tf.nn.batch_normalization(a, 0.0, 1.0, 0.0, 1.0, 1e-3),
        lambda a, b: tf.nn.sigmoid_cross_entropy_with_logits(a, b),
        lambda a, b: tf.cumsum(a, axis=1),
    ],
)
def test_arithmetic_and_reductions(function):
    a, b = sequence(), sequence()
    check([a, b], [function(a, b), tf.identity(a), tf.identity(b)])


def last(x):
    return tf.shape(x)[1]


@pytest.mark.parametrize(
    "function",
    [
        lambda a: tf.reshape(a, (-1, 24)),
        lambda a: tf.reshape(a, [-1, 2, 2, 6]),
        lambda a: tf.reshape(a, (tf.shape(a)[0], 24)),
        lambda a: tf.reshape(a, tf.shape(a)),
        lambda a: tf.reshape(a, [-1, last(a), 6]),
        lambda a: tf.reshape(a, [tf.shape(a)[0], -1]),
        lambda a: tf.reshape(a, tf.stack([tf.shape(a)[0], 24])),
        lambda a: tf.reshape(a, tf.concat([tf.shape(a)[:1], tf.shape(a)[1:]], 0)),
        lambda a: tf.transpose(a, [0, 2, 1]),
        lambda a: tf.expand_dims(a, 1),
        lambda a: tf.expand_dims(a, axis=-1),
        lambda a: tf.squeeze(tf.expand_dims(a, 1), 1),
        lambda a: tf.squeeze(tf.expand_dims(a, 1), axis=[1]),
        lambda a: tf.concat([a, a], axis=-1),
        lambda a: tf.concat([a, a[:, :2]], 1),
        lambda a: tf.concat([a], 0),
        lambda a: tf.stack([a, a], axis=1),
        lambda a: tf.stack([a, a]),
        lambda a: tf.unstack(a, axis=1),
        lambda a: tf.split(a, 2, axis=-1),
        lambda a: tf.split(a, [1, 3], 1),
        lambda a: tf.split(a, [1, -1, 2], 2),
        lambda a: tf.tile(a, [1, 2, 3]),
        lambda a: tf.tile(a, [1, last(a), 1]),
        lambda a: tf.repeat(a, 2, axis=1),
        lambda a: tf.pad(a, [[0, 0], [1, 1], [2, 0]]),
        lambda a: tf.broadcast_to(a[:1], [5, 4, 6]),
        lambda a: tf.gather(a, [0, 2], axis=1),
        lambda a: tf.gather(a, 1, axis=-1),
        lambda a: tf.gather(a, tf.argmax(a, 1), axis=1, batch_dims=1),
        lambda a: tf.gather_nd(a, [[0, 1], [1, 2]]),
        lambda a: a[:, 0],
        lambda a: a[:, -1, 1:3],
        lambda a: a[..., tf.newaxis],
        lambda a: a[:, ::2, ..., :-1],
        lambda a: a[0],
        lambda a: a[:, last(a) - 1],
        lambda a: a[:, : tf.shape(a)[0]],
        lambda a: tf.slice(a, [0, 1, 0], [-1, 2, -1]),
        lambda a: tf.strided_slice(a, [0, 0, 0], [2, 4, 6], [1, 2, 3]),
        lambda a: tf.one_hot(tf.cast(a, "int32"), 5),
        lambda a: tf.one_hot(tf.argmax(a, -1), 5, axis=1, dtype=tf.float16),
        lambda a: tf.zeros((tf.shape(a)[0], 3)),
        lambda a: tf.fill([tf.shape(a)[0], 3], 1),
        lambda a: tf.ones(tf.shape(a)),
        lambda a: tf.boolean_mask(a, [True, False, True, True], axis=1),
        lambda a: tf.shape(a)[1:],
        lambda a: tf.matmul(a, a, transpose_b=True),
        lambda a: a @ tf.ones((6, 2)),
        lambda a: tf.matmul(a, tf.ones((4, 3)), transpose_a=True),
        lambda a: tf.tensordot(a, tf.ones((6, 3)), 1),
        lambda a: tf.tensordot(a, tf.ones((6, 4, 3)), [[2, 1], [0, 1]]),
        lambda a: tf.linalg.diag_part(a),
        lambda a: tf.linalg.band_part(a, 1, 1),
        lambda a: tf.linalg.matmul(a, a, transpose_a=True),
        lambda a: tf.nn.embedding_lookup(tf.ones((9, 3)), tf.cast(a, "int32")),
        lambda a: backend.sum(a, axis=1),
        lambda a: backend.mean(a, axis=(1, 2)),
        lambda a: backend.concatenate([a, a]),
        lambda a: backend.expand_dims(a, 1),
        lambda a: backend.permute_dimensions(a, (0, 2, 1)),
        lambda a: backend.batch_dot(a, a, (2, 2)),
        lambda a: backend.softmax(a),
        lambda a: backend.l2_normalize(a, -1),
        lambda a: backend.max(a, axis=-1, keepdims=True),
        lambda a: backend.square(a),
        lambda a: backend.repeat_elements(a, 2, 1),
        lambda a: backend.cast(a, "float16"),
        lambda a: backend.stack([a, a]),
        lambda a: backend.reshape(a, (-1, 3)),
        lambda a: backend.var(a, axis=1),
        lambda a: backend.dot(a, backend.ones((6, 2))),
        lambda a: backend.flatten(a),
        lambda a: backend.batch_flatten(a),
        lambda a: backend.clip(a, 0, 1),
        lambda a: backend.zeros_like(a),
        lambda a: backend.argmax(a),
        lambda a: backend.sigmoid(a),
    ],
)
def test_shapes_slices_and_products(function):
    a = sequence()
    check(a, function(a))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: tf.image.resize(x, (4, 5)),
        lambda x: tf.image.resize(x, [4, 5], method="nearest"),
        lambda x: tf.image.resize(x, (8, 9)),
        lambda x: tf.image.resize(tf.cast(x, tf.uint8), (4, 5), "nearest"),
        lambda x: tf.image.resize(tf.cast(x, tf.uint8), (4, 5)),
        lambda x: tf.image.resize(x, tf.shape(x)[1:3] * 2),
        lambda x: tf.compat.v1.image.resize_bilinear(x, (4, 4)),
        lambda x: tf.compat.v1.image.resize_nearest_neighbor(x, (4, 4)),
        lambda x: tf.image.flip_left_right(x),
        lambda x: tf.image.crop_to_bounding_box(x, 1, 1, 4, 5),
        lambda x: tf.image.rgb_to_grayscale(x),
        lambda x: tf.image.adjust_contrast(x, 2.0),
        lambda x: tf.nn.conv2d(x, tf.ones((3, 3, 3, 4)), 1, "SAME"),
        lambda x: tf.nn.conv2d(x, tf.ones((3, 2, 3, 4)), [1, 2, 2, 1], "VALID"),
        lambda x: tf.nn.conv2d(x, tf.ones((3, 3, 3, 4)), 1, "VALID", dilations=2),
        lambda x: tf.nn.depthwise_conv2d(x, tf.ones((3, 3, 3, 2)), [1, 1, 1, 1], "SAME"),
        lambda x: tf.nn.conv2d_transpose(x, tf.ones((2, 2, 5, 3)), [2, 16, 18, 5], 2),
        lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"),
        lambda x: tf.nn.avg_pool2d(x, [2, 3], [1, 2], "SAME"),
        lambda x: tf.nn.max_pool(x, 3, 1, "SAME"),
        lambda x: tf.nn.conv1d(x[:, 0], tf.ones((3, 3, 4)), 2, "SAME"),
        lambda x: tf.nn.conv1d_transpose(x[:, 0], tf.ones((3, 4, 3)), [2, 18, 4], 2),
        lambda x: tf.nn.conv3d_transpose(
            x[:, tf.newaxis], tf.ones((1, 3, 3, 4, 3)), [2, 1, 16, 18, 4], [1, 1, 2, 2, 1]
        ),
        lambda x: tf.image.resize(x, [tf.shape(x)[1] * 2, tf.shape(x)[2] // 2 + 1 - 2]),
        lambda x: tf.nn.space_to_depth(x[:, :, :8], 2),
        lambda x: tf.nn.depth_to_space(tf.tile(x, [1, 1, 1, 4]), 2),
        lambda x: x[:, :, ::-1, :] * (1 / 255) - [0.5, 0.4, 0.3],
        lambda x: tf.image.per_image_standardization(x),
    ],
)
def test_images_and_convolutions(function):
    x = image()
    check(x, function(x))


def test_multiply_accumulates():
    a, x = sequence(), image()
    y = tf.nn.conv2d(x, tf.ones((3, 3, 3, 4)), 1, "SAME")
    _, evaluation = check([a, x], [a @ tf.ones((6, 2)), tf.matmul(a, a, transpose_b=True), y])
    assert sorted(value for value in evaluation.macs.values() if value) == [4 * 6 * 2, 4 * 4 * 6, 8 * 9 * 4 * 27]


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda a: tf.einsum("bij,bkj->bik", a, a), "einsum"),
        (lambda a: a[a > 0], "mask"),
        (lambda a: a == 2.0, "second operand"),
        (lambda a: tf.meshgrid(last(a), last(a)), "first operand"),
        (lambda a: tf.linalg.expm(a[:, :4, :4]), "no shape rule"),
    ],
)
def test_what_the_file_does_not_hold_has_a_reason(function, why):
    a = sequence()
    model = tf_keras.Model(a, function(a))
    evaluation = Inference().evaluate(decode_model(json.loads(model.to_json())))
    assert any(isinstance(value, Unknown) and why in value.why for value in evaluation.outputs.values())


def test_ragged_tensors():
    x = tf_keras.Input((None,), ragged=True)
    model = tf_keras.Model(x, [x.to_tensor(), x.row_splits])
    evaluation = Inference().evaluate(decode_model(json.loads(model.to_json())))
    known = {key[0]: value for key, value in evaluation.outputs.items()}
    dense = next(value for name, value in known.items() if "to_tensor" in name)
    assert dense.shape == (None, None)
    assert any(isinstance(value, Unknown) and "ragged" in value.why for value in known.values())


def test_every_rule_names_a_function_of_tensorflow():
    missing = []
    for name in RULES:
        if name.startswith(("__operators__", "keras.")):
            continue
        for root in (tf, tf.compat.v1):
            found = root
            for part in name.split("."):
                found = getattr(found, part, None)
            if found is not None:
                break
        else:
            missing.append(name)
    assert not missing
    assert TensorFlowCall.kinds
    assert callable(function_of)


NODES = (
    lambda a: a[:, 1:3, 0],
    lambda a: a[..., None, 2],
    lambda a: a[:, ::-1],
    lambda a: a + 1.0,
    lambda a: 2.0 - a,
    lambda a: a > 0.5,
    lambda a: tf.reshape(a, (-1, 24)),
    lambda a: tf.transpose(a, [0, 2, 1]),
    lambda a: a / 2.0,
    lambda a: tf.reduce_mean(a, axis=[1, 2]),
    lambda a: tf.reduce_max(a, axis=-1, keepdims=True),
    lambda a: a @ tf.ones((1, 6, 2)),
    lambda a: tf.concat([a, a], axis=-1),
    lambda a: tf.stack([a, a], axis=1),
    lambda a: tf.unstack(a, axis=1)[0],
    lambda a: tf.split(a, 2, axis=-1)[0],
    lambda a: tf.expand_dims(a, 1),
    lambda a: tf.nn.relu(a),
    lambda a: tf.square(a),
    lambda a: tf.cast(a, tf.int32),
    lambda a: tf.tile(a, [1, 2, 1]),
    lambda a: tf.pad(a, [[0, 0], [1, 1], [0, 0]]),
    lambda a: tf.gather(a, [0, 2], axis=1),
    lambda a: tf.argmax(a, axis=-1),
    lambda a: tf.shape(a),
    lambda a: a[0],
    lambda a: tf.add_n([a, a]),
    lambda a: tf.reduce_sum(a),
    lambda a: tf.math.reduce_all(a > 0),
    lambda a: tf.matmul(a, a, transpose_b=True),
    lambda a: tf.squeeze(a[:, :1], 1),
    lambda a: tf.maximum(a, 0.0),
    lambda a: tf.nn.softmax(a),
)


@pytest.mark.parametrize("index", range(len(NODES)))
def test_nodes_of_tensorflows_graph(index):
    """As TensorFlow 2.0 to 2.3 wrote them: the node as JSON, its constants apart."""
    from google.protobuf import json_format
    from tf_keras.src.engine.base_layer import TensorFlowOpLayer

    with tf.Graph().as_default():
        placeholder = tf.compat.v1.placeholder(tf.float32, (None, 4, 6))
        last_op = NODES[index](placeholder).op
        ops = [op for op in placeholder.graph.get_operations() if op.type not in ("Const", "Placeholder")]
        static = {t.name: tf.get_static_value(t) for op in ops for t in op.inputs if t.op.type == "Const"}
    x = sequence()
    tensors = {placeholder.name: x}
    for op in ops:
        constants = {i: static[t.name].tolist() for i, t in enumerate(op.inputs) if t.name in static}
        given = [tensors[t.name] for t in op.inputs if t.name not in static]
        layer = TensorFlowOpLayer(json_format.MessageToDict(op.node_def), op.name.replace("/", "_"), constants)
        outputs = layer(given if len(given) > 1 else given[0])
        tensors |= {t.name: y for t, y in zip(op.outputs, tf.nest.flatten(outputs), strict=True)}
    check(x, [tensors[t.name] for t in last_op.outputs])
