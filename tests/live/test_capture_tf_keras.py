"""Models of tf_keras captured live have every fact that tf_keras has."""

from __future__ import annotations

import json

import pytest

from fixtures.catalogue import TF_KERAS
from fixtures.oracle import describe_tf_keras
from inspector.analyses.summary import summarise
from inspector.api import from_keras
from tests.differential.compare import differences

tf_keras = pytest.importorskip("tf_keras")


def record_of(model):
    return json.loads(json.dumps(summarise(from_keras(model))))


@pytest.mark.parametrize("case", TF_KERAS, ids=lambda case: case.name)
def test_every_fact_is_tf_kerass_own(case):
    model = case.build()
    assert differences(record_of(model), describe_tf_keras(model)) == []


class Subclassed(tf_keras.Model):
    def __init__(self):
        super().__init__()
        self.first = tf_keras.layers.Dense(3)
        self.inner = tf_keras.Sequential([tf_keras.layers.Input((3,)), tf_keras.layers.Dense(2, name="last")])

    def call(self, inputs):
        return self.inner(self.first(inputs))


def test_a_subclassed_one_lists_its_layers_and_says_why_no_more():
    import tensorflow as tf

    model = Subclassed()
    model(tf.ones((1, 4)))
    captured = from_keras(model)
    rows = {row["path"]: row["params"] for row in record_of(model)["layers"]}
    assert sum(rows[path] for path in rows if "/" not in path) == model.count_params() == 23
    assert any(path.endswith("/last") for path in rows)
    assert captured.parts[""].verdict == "opaque" and "works on Keras 3" in captured.parts[""].reasons[0].message
