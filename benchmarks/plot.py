"""Time of `kinspect plot` beside Keras's `plot_model`, and beside the layout engine alone, in one run.

    python benchmarks/plot.py [--runs 5] [MODEL …]

Builds the models (random weights, nothing is downloaded) in a temporary folder, and prints a Markdown table. Every
layer is drawn (`--no-fold`). `plot_model` needs a system Graphviz; the engine's own time is taken on the same DOT.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from summary import HERE, MODELS, build
from timing import compare, environment, print_table


def measure(name: str, folder: Path, runs: int) -> str:
    path = build(name, folder)
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


if __name__ == "__main__":
    columns = "| model | nodes | kinspect | Keras | faster | engine alone | of the engine |"
    print_table(__doc__, MODELS, 5, columns, measure)
