"""Whole processes, timed from outside: warm, in turn, the median of several runs, and the peak memory of each."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple


class Timing(NamedTuple):
    """Wall time in seconds (median) and peak resident memory in bytes of one command."""

    seconds: float
    peak: int


def environment() -> dict[str, str]:
    """The user's environment, with byte code kept, so that a warm start is what it is for users."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "TF_CPP_MIN_LOG_LEVEL": "3"}


def run_once(command: Sequence[str]) -> Timing:
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"failed ({process.returncode}): {' '.join(command)}")
    return Timing(seconds, usage.ru_maxrss * 1024)


def compare(commands: dict[str, Sequence[str]], runs: int) -> dict[str, Timing]:
    """Each command ``runs`` times after one that warms up, in turn, so that a drift of the machine meets all alike."""
    found: dict[str, list[Timing]] = {name: [] for name in commands}
    for index in range(runs + 1):
        for name, command in commands.items():
            timing = run_once(command)
            if index:
                found[name].append(timing)
    return {
        name: Timing(statistics.median(t.seconds for t in timings), max(t.peak for t in timings))
        for name, timings in found.items()
    }


def print_table(
    about: str | None, models: Sequence[str], runs: int, columns: str, measure: Callable[[str, Path, int], str]
) -> None:
    """A Markdown table with a row for each model that the command line names, each in a folder of its own.

    ``about`` is told by ``--help``; ``models`` and ``runs`` are what is taken where the command line says nothing.
    ``measure`` makes a row from a model's name, an empty folder and the number of runs.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("models", nargs="*", default=list(models))
    parser.add_argument("--runs", type=int, default=runs)
    options = parser.parse_args()
    print(columns)
    print("|" + "---|" * (columns.count("|") - 1))
    for name in options.models:
        with tempfile.TemporaryDirectory() as folder:
            print(measure(name, Path(folder), options.runs), flush=True)


IMPORT_CLICK = (sys.executable, "-c", "import click")
