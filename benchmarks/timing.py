"""Whole processes, timed from outside: warm, in turn, the median of several runs, and the peak memory of each."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
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


IMPORT_CLICK = (sys.executable, "-c", "import click")
