"""Every operation class of Keras in a real functional model, its node written to JSON, read back and inferred."""

from __future__ import annotations

import json
from itertools import combinations_with_replacement, product

import keras
import pytest
from keras.src.backend.common import dtypes as keras_dtypes
from keras.src.ops import core, einops, image, linalg, math, nn, numpy
from keras.src.ops.operation import Operation

from inspector.analyses.inference import Inference
from inspector.graph import Spec, Unknown, flatten, map_structure, replace
from inspector.keras_config import decode_model
from inspector.knowledge import MAX_OUTPUTS, NotKnown
from inspector.layers import OPERATIONS, find_knowledge, open_family
from inspector.layers.operations.control import Closure, NoTensors
from inspector.layers.operations.operands import broadcast
from inspector.layers.operations.promotion import DTYPES, result_type

from .operation_cases import FAMILIES, Case, case, t

MODULES = {module.__name__.rpartition(".")[2]: module for module in (core, einops, image, linalg, math, nn, numpy)}
ABSTRACT = {"math.SegmentReduction"}


def build(item: Case) -> keras.Model:
    """A functional model of the one call."""
    module, _, name = item.key.partition(".")
    inputs: list[keras.KerasTensor] = []

    def enter(leaf):
        if not isinstance(leaf, Spec):
            return leaf
        inputs.append(keras.Input(batch_shape=leaf.shape, dtype=leaf.dtype))
        return inputs[-1]

    args = [map_structure(enter, arg) if isinstance(arg, (list, tuple)) else enter(arg) for arg in item.args]
    outputs = getattr(MODULES[module], name)(**item.config)(*args, **(item.kwargs or {}))
    return keras.Model(inputs, [x for x in keras.tree.flatten(outputs) if x is not None])


def evaluate(model: keras.Model):
    """The model as read from JSON, its stated shapes forgotten, run by knowledge alone."""
    graph = replace(decode_model(json.loads(model.to_json())), stated={})
    return graph, Inference().evaluate(graph)


def check_model(model: keras.Model) -> None:
    graph, evaluation = evaluate(model)
    for operation in model.operations:
        if isinstance(operation, keras.layers.Layer):
            continue
        assert graph.by_name[operation.name].kind == "operation"
        known = evaluation.outputs[operation.name, 0]
        assert not isinstance(known, Unknown), known.why
        expected = [(tuple(x.shape), x.dtype) for x in keras.tree.flatten(operation._inbound_nodes[0].output_tensors)]
        assert [(tuple(spec.shape), spec.dtype) for spec in flatten(known)] == expected
        macs = evaluation.macs[operation.name]
        assert isinstance(macs, Unknown) or macs >= 0


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_operations_agree_with_keras(family):
    failures = []
    for item in family():
        try:
            model = build(item)
        except Exception as error:
            failures.append(f"{item}: not a call of Keras: {str(error)[:300]}")
            continue
        try:
            check_model(model)
        except Exception as error:
            failures.append(f"{item}: {type(error).__name__} {str(error)[:600]}")
    assert not failures, f"{len(failures)} of {len(list(family()))}\n" + "\n".join(failures)


def operation_classes() -> dict[str, type]:
    found = {}
    for module_name, module in MODULES.items():
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Operation) and value.__module__ == module.__name__:
                found[f"{module_name}.{value.__name__}"] = value
    return found


def known_classes() -> dict[str, type]:
    from inspector import layers

    for family in OPERATIONS:
        open_family(family)
    return {
        key: value for key, value in layers._known.items() if value.__module__.startswith("inspector.layers.operations")
    }


def test_every_operation_class_is_known_or_stands_here_with_its_reason():
    classes, known = operation_classes(), known_classes()
    assert set(classes) - set(known) == ABSTRACT
    assert {key for key in known if key.partition(".")[0] in MODULES} <= set(classes)
    tested = {item.key for family in FAMILIES for item in family()}
    assert {key for key in classes if key not in tested} - ABSTRACT == {*Closure.kinds, *NoTensors.kinds}


@pytest.mark.parametrize("names", combinations_with_replacement((*DTYPES, "int", "float"), 2), ids="-".join)
def test_dtypes_are_promoted_as_keras_does(names):
    check_promotion(names)
    check_promotion(names[::-1])
    check_promotion((*names, "float"))
    check_promotion(names[:1])


