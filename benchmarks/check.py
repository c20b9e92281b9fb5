"""What `kinspect check` costs for many small models: CPU time of each after start-up, and what `-j 2` brings.

    python benchmarks/check.py [--models 1000] [--runs 3]

Builds a few dozen small models with Keras (random weights, of the kinds people train), copies them to the number asked
for in a temporary folder, and prints a Markdown table. Start-up is the time of a run over one model.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUILD = """
import sys
import keras
from keras import layers

folder = sys.argv[1]

def dense(width):
    model = keras.Sequential([keras.Input((width,)), layers.Dense(width, activation="relu"), layers.Dropout(0.3),
                              layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return model

def convolutional(width):
    x = image = keras.Input((28, 28, 1))
    for _ in range(3):
        x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation("relu")(x)
        x = layers.MaxPooling2D()(x)
    model = keras.Model(image, layers.Dense(10, activation="softmax")(layers.Flatten()(x)))
    model.compile("adam", "categorical_crossentropy", ["accuracy"])
    return model

def recurrent(width):
    tokens = keras.Input((20,), dtype="int32")
    x = layers.LSTM(width)(layers.Embedding(500, width, mask_zero=True)(tokens))
    model = keras.Model(tokens, layers.Dense(1, activation="sigmoid")(x))
    model.compile("rmsprop", "binary_crossentropy", ["accuracy"])
    return model

def residual(width):
    x = image = keras.Input((32, 32, 3))
    x = layers.Conv2D(width, 3, padding="same")(x)
    for _ in range(4):
        y = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        x = layers.Add()([x, layers.Conv2D(width, 3, padding="same")(y)])
    return keras.Model(image, layers.Dense(5)(layers.GlobalAveragePooling2D()(x)))

for kind in (dense, convolutional, recurrent, residual):
    for width in (8, 12, 16, 24, 32):
        for suffix in ("keras", "h5"):
            kind(width).save(f"{folder}/{kind.__name__}{width}.{suffix}")
"""


def build(folder: Path, count: int) -> None:
    sources = folder / "sources"
    sources.mkdir()
    subprocess.run(
        [sys.executable, "-c", BUILD, str(sources)],
        check=True,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    models = sorted(sources.iterdir())
    for index in range(count):
        source = models[index % len(models)]
        shutil.copy(source, folder / f"model{index:05}{source.suffix}")
    shutil.rmtree(sources)


def run(folder: Path, *arguments: str) -> tuple[float, float]:
    """Seconds by the wall's clock and of CPU, children included."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "inspector", "check", "--exit-zero", "--info", "-o", os.devnull, *arguments]
    subprocess.run(command, cwd=folder, check=True, stderr=subprocess.DEVNULL)
    after, stop = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return stop - start, cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder, options.models)
        one = next(folder.iterdir()).name
        alone = min(run(folder, "-j", "1", one)[1] for _ in range(options.runs))
        rows = []
        for jobs in (1, 2):
            seconds, cpu = min(run(folder, "-j", str(jobs), ".") for _ in range(options.runs))
            rows.append((jobs, seconds, cpu, (cpu - alone) / (options.models - 1)))
    print(f"{options.models:,} models, {os.cpu_count()} cores; one of them alone takes {alone * 1000:.0f} ms of CPU\n")
    print("| processes | seconds | CPU a model after start-up | faster |")
    print("|---|---|---|---|")
    for jobs, seconds, _, each in rows:
        print(f"| {jobs} | {seconds:.1f} | {each * 1000:.1f} ms | {rows[0][1] / seconds:.2f} × |")


if __name__ == "__main__":
    main()
