"""How long extracting takes beside copying the same bytes: VGG19, all of its weights and the first three blocks.

    python benchmarks/extract.py [--runs 5] [--folder DIR]

Whole processes, start-up included, in turn, the median of several runs; each writes a file that is not there yet. The
copy is Python's own, read and written a megabyte at a time, of as many bytes as the submodel's file has.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from timing import Timing, environment, run_once

BUILD = "import sys, keras; keras.applications.VGG19(weights=None).save(sys.argv[1])"
COPY = """
import sys
left = int(sys.argv[3])
with open(sys.argv[1], "rb", 0) as source, open(sys.argv[2], "wb", 0) as target:
    while left and (block := source.read(min(1 << 20, left))):
        target.write(block)
        left -= len(block)
"""
CASES = {"all 26 outputs": ["--all"], "fc2": ["--layer", "fc2"], "block3": ["--layer", "block3"]}
MOST_TIMES, MOST_MEMORY = 3.0, 120 << 20


def main() -> int:
    """Print the table; exit 1 where a number is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where VGG19.keras is, or is to be kept")
    options = parser.parse_args()
    missed = False
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        source = (options.folder or Path(folder)) / "VGG19.keras"
        if not source.exists():
            subprocess.run([sys.executable, "-c", BUILD, str(source)], check=True, env=environment())
        print("| extracted | bytes | copy, s | extract, s | times | peak memory, MB |\n|---|---|---|---|---|---|")
        for name, arguments in CASES.items():
            target = Path(folder) / "features.keras"
            command = [
                sys.executable,
                "-m",
                "inspector",
                "extract",
                str(source),
                *arguments,
                "--no-prove",
                "-o",
                str(target),
            ]
            measure(command, target)
            size = target.stat().st_size
            copy = [sys.executable, "-c", COPY, str(source), str(target), str(size)]
            pairs = [(measure(copy, target), measure(command, target)) for _ in range(options.runs)]
            copied, cut = (sorted(t.seconds for t in side)[options.runs // 2] for side in zip(*pairs, strict=True))
            peak = max(timing.peak for _, timing in pairs)
            print(f"| {name} | {size:,} | {copied:.3f} | {cut:.3f} | {cut / copied:.1f} | {peak / 1e6:.0f} |")
            missed |= peak > MOST_MEMORY or (name != "block3" and cut > MOST_TIMES * copied)
    return int(missed)


def measure(command: list[str], target: Path) -> Timing:
    target.unlink(missing_ok=True)
    os.sync()
    return run_once(command)


if __name__ == "__main__":
    sys.exit(main())
