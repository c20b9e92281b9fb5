"""Time of `kinspect plot` beside Keras's `plot_model`, and beside the layout engine alone, in one run.

    python benchmarks/plot.py [--runs 5] [MODEL …]

Builds the models (random weights, nothing is downloaded) in a temporary folder, and prints a Markdown table. Every
layer is drawn (`--no-fold`). `plot_model` needs a system Graphviz; the engine's own time is taken on the same DOT.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from summary import HERE, MODELS, build
from timing import compare, environment


def measure(name: str, path: Path, folder: Path, runs: int) -> str:
    plot = (sys.executable, "-m", "inspector", "plot", str(path), "--no-fold", "--force")
    dot = folder / f"{name}.dot"
    subprocess.run([*plot, "-o", str(dot)], check=True, env=environment())
    nodes = dot.read_text(encoding="utf-8").count("path=")
    times = compare(
        {
            "kinspect": (*plot, "--engine", "dot", "-o", str(folder / "mine.svg")),
            "engine": ("dot", "-Tsvg", str(dot), "-o", str(folder / "engine.svg")),
        },
        runs,
    )
    mine, engine = (times[key].seconds for key in ("kinspect", "engine"))
    try:
        command = (sys.executable, str(HERE / "keras_plot.py"), str(path), str(folder / "keras.svg"))
        keras = compare({"keras": command}, 1)["keras"].seconds
        theirs = f"{keras * 1000:.0f} ms | {keras / mine:.1f} ×"
    except SystemExit:
        theirs = "fails | "
    return f"| {name} | {nodes} | {mine * 1000:.0f} ms | {theirs} | {engine * 1000:.0f} ms | {mine / engine:.2f} × |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=list(MODELS))
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    print("| model | nodes | kinspect | Keras | faster | engine alone | of the engine |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.models:
            path = build(name, Path(folder))
            print(measure(name, path, Path(folder), options.runs), flush=True)
            path.unlink()


if __name__ == "__main__":
    main()