def check_promotion(names):
    python = {"int": int, "float": float}
    try:
        expected = keras_dtypes.result_type(*(python.get(name, name) for name in names))
    except ValueError:
        with pytest.raises(NotKnown):
            result_type(*names)
    else:
        assert result_type(*names) == expected


def test_shapes_are_broadcast_as_keras_does():
    from keras.src.ops.operation_utils import broadcast_shapes

    shapes = [shape for rank in range(4) for shape in product((None, 1, 2, 3), repeat=rank)]
    for first, second in product(shapes, shapes):
        try:
            expected = tuple(broadcast_shapes(first, second))
        except ValueError:
            with pytest.raises(NotKnown):
                broadcast(first, second)
        else:
            assert broadcast(first, second) == expected


MACS = (
    (case("numpy.Matmul", t(None, 4, 6), t(None, 6, 5)), 4 * 6 * 5),
    (case("numpy.Matmul", t(8, 2, 4, 6), t(8, 1, 6, 5)), 2 * 4 * 6 * 5),
    (case("numpy.Matmul", t(None, None, 6), t(None, 6, 5)), None),
    (case("numpy.Matmul", t(None, 6), t(6, 5)), "batch"),
    (case("numpy.Dot", t(None, 6), t(6, 5)), "batch"),
    (case("numpy.Dot", t(None, 6), 2), 0),
    (case("numpy.Tensordot", t(None, 6), t(None, 6), axes=((0, 1), (0, 1))), 6),
    (case("numpy.Tensordot", t(None, 2), t(None, 2), axes=0), 0),
    (case("numpy.Einsum", t(None, 5, 2, 3), t(None, 7, 2, 3), subscripts="bthd,bshd->bhts"), 5 * 7 * 2 * 3),
    (case("numpy.Einsum", t(None, 5), t(None, 5), subscripts="bi,bi->bi"), 0),
    (case("numpy.Einsum", t(None, 5), subscripts="bi->b"), 0),
    (case("numpy.Einsum", t(None, 2), t(None, 2), t(None, 2), subscripts="bi,bi,bi->b"), "order"),
    (case("numpy.Vdot", t(None, 5), t(None, 5)), 5),
    (case("nn.Conv", t(None, 8, 8, 3), t(3, 3, 3, 16)), 6 * 6 * 16 * 27),
    (case("nn.DepthwiseConv", t(None, 8, 8, 3), t(3, 3, 3, 2)), 6 * 6 * 6 * 9),
    (case("nn.SeparableConv", t(None, 8, 8, 3), t(3, 3, 3, 2), t(1, 1, 6, 7)), 36 * (6 * 9 + 6 * 7)),
    (case("nn.ConvTranspose", t(None, 4, 4, 3), t(2, 2, 5, 3), strides=2), 16 * 3 * 4 * 5),
    (case("nn.DotProductAttention", *[t(None, 5, 4, 8)] * 3), 2 * 4 * 5 * 5 * 8),
    (case("numpy.Add", t(None, 3), 1), 0),
)


@pytest.mark.parametrize(("item", "expected"), MACS, ids=lambda x: getattr(x, "key", str(x)))
def test_multiply_accumulates_of_one_sample(item, expected):
    _, evaluation = evaluate(build(item))
    (macs,) = [value for name, value in evaluation.macs.items() if "input" not in name]
    if isinstance(expected, int):
        assert macs == expected
    else:
        assert isinstance(macs, Unknown)
        assert (expected or "open") in macs.why


def test_a_constant_has_no_batch_axis():
    x = keras.Input((6,))
    _, evaluation = evaluate(keras.Model(x, keras.ops.matmul(x, keras.ops.ones((6, 5)))))
    assert list(evaluation.macs.values())[-1] == 30


