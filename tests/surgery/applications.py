"""Every single layer of the models of keras.applications, cut out, loaded by Keras and run beside its parent.

    python -m tests.surgery.applications [--models VGG16 …] [--every N] [--folder DIR]

Prints a table; exit 1 where anything differs. The parent runs once for all its tensors, each submodel by itself, on the
same inputs; then all outputs are cut out as one model, and the parent out of that one again.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from inspector.readers import read
from inspector.surgery.extract import extract, place

from .parents import load, places_in

SIZES = {  # the smallest inputs that each takes without trouble
    "VGG16": 64, "VGG19": 64, "MobileNetV2": 64, "ResNet50": 64, "Xception": 75, "EfficientNetB0": 64,
    "InceptionV3": 75, "DenseNet121": 64,
}  # fmt: skip
COLUMNS = ("model", "layers", "cut", "largest difference", "all, and back", "seconds")


def save_application(name, folder):
    """A model of keras.applications with random weights that tell its layers apart, saved."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(1)
    size = SIZES[name]
    model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3), classes=10)
    generator = np.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):  # as they are made they do nothing
            layer.set_weights([w + generator.uniform(0, 0.1, w.shape) for w in layer.get_weights()])
    path = Path(folder) / f"{name}.keras"
    model.save(path)
    return path


def sweep(path, folder, every=1):
    """Cut every ``every``-th layer: how many there are, how many were cut, and the largest difference there was."""
    from inspector.live import proving

    model = read(path)
    parent = load(path, model)
    names = places_in(model)
    chosen = [*names[::every]]
    fed = proving.make_inputs(proving.functional_of(parent), proving.OPEN_SIZES[0], 0)
    submodels = {name: extract(model, [name]) for name in chosen}
    places = [place(tensor) for made in submodels.values() for tensor in made.cut.outputs]
    wanted = iter(proving.Oracle(parent).values(fed, places))
    worst = 0.0
    file = Path(folder) / "child.keras"
    for name, made in submodels.items():
        expected = [next(wanted) for _ in made.cut.outputs]
        made.save(file, force=True)
        found = proving.judge(
            expected, proving.run(load(file, model), [fed]), [{"scope": [], "layer": name}] * len(expected)
        )
        assert found["ok"], found["differences"]
        worst = max(worst, found["max_abs_diff"])
    return len(names), len(chosen), worst


def all_and_back(path, folder):
    """Every output as one model, and the parent out of it: whether weights and outputs are the parent's, to the bit."""
    from inspector.live import proving

    model = read(path)
    parent = load(path, model)
    whole, back = Path(folder) / "whole.keras", Path(folder) / "back.keras"
    extract(model, every=True).save(whole, force=True)
    extract(read(whole), [ref.layer for ref in model.graph.output_refs()]).save(back, force=True)
    fed = proving.make_inputs(proving.functional_of(parent), proving.OPEN_SIZES[0], 0)
    again = load(back, model)
    same_weights = [w.path for w in parent.weights] == [w.path for w in again.weights] and all(
        (a.numpy() == b.numpy()).all() for a, b in zip(parent.weights, again.weights, strict=True)
    )
    outputs = [proving.run(each, [fed])[0] for each in (parent, again)]
    total = proving.run(load(whole, model), [fed])
    places = [place(tensor) for tensor in extract(model, every=True).cut.outputs]
    judged = proving.judge(proving.Oracle(parent).values(fed, places), total, places)
    return bool(same_weights and judged["ok"] and proving.distance(*map(proving.as_array, outputs)) == 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--every", type=int, default=1, help="cut every N-th layer alone [1]")
    parser.add_argument("--folder", help="where the files are written meanwhile")
    options = parser.parse_args()
    failed = False
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
    for name in options.models:
        start = time.monotonic()
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            path = save_application(name, folder)
            layers, cut, worst = sweep(path, folder, options.every)
            same = all_and_back(path, folder)
        row = (
            name,
            layers,
            cut,
            f"{worst:g}",
            "the same" if same else "not the same",
            f"{time.monotonic() - start:.0f}",
        )
        print(f"| {' | '.join(map(str, row))} |", flush=True)
        failed |= not same or worst != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
