"""Whether a function that calls itself ends where the data says, where a setting says, or never."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .syntax import OF_SHAPE, STATIC

_SHAPES = frozenset({"shape", "ndim", "rank"})


@dataclass(frozen=True)
class Recursive:
    """A call of a function that is running already; `direct` when it stands in that function's own body."""

    call: ast.Call
    direct: bool


def over_data(
    function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, calls: list[Recursive], kinds: dict[str, int]
) -> Literal["data", "static", "endless"]:
    """What ends the recursion: a test or a loop that looks at the data which the calls hand on; or nothing does."""
    guards = list(_guards(function))
    if not guards:
        return "endless" if all(call.direct for call in calls) else "static"
    same = [_passed_on(call.call) for call in calls]
    handed_on = set.intersection(*same) if same else set()
    names = {name for guard in guards for name in _mentioned(guard)}
    return "data" if any(kinds.get(name, STATIC) > STATIC for name in names - handed_on) else "static"


def _guards(function: ast.AST) -> Iterator[ast.expr]:
    """The expressions that decide whether, and how often, anything in a function runs."""
    for node in ast.walk(function):
        if isinstance(node, ast.If | ast.While | ast.IfExp):
            yield node.test
        elif isinstance(node, ast.For | ast.comprehension):
            yield node.iter
        elif isinstance(node, ast.Match):
            yield node.subject
        elif isinstance(node, ast.BoolOp):
            yield from node.values[:-1]
        elif isinstance(node, ast.Try):
            yield from (handler.type for handler in node.handlers if handler.type)


def _passed_on(call: ast.Call) -> set[str]:
    """The names handed on as they are, such as a mask."""
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    return {argument.id for argument in arguments if isinstance(argument, ast.Name)}


def _mentioned(node: ast.AST) -> Iterator[str]:
    """The names in an expression, but for those of which only the shape is looked at."""
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, ast.Attribute) and current.attr in OF_SHAPE:
            continue
        called = current.func if isinstance(current, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr in _SHAPES:
            continue
        if isinstance(current, ast.Name):
            yield current.id
        stack.extend(ast.iter_child_nodes(current))