def test_operators_and_functions_in_one_model():
    ops = keras.ops
    x, y = keras.Input((4, 6)), keras.Input((6,), dtype="int32")
    z = (2 - x) * 3.5 / (y[:, None, :] + 1) ** 2
    z = ops.concatenate([z, ops.cast(y, "float16")[:, None]], axis=1)
    parts = ops.split(z[..., ::2], 3, axis=-1)
    w = ops.einsum("bij,bkj->bik", z, z) @ ops.ones((5, 2))
    s = ops.softmax(ops.reshape(-w, (-1, 10))) > 0.5
    u = ops.where(s, ops.max(w, axis=(1, 2), keepdims=True)[:, 0], 0)
    v = ops.max_pool(ops.image.resize(ops.stack([x, x, x], axis=-1), (9, 9)), 2, padding="same")
    c = ops.conv(v, ops.ones((3, 3, 3, 4)), padding="same", strides=2)
    m = ops.mean(ops.transpose(c, (0, 3, 1, 2)), axis=[-1, -2])
    top = ops.top_k(m, 2)
    check_model(keras.Model([x, y], [*parts, u, *top, ops.logical_not(s), ops.one_hot(ops.argmax(m, axis=-1), 4)]))


HOSTILE = (
    ("numpy.Split", {"indices_or_sections": 10**9, "axis": 0}),
    ("numpy.ArraySplit", {"indices_or_sections": 10**9, "axis": 0}),
    ("core.Unstack", {"num": 10**9, "axis": 0}),
    ("numpy.Split", {"indices_or_sections": -1}),
    ("numpy.Split", {"indices_or_sections": list(range(MAX_OUTPUTS + 1))}),
    ("numpy.Transpose", {"axes": [0, 0, 1]}),
    ("numpy.Sum", {"axis": "all"}),
    ("core.Cast", {"dtype": {"class_name": "x"}}),
    ("core.Cast", {"dtype": ["float32"]}),
    ("nn.MaxPool", {"pool_size": 0}),
    ("nn.MaxPool", {"pool_size": 2, "strides": 0}),
    ("numpy.Reshape", {"newshape": -1}),
    ("numpy.Reshape", {"newshape": [-1, -1]}),
    ("numpy.Tile", {"repeats": {}}),
    ("numpy.Pad", {"pad_width": []}),
    ("numpy.Einsum", {"subscripts": 3}),
    ("numpy.Einsum", {"subscripts": "ab->abz"}),
    ("numpy.BroadcastTo", {"shape": [10**30, -5]}),
    ("math.TopK", {}),
    ("image.Resize", {"size": "big"}),
    ("numpy.Add", {}),
)


@pytest.mark.parametrize(("key", "config"), HOSTILE)
def test_a_hostile_config_becomes_a_reason(key, config):
    module, _, name = key.partition(".")
    item = build(case("numpy.Absolute", t(4, 6, 2)))
    data = json.loads(item.to_json())
    node = data["config"]["layers"][-1]
    node |= {"module": f"keras.src.ops.{module}", "class_name": name, "config": {"name": node["name"], **config}}
    graph = replace(decode_model(data), stated={})
    value = Inference().evaluate(graph).outputs[node["name"], 0]
    assert isinstance(value, Unknown)
    assert value.why


def test_closures_are_not_known_and_say_why():
    model = build(case("numpy.Absolute", t(4, 6)))
    data = json.loads(model.to_json())
    node = data["config"]["layers"][-1]
    node |= {"module": "keras.src.ops.core", "class_name": "Map"}
    graph = replace(decode_model(data), stated={})
    evaluation = Inference().evaluate(graph)
    assert "Python function" in evaluation.outputs[node["name"], 0].why
    assert "Python function" in evaluation.macs[node["name"]].why
    assert find_knowledge(graph.layers[-1]) is Closure


JUNK = (
    10**12, -7, 0, "x" * 9, "%99999999d", [], [10**12], ["a"], [[1]], {}, {"class_name": "x"}, None, True, 1.5,
    [None, -1], [0] * 300, [[0, 10**12]] * 3,
)  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_no_config_value_takes_long_or_crashes(family):
    """Every constructor argument in turn replaced by values of the wrong kind or size."""
    tried = set()
    for item in family():
        arguments = set(item.config) - {key for name, key in tried if name == item.key}
        if not arguments:
            continue
        data = json.loads(build(item).to_json())
        node = next(layer for layer in data["config"]["layers"] if layer["module"].startswith("keras.src.ops"))
        good = dict(node["config"])
        for key, junk in product(sorted(arguments), JUNK):
            tried.add((item.key, key))
            node["config"] = good | {key: junk}
            value = Inference().evaluate(replace(decode_model(data), stated={})).outputs[node["name"], 0]
            assert value is not None
