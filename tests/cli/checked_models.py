"""Small models for tests of ``check``, written by hand, so that no test here needs Keras."""

import json
import zipfile

METADATA = {"keras_version": "3.15.1", "date_saved": "2026-01-01@00:00:00"}


def layer(class_name, **config):
    return {"module": "keras.layers", "class_name": class_name, "config": config, "registered_name": None}


def sequential(*layers):
    config = {"name": "m", "trainable": True, "layers": list(layers), "build_input_shape": [None, 8]}
    return {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": None}


def one_unit(activation, name="probs"):
    """A classifier with one unit; with softmax it is what KS103 is about."""
    return sequential(
        layer("InputLayer", batch_shape=[None, 8], dtype="float32", name="x"),
        layer("Dense", name=name, units=1, activation=activation, use_bias=True),
    )


def write(path, config):
    """An archive with a config and no weights, which is enough for rules about the graph."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps(METADATA))
        archive.writestr("config.json", json.dumps(config))
    return path


def write_bad(path):
    return write(path, one_unit("softmax"))


def write_good(path):
    return write(path, one_unit("sigmoid"))
