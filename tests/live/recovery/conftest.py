"""Real Keras on TensorFlow, with a clean state for each test."""

import pytest


@pytest.fixture(autouse=True)
def clean_session():
    import keras

    keras.utils.set_random_seed(7)
    keras.backend.clear_session()
    yield
    keras.mixed_precision.set_global_policy("float32")
