"""What `kinspect summary file.py:build` costs beside a script that imports Keras and builds the same model.

    python benchmarks/capture.py [--runs 5] [MODEL …]

Models: mlp, resnet50, transformer (subclassed, built by one call). Prints a Markdown table. Whole processes are timed:
the script takes TensorFlow down as Python does, and the worker of kinspect just ends, which is why it can be ahead.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from timing import compare, print_table

MODELS = Path(__file__).parent / "capture_models.py"
NAMES = ("mlp", "resnet50", "transformer")
LIMIT = 1.25
BUILD = "import sys; sys.path.insert(0, sys.argv[1]); import capture_models; getattr(capture_models, sys.argv[2])()"
ratios: list[float] = []  # how many times the script's time kinspect takes


def measure(name: str, _: Path, runs: int) -> str:
    times = compare(
        {
            "script": (sys.executable, "-c", BUILD, str(MODELS.parent), name),
            "kinspect": (sys.executable, "-m", "inspector", "summary", f"{MODELS}:{name}"),
        },
        runs,
    )
    script, mine = times["script"], times["kinspect"]
    ratios.append(mine.seconds / script.seconds)
    return f"| {name} | {script.seconds:.2f} s | {mine.seconds:.2f} s | {100 * (ratios[-1] - 1):+.0f} % |"


if __name__ == "__main__":
    print_table(__doc__, NAMES, 5, "| model | import Keras and build | kinspect | overhead |", measure)
    sys.exit(int(max(ratios) > LIMIT))
