"""A family of random functional graphs: the static summary of each saved file equals what Keras says of it."""

from __future__ import annotations

import json

import keras
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.oracle import describe
from inspector.analyses.summary import summarise
from inspector.readers import read

from .compare import differences
from .random_models import random_model

FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
MANY = settings(FEW, max_examples=300)


def check(seed: int, folder, suffix: str) -> None:
    try:
        model = random_model(seed)
    except ValueError:  # Keras refuses some of the graphs themselves: an open dimension where weights need a size
        return
    path = folder / f"m{suffix}"
    try:
        model.save(path)
        loaded = keras.saving.load_model(path)
    except Exception:  # the legacy format cannot hold every operation, and some of its files do not load
        if suffix == ".keras":
            raise
        return
    record = json.loads(json.dumps(summarise(read(path))))
    found = differences(record, describe(loaded))
    # Loading changes some models: an operation in .h5 comes back as the layer of its name, and what a frozen layer
    # builds in itself comes back trainable. Such a file is told as the model that was saved.
    assert not found or differences(record, describe(model)) == [], found


@FEW
@given(st.integers(0, 2**32))
def test_keras_archive(tmp_path_factory, seed):
    check(seed, tmp_path_factory.mktemp("r"), ".keras")


@FEW
@given(st.integers(0, 2**32))
def test_legacy_h5(tmp_path_factory, seed):
    check(seed, tmp_path_factory.mktemp("r"), ".h5")


@pytest.mark.slow
@MANY
@given(st.integers(0, 2**32))
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_many(tmp_path_factory, suffix, seed):
    check(seed ^ 0x5EED, tmp_path_factory.mktemp("r"), suffix)
