"""Builds the examples of rules: with real Keras where an example leaves a model, else by the example's own hands."""

import json
import os
from pathlib import Path

from inspector.api import from_keras
from inspector.linting.options import Options
from inspector.linting.run import check_file, check_model

from . import tampering


def check_example(example, rule, folder):
    """What a rule finds in an example: in its file, or in the live model where that is not saved; and in what."""
    options = Options(**example.options)
    path, model = run_example(example, folder)
    if not example.save_as:
        captured = from_keras(model)
        return check_model(captured, [rule], options), captured.source
    return check_file(os.fspath(path), [rule], options), os.fspath(path)


def write_example(example, folder):
    """The file of an example."""
    return run_example(example, folder)[0]


def run_example(example, folder):
    """An example's file and model; code runs with Keras's names, and with `tampering`'s, at hand."""
    path = Path(folder) / example.save_as
    names = {"path": path, "json": json, "Path": Path, **{n: getattr(tampering, n) for n in tampering.__all__}}
    if any(word in example.code for word in ("keras", "layers", "ops", "np.")):
        import keras
        import numpy as np

        keras.backend.clear_session()
        keras.utils.set_random_seed(1)
        names |= {"keras": keras, "layers": keras.layers, "ops": keras.ops, "np": np}
    exec(compile(example.code, "<example>", "exec"), names)
    path = Path(names["path"])
    model = names.get("model")
    if model is not None and not path.exists():
        if path.name.endswith(".weights.h5"):
            model.save_weights(path)
        elif path.suffix == ".json":
            path.write_text(model.to_json())
        else:
            model.save(path)
    return path, model
