"""What git ignores and what a project excludes: patterns as in ``.gitignore``, decided as git decides."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec
    from pathspec.pattern import Pattern

PARENT = "ps_d"  # the group of pathspec's expressions that matches the slash behind a folder
EXCLUDE = os.path.join(".git", "info", "exclude")


class Patterns:
    """The patterns of one file, or of the project, which are taken from one folder."""

    def __init__(self, folder: str, lines: Sequence[str]) -> None:
        self.folder = os.path.join(os.path.abspath(folder), "")
        self.lines = lines

    @cached_property
    def spec(self) -> GitIgnoreSpec:
        from pathspec import GitIgnoreSpec

        return GitIgnoreSpec.from_lines(self.lines)

    def says(self, path: str, *, folder: bool) -> bool | None:
        """Whether the path itself is left out, as the last pattern says that fits it; `None` where none does."""
        place = os.path.abspath(path)
        if not self.lines or not place.startswith(self.folder):
            return None
        below = place[len(self.folder) :].replace(os.sep, "/")
        for pattern in reversed(self.spec.patterns):
            if pattern.include is not None and fits(pattern, below, folder=folder):
                return bool(pattern.include)
        return None

    def covers(self, path: str, *, folder: bool) -> bool:
        """Whether a path, or a folder that it lies in, is left out."""
        place = os.path.abspath(path)
        parents = []
        while place.startswith(self.folder):
            parents.append(place)
            place = os.path.dirname(place)
        return any(self.says(one, folder=folder or one != parents[0]) for one in reversed(parents))


def fits(pattern: Pattern, path: str, *, folder: bool) -> bool:
    """Whether a pattern fits the path itself, and not only a folder that it lies in."""
    for spelled in (path, f"{path}/") if folder else (path,):
        found = pattern.match_file(spelled)
        match = getattr(found, "match", None)
        end = match.end(PARENT) if match is not None and PARENT in match.groupdict() else -1
        if found is not None and (end == len(spelled) if spelled.endswith("/") else end == -1):
            return True
    return False


def is_left_out(path: str, rules: Iterable[Patterns], *, folder: bool) -> bool:
    """What the last of several files of patterns says that says anything: the deeper one comes later."""
    said = [answer for rule in rules if (answer := rule.says(path, folder=folder)) is not None]
    return bool(said) and said[-1]


def outer_patterns(folder: str) -> tuple[Patterns, ...]:
    """The ``.gitignore`` files of the folders above, up to the one that git works in, and what that one excludes."""
    found: list[Patterns] = []
    place = os.path.abspath(folder)
    while not os.path.exists(os.path.join(place, ".git")):
        above = os.path.dirname(place)
        if above == place:
            return ()
        place = above
        if os.path.isfile(os.path.join(place, ".gitignore")):
            found.append(read_patterns(place))
    return (read_patterns(place, EXCLUDE), *reversed(found))


def read_patterns(folder: str, name: str = ".gitignore") -> Patterns:
    try:
        text = Path(folder, name).read_bytes().decode("utf-8-sig", "surrogateescape")
    except OSError:
        text = ""
    return Patterns(folder, [line.removesuffix("\r") for line in text.split("\n")] if text else [])


__all__ = ["Patterns", "is_left_out", "outer_patterns", "read_patterns"]
