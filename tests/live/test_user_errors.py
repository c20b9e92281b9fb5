"""Exceptions that the user's code raises inside Keras, in the words of the one who raised them."""

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from keras import layers

from inspector.live.user_errors import user_error


class Raising(layers.Layer):
    def call(self, inputs):
        raise ValueError("a width of 7 is not even")


class Around(keras.Model):
    def __init__(self):
        super().__init__()
        self.inside = Raising()

    def call(self, inputs):
        return self.inside(inputs)


@pytest.mark.parametrize("make", [Raising, Around])
def test_what_keras_wraps_around_a_message_is_taken_off(make):
    with pytest.raises(ValueError, match="even") as caught:
        make()(keras.ops.ones((2, 3)))
    told = user_error(caught.value, "model")
    assert told.message.endswith("ValueError: a width of 7 is not even") and "test_user_errors.py:" in told.message
