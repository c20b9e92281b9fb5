"""What `kinspect summary file.py:build` costs beside a script that imports Keras and builds the same model.

    python benchmarks/capture.py [--runs 5] [MODEL …]

Models: mlp, resnet50, transformer (subclassed, built by one call). Prints a Markdown table. Whole processes are timed:
the script takes TensorFlow down as Python does, and the worker of kinspect just ends, which is why it can be ahead.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from timing import compare

MODELS = Path(__file__).parent / "capture_models.py"
NAMES = ("mlp", "resnet50", "transformer")
LIMIT = 1.25
BUILD = "import sys; sys.path.insert(0, sys.argv[1]); import capture_models; getattr(capture_models, sys.argv[2])()"


def measure(name: str, runs: int) -> float:
    """Prints one row; returns how many times the script's time kinspect takes."""
    times = compare(
        {
            "script": (sys.executable, "-c", BUILD, str(MODELS.parent), name),
            "kinspect": (sys.executable, "-m", "inspector", "summary", f"{MODELS}:{name}"),
        },
        runs,
    )
    script, mine = times["script"], times["kinspect"]
    ratio = mine.seconds / script.seconds
    print(f"| {name} | {script.seconds:.2f} s | {mine.seconds:.2f} s | {100 * (ratio - 1):+.0f} % |", flush=True)
    return ratio


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=list(NAMES))
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    print("| model | import Keras and build | kinspect | overhead |\n|---|---|---|---|")
    return int(max([measure(name, options.runs) for name in options.models]) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
