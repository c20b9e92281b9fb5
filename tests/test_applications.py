"""All models of keras.applications: every layer's shapes and parameters, and the totals, equal Keras's."""

from __future__ import annotations

import json
import math

import keras
import pytest
import tensorflow as tf

from inspector.analyses.facts import find_facts
from inspector.graph import Model, flatten
from inspector.keras_config import decode_model

from .layers.profiler import profiled_macs

NAMES = sorted(name for name, value in vars(keras.applications).items() if name[0].isupper() and callable(value))
FAST = {"MobileNetV2", "MobileNet", "EfficientNetB0"}
# Million multiply-accumulates for one image of the model's own size.
PUBLISHED = {"MobileNetV2": 300.8, "ResNet50": 3858.0, "EfficientNetB0": 385.8}
PROFILED = (
    "DenseNet121",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "InceptionV3",
    "MobileNetV2",
    "NASNetMobile",
    "ResNet50",
    "VGG16",
)


def marked(names, fast=frozenset()):
    return [pytest.param(name, marks=[] if name in fast else [pytest.mark.slow]) for name in names]


def built(name):
    keras.backend.clear_session()
    return getattr(keras.applications, name)(weights=None)


def facts_of(model):
    return find_facts(Model(decode_model(json.loads(model.to_json())), "config", "application.json"))


def test_there_are_forty():
    assert len(NAMES) == 40


@pytest.mark.parametrize("name", marked(NAMES, FAST))
def test_an_application_agrees_with_keras(name):
    model = built(name)
    facts = facts_of(model)
    found = {fact.path: fact for fact in facts.layers if fact.depth == 0 and fact.layer.kind != "operation"}
    open_sized = None in model.input_shape[1:]  # MobileNetV3 takes images of any size
    assert list(found) == [layer.name for layer in model.layers]
    for layer in model.layers:
        fact = found[layer.name]
        assert set(fact.unknown) <= ({"macs"} if open_sized else set())
        outputs = keras.tree.flatten(layer.output)
        assert [(o.shape, o.dtype) for o in flatten(fact.outputs[-1])] == [(tuple(o.shape), o.dtype) for o in outputs]
        assert fact.params == layer.count_params()
        assert fact.trainable_params == sum(math.prod(w.shape) for w in layer.trainable_weights)
        assert [w.shape for w in fact.weights] == [tuple(w.shape) for w in layer.weights]
    assert facts.totals.params == model.count_params()
    assert facts.totals.trainable_params == sum(math.prod(w.shape) for w in model.trainable_weights)
    assert (facts.totals.macs is None) == open_sized
    assert facts.notes == []


@pytest.mark.parametrize("name", marked(PUBLISHED, FAST))
def test_multiply_accumulates_of_an_application_are_those_published(name):
    assert facts_of(built(name)).totals.macs == pytest.approx(PUBLISHED[name] * 1e6, rel=0.01)


@pytest.mark.parametrize("name", marked(PROFILED))
def test_multiply_accumulates_are_half_of_tensorflows_operations(name):
    model = built(name)
    shape = (1, *model.input_shape[1:])
    profiled = profiled_macs(lambda x: model(x, training=False), [tf.TensorSpec(shape)])
    assert facts_of(model).totals.macs == profiled
