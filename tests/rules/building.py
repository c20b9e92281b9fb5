"""Builds the examples of rules: with real Keras where an example leaves a model, else by the example's own hands."""

import json
from pathlib import Path

from . import tampering


def write_example(example, folder):
    """The file of an example; code runs with Keras's names, and with `tampering`'s, at hand."""
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
    return path
