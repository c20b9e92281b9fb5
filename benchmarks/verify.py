"""Time of `kinspect verify` beside a hand-written script that saves, loads in a fresh process and compares outputs.

    python benchmarks/verify.py [--runs 3] [MODEL …]

Both build the same models of `keras.applications` (random weights, nothing is downloaded). Prints a Markdown table.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from timing import compare, print_table

MODELS = ("MobileNetV2", "ResNet50", "EfficientNetB0", "VGG16")
SAVE = """
import sys, keras, numpy as np
name, folder = sys.argv[1:]
model = getattr(keras.applications, name)(weights=None)
x = np.random.default_rng(0).normal(size=(2, *model.input_shape[1:])).astype("float32")
np.savez(f"{folder}/data.npz", x=x, y=model(x, training=False))
model.save(f"{folder}/model.keras")
"""
LOAD = """
import sys, keras, numpy as np
folder = sys.argv[1]
model = keras.saving.load_model(f"{folder}/model.keras")
data = np.load(f"{folder}/data.npz")
assert np.allclose(model(data["x"], training=False), data["y"], 1e-5, 1e-6)
"""
BOTH = "import subprocess, sys; [subprocess.run([sys.executable, '-c', *half], check=True) for half in {halves!r}]"


def measure(name: str, folder: Path, runs: int) -> str:
    script = BOTH.format(halves=[(SAVE, name, str(folder)), (LOAD, str(folder))])
    target = (f"keras.applications:{name}", "--arg", "weights=None")
    times = compare(
        {
            "kinspect": (sys.executable, "-m", "inspector", "verify", *target),
            "script": (sys.executable, "-c", script),
        },
        runs,
    )
    mine, script_time = times["kinspect"], times["script"]
    return (
        f"| {name} | {mine.seconds:.1f} s | {script_time.seconds:.1f} s | {mine.seconds / script_time.seconds:.2f} × |"
    )


if __name__ == "__main__":
    print_table(__doc__, MODELS, 3, "| model | kinspect verify | script by hand | ratio |", measure)
