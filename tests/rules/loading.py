"""What real Keras does with a file: whether it loads, with and without compiling, and whether the weights arrive.

The oracle of the rules about serialization. Tensors are counted by their bytes, so that it does not matter under
which name they are stored.
"""

import hashlib
import tempfile
import warnings
import zipfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import h5py
import keras
import numpy as np

OTHERS = ("optimizer", "_optimizer", "metrics", "_metrics", "_compile_metrics", "_loss_tracker", "optimizer_weights")


class Loaded(NamedTuple):
    """``left`` counts stored tensors that the model does not have, ``fresh`` the model's that the file does not."""

    error: str | None  # of a plain load
    error_uncompiled: str | None  # with compile=False
    left: int = 0
    fresh: int = 0
    said: str = ""  # what Keras warned of
    built: bool = True


def load(path):
    """What comes of loading a file; it is loaded without compiling where it cannot be loaded with."""
    model, error, said = attempt(path)
    error_uncompiled = None
    if model is None:
        model, error_uncompiled, said = attempt(path, compile=False)
    if model is None:
        return Loaded(error, error_uncompiled)
    stored, held = stored_tensors(path), Counter(digest(np.asarray(w.value)) for w in model.weights)
    left, fresh = stored - held, held - stored
    return Loaded(error, error_uncompiled, left.total(), fresh.total(), said, bool(model.built))


def attempt(path, **options):
    keras.backend.clear_session()
    with warnings.catch_warnings(record=True) as met:
        warnings.simplefilter("always")
        try:
            model = keras.saving.load_model(path, **options)
        except Exception as error:
            return None, f"{type(error).__name__}: {error}"[:500], ""
    return model, None, " | ".join(str(item.message)[:300] for item in met)


def digest(array):
    """Two tensors of the same shape and bytes are the same; a random generator's state is none."""
    return str(array.shape), str(array.dtype), hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def stored_tensors(path):
    """Every tensor in a file but the optimizer's and the metrics'."""
    path = Path(path)
    if path.is_dir():
        return count_tensors(path / "model.weights.h5") if (path / "model.weights.h5").exists() else Counter()
    if not zipfile.is_zipfile(path):
        return count_tensors(path)
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
        if "model.weights.h5" not in archive.namelist():
            return Counter()
        return count_tensors(archive.extract("model.weights.h5", folder))


def count_tensors(path):
    found = Counter()

    def visit(name, node):
        if isinstance(node, h5py.Dataset) and name.partition("/")[0] not in OTHERS:
            dtype = node.attrs.get("dtype")
            value = node[()]
            if dtype == "bfloat16":
                import ml_dtypes

                value = value.view(ml_dtypes.bfloat16)
            found[digest(np.asarray(value))] += 1

    with h5py.File(path) as file:
        file.visititems(visit)
    return found
