"""Time and memory of `kinspect summary` beside Keras and beside `import click`, in one run.

    python benchmarks/summary.py [--runs 5] [MODEL …]

Builds the models (random weights, nothing is downloaded) in a temporary folder, and prints a Markdown table.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from timing import IMPORT_CLICK, compare, print_table

MODELS = (
    "MobileNetV2",
    "EfficientNetB0",
    "ResNet50",
    "DenseNet121",
    "InceptionV3",
    "Xception",
    "NASNetMobile",
    "VGG19",
)
BUILD = "import sys, keras; getattr(keras.applications, sys.argv[1])(weights=None).save(sys.argv[2])"
HERE = Path(__file__).parent


def build(name: str, folder: Path) -> Path:
    path = folder / f"{name}.keras"
    subprocess.run(
        [sys.executable, "-c", BUILD, name, str(path)],
        check=True,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    return path


def measure(name: str, folder: Path, runs: int) -> str:
    path = build(name, folder)
    times = compare(
        {
            "kinspect": (sys.executable, "-m", "inspector", "summary", str(path)),
            "click": IMPORT_CLICK,
        },
        runs,
    )
    times |= compare({"keras": (sys.executable, str(HERE / "keras_summary.py"), str(path))}, max(1, runs // 2))
    mine, click, keras = times["kinspect"], times["click"], times["keras"]
    return (
        f"| {name} | {path.stat().st_size / 1e6:.0f} MB | {mine.seconds * 1000:.0f} ms | {keras.seconds * 1000:.0f} ms "
        f"| {keras.seconds / mine.seconds:.0f} × | {mine.seconds / click.seconds:.2f} × "
        f"| {mine.peak / 1e6:.0f} MB | {keras.peak / 1e6:.0f} MB |"
    )


if __name__ == "__main__":
    columns = "| model | file | kinspect | Keras | faster | of `import click` | memory | Keras's memory |"
    print_table(__doc__, MODELS, 5, columns, measure)
