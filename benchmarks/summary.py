"""Time and memory of `kinspect summary` beside Keras and beside `import click`, in one run.

    python benchmarks/summary.py [--runs 5] [MODEL …]

Builds the models (random weights, nothing is downloaded) in a temporary folder, and prints a Markdown table.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from timing import IMPORT_CLICK, compare

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


def measure(name: str, path: Path, runs: int) -> str:
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=list(MODELS))
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    print("| model | file | kinspect | Keras | faster | of `import click` | memory | Keras's memory |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.models:
            path = build(name, Path(folder))
            print(measure(name, path, options.runs), flush=True)
            path.unlink()


if __name__ == "__main__":
    main()
