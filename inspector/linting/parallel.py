"""Many files at once: each in one of several processes, so that a file that kills one stops nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .options import Options
from .rule import Finding, Rule
from .run import check_file, unread

SMALL = 32  # files for which starting processes costs more than it saves
Load = Callable[[str], Rule]
_STATE: dict[str, Any] = {}


def check_files(
    paths: Sequence[str], codes: Sequence[str], load: Load, options: Options, jobs: int | None = None
) -> Iterator[tuple[str, list[Finding]]]:
    """The findings of each file, as they come with one process, in the paths' order with several.

    ``load`` gives the rule of a code; ``jobs`` is the number of processes, by default as many as there are cores.
    """
    count = jobs or (os.cpu_count() or 1 if len(paths) > SMALL else 1)
    if min(count, len(paths)) < 2:
        rules = [load(code) for code in codes]
        for path in paths:
            yield path, check_file(path, rules, options)
        return
    yield from spread(paths, codes, load, options, min(count, len(paths)))


def spread(
    paths: Sequence[str], codes: Sequence[str], load: Load, options: Options, jobs: int
) -> Iterator[tuple[str, list[Finding]]]:
    from concurrent.futures.process import BrokenProcessPool

    left = dict.fromkeys(paths)
    try:
        with make_pool(jobs, codes, load, options) as pool:
            size = max(1, min(16, len(paths) // (jobs * 4)))
            for path, findings in pool.map(check_one, paths, chunksize=size):
                left.pop(path, None)
                yield path, findings
    except BrokenProcessPool:
        yield from (one_alone(path, codes, load, options) for path in left)


def one_alone(path: str, codes: Sequence[str], load: Load, options: Options) -> tuple[str, list[Finding]]:
    """A file in a process of its own, after one of them ended a process."""
    from concurrent.futures.process import BrokenProcessPool

    try:
        with make_pool(1, codes, load, options) as pool:
            found: tuple[str, list[Finding]] = pool.submit(check_one, path).result()
            return found
    except BrokenProcessPool:
        return path, [unread("the process that checked it ended without a word")._replace(file=path)]


def make_pool(jobs: int, codes: Sequence[str], load: Load, options: Options) -> Any:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    return ProcessPoolExecutor(jobs, context, prepare, (tuple(codes), load, options))


def prepare(codes: Sequence[str], load: Load, options: Options) -> None:
    """What a process of the pool does first."""
    _STATE["rules"], _STATE["options"] = [load(code) for code in codes], options


def check_one(path: str) -> tuple[str, list[Finding]]:
    return path, check_file(path, _STATE["rules"], _STATE["options"])


__all__ = ["check_files"]
