"""The fixtures as parents of submodels: read without Keras, loaded with it, and compared with what is cut out."""

import os
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from fixtures.catalogue import FILES
from inspector.graph import walk
from inspector.readers import read
from inspector.surgery.extract import extract, place

SAVED = sorted(
    path
    for folder in (FILES, FILES / "old")
    for path in folder.iterdir()
    if path.suffix in (".keras", ".h5", ".dir") and not path.name.endswith(".weights.h5")
)


def is_graph(path):
    """Whether a file states the calls of its layers."""
    graph = read(path).graph
    return graph.kind in ("functional", "sequential") and graph.built and graph.order is not None


GRAPHS = [path for path in SAVED if is_graph(path)]


def load(path, model):
    """A saved model in the library that wrote its parent, with the classes of the fixtures. Raises what Keras does."""
    import keras

    from fixtures.build import custom_objects

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if (model.keras_version or "").startswith("2."):
            import tf_keras

            return tf_keras.saving.load_model(path, compile=False)
        return keras.saving.load_model(path, compile=False, custom_objects=custom_objects(), safe_mode=False)


def places_in(model):
    """Every layer that is called, by path; every call of it where there are several."""
    counts = {path: len(layer.calls) for path, _, layer in walk(model.graph)}
    return [path if count == 1 else f"{path}@*" for path, count in counts.items() if count]


def check_equal(parent, submodel, folder):
    """Save a submodel, load it, run it beside its parent: every output equal to the last bit."""
    from inspector.live.proving import compare

    file = Path(folder) / ("child.h5" if submodel.model.format == "h5" else "child.keras")
    submodel.save(file, force=True)
    child = load(file, submodel.model)
    found = compare(parent, child, [*map(place, submodel.cut.inputs)], [*map(place, submodel.cut.outputs)])
    assert found["differences"] == [] and found["max_abs_diff"] == 0 and found["ok"]
    return child


__all__ = ["GRAPHS", "SAVED", "check_equal", "extract", "load", "places_in", "read"]
