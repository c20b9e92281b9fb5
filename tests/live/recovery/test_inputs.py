"""Where the shapes and dtypes of the inputs come from."""

import keras
import numpy as np
import pytest

from inspector.live.recovery import InputSpec, TensorSpec, bound_inputs, recorded_inputs, recover, spec_from_shapes
from inspector.live.recovery.inputs import concrete, random_inputs
from tests.live.recovery.given import inputs
from tests.live.situations import composite, plain


def test_what_a_model_was_built_with():
    model = plain.MLP()
    assert recorded_inputs(model) is None
    model(np.ones((2, 4), "float32"))
    assert recorded_inputs(model) == InputSpec((TensorSpec((2, 4)),))
    model = plain.DictInputs()
    model({"tokens": np.ones((3, 5), "int32"), "numbers": np.ones((3, 6), "float32")})
    assert recorded_inputs(model).args[0] == {"tokens": TensorSpec((3, 5)), "numbers": TensorSpec((3, 6))}
    found = recover(model)
    assert found.verdict == "recovered"
    assert {leaf.dtype for leaf in found.inputs.flat()} == {"int32", "float32"}
    assert [t.shape[0] for t in found.functional.inputs] == [None, None], "the first call's batch is not kept"


def test_shapes_by_name():
    model = plain.TwoArguments()
    assert set(bound_inputs(model, {"a": (1, 3), "b": (1, 4)}).kwargs) == {"a", "b"}
    assert set(bound_inputs(plain.DictInputs(), {"tokens": (1, 5), "numbers": (1, 6)}).args[0]) == {"tokens", "numbers"}
    assert bound_inputs(model, [(1, 3), (1, 4)], "float32").args[1] == TensorSpec((1, 4), "float32")


def test_integers_and_their_limits():
    found = recover(composite.Transformer(), inputs((None, 6)))
    leaf = found.inputs.flat()[0]
    assert (leaf.dtype, leaf.limit) == ("int32", 30)
    (data,), _ = random_inputs(concrete(found.inputs, 50), 0)
    assert data.dtype == "int32" and data.min() >= 0 and 9 < data.max() < 30


def test_given_dtypes_stay():
    spec = InputSpec((spec_from_shapes((None, 6), "int64"),))
    leaf = recover(composite.Transformer(), spec).inputs.flat()[0]
    assert (leaf.dtype, leaf.limit) == ("int64", 30)


class Lookup(keras.Model):
    """Takes rows of a table by index: fails on floats."""

    def __init__(self):
        super().__init__(name="lookup")
        self.table = self.add_weight(shape=(5, 3), name="table")

    def call(self, index, x):
        return keras.ops.take(self.table, index, axis=0) + x


def test_a_float_that_fails_is_tried_as_an_integer():
    found = recover(Lookup(), inputs((None,), (None, 3)))
    assert found.verdict == "recovered"
    assert [(leaf.dtype, leaf.limit) for leaf in found.inputs.flat()] == [("int32", 5), ("float32", None)]


def test_a_fixed_batch_is_kept():
    found = recover(plain.MLP(), inputs((16, 4), fixed_batch=True))
    assert found.functional.inputs[0].shape == (16, 4)


@pytest.mark.parametrize("dtype", ["bool", "float16", "uint8"])
def test_data_of_every_dtype(dtype):
    (data,), _ = random_inputs(InputSpec((TensorSpec((2, 3), dtype),)), 0)
    assert data.dtype == dtype and data.shape == (2, 3)


def test_a_shape_the_model_refuses():
    model = plain.MLP()
    model(np.ones((2, 4), "float32"))
    found = recover(model, inputs((None, 5)))
    assert (found.verdict, found.reasons[0].code) == ("opaque", "input-spec-mismatch")
    assert "self.out(self.hidden(x))" in found.reasons[0].source


def test_no_layer():
    assert recover(object()).verdict == "opaque"


def test_names_of_inputs():
    found = recover(plain.TwoArguments(), inputs((None, 3), (None, 4)))
    assert [t.name for t in found.functional.inputs] == ["a", "b"]
    found = recover(plain.DictInputs(), inputs({"tokens": (3, 5), "numbers": (3, 6)}))
    assert set(found.functional._inputs_struct) == {"tokens", "numbers"}
