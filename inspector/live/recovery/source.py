"""Where in the user's code something happened: stack frames that are not a library's, and the statement there."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import os
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, TracebackType

_LIBRARIES = tuple(
    os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")
)
_OURSELVES = str(Path(__file__).resolve().parents[2]) + os.sep
_GENERATED = "__autograph_generated_file"


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the user's code, and the function it stands in."""

    file: str
    line: int
    function: str

    @property
    def source(self) -> str:
        """The line itself, stripped."""
        return linecache.getline(self.file, self.line).strip()


@functools.lru_cache(maxsize=4096)
def is_library(file: str) -> bool:
    """True for the standard library, site-packages, generated code and this package: not the user's code."""
    if file.startswith("<") or _GENERATED in file:
        return True
    real = os.path.realpath(file)
    in_packages = f"{os.sep}site-packages{os.sep}" in real or f"{os.sep}dist-packages{os.sep}" in real
    return in_packages or real.startswith((*_LIBRARIES, _OURSELVES))


def user_frames(trace: TracebackType | None) -> list[tuple[CodeType, Place]]:
    """The user's frames of a traceback, outermost first."""
    found = []
    while trace is not None:
        code = trace.tb_frame.f_code
        if not is_library(code.co_filename):
            found.append((code, Place(code.co_filename, trace.tb_lineno, code.co_qualname)))
        trace = trace.tb_next
    return found


def calling_frames(frame: FrameType | None = None) -> Iterator[tuple[CodeType, Place]]:
    """The user's frames below the caller, innermost first."""
    frame = frame or sys._getframe(1)
    current: FrameType | None = frame
    while current is not None:
        code = current.f_code
        if not is_library(code.co_filename) and code.co_name != "<module>":
            yield code, Place(code.co_filename, current.f_lineno, code.co_qualname)
        current = current.f_back


def calling_place() -> Place | None:
    """The innermost line of the user's code that is running now."""
    return next((place for _, place in calling_frames(sys._getframe(1))), None)


def class_place(cls: type) -> Place | None:
    """Where a class is defined, or None for one made in a console."""
    try:
        file, line = inspect.getsourcefile(cls), inspect.getsourcelines(cls)[1]
    except (OSError, TypeError):
        return None
    return Place(file, max(line, 1), cls.__qualname__) if file else None


@functools.lru_cache(maxsize=256)
def parsed(file: str) -> ast.Module | None:
    """The syntax tree of a source file, or None where it has none."""
    try:
        return ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return None


def deciding_statement(place: Place) -> str | None:
    """The kind of statement whose test, or iterable, covers the line: `If`, `While`, `For`, … or None.

    The innermost one wins: a `while` inside an `if` decides for its own test.
    """
    tree = parsed(place.file)
    best: tuple[int, str] | None = None
    for node in ast.walk(tree) if tree else ():
        test: ast.expr | None = None
        if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
            test = node.test
        elif isinstance(node, ast.For | ast.comprehension):
            test = node.iter
        if test is not None and test.lineno <= place.line <= (test.end_lineno or test.lineno):
            width = (test.end_lineno or test.lineno) - test.lineno
            if best is None or width <= best[0]:
                best = (width, type(node).__name__)
    return best[1] if best else None


def calls_itself(place: Place) -> bool:
    """Whether the function around the line calls a function of its own name: recursion, taken or not."""
    tree = parsed(place.file)
    name = place.function.rpartition(".")[2]
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.FunctionDef) and node.name == name:
            inside = node.lineno <= place.line <= (node.end_lineno or node.lineno)
            if inside and any(_called_name(call) == name for call in ast.walk(node)):
                return name != "call"
    return False


def _called_name(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute):
        return node.func.attr if isinstance(node.func.value, ast.Name) else None
    return node.func.id if isinstance(node.func, ast.Name) else None
