"""What the source of a `call` says when it cannot be run: recursion over data, and tests on the values of tensors.

The body is read as syntax, with the functions it calls, and never executed. Each expression is of one kind: static (a
setting, a shape, `x is None`), data (an argument of `call`, or a piece of one), or a tensor, computed by a layer or a
function of the backend. A test decides on data only where it is a tensor; what cannot be told counts as static.
"""

from __future__ import annotations

import ast
from typing import Any

from .expressions import Expressions, Frame
from .functions import (
    Function,
    function_of,
    method_of,
)
from .records import Reason
from .recursions import over_data
from .syntax import (
    STATIC,
    TENSOR,
    bind,
    parameters,
)

_MOST_FUNCTIONS = 400
_DEEPEST = 40


def read_source(layer: Any) -> list[Reason]:
    """Why the layer's `call` cannot be one graph, as far as its source says so; empty where it does not say."""
    raw, owner = method_of(layer, "call")
    function = function_of(raw, owner)
    if function is None:
        return []
    reading = _Reading()
    try:
        reading.read(function, layer, parameters(function.node, skip_self=True))
    except RecursionError:  # an expression nested deeper than Python's stack
        return []
    return list(reading.found.values())


class _Reading(Expressions):
    """One reading of a `call` and all that it calls: functions and statements."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[Any, int] = {}
        self.count = 0

    def read(self, function: Function, obj: Any, kinds: dict[str, int], outer: Frame | None = None) -> int:
        """Reads a function called with arguments of these kinds; the kind of what it returns."""
        key = function.node, id(obj), tuple(sorted(kinds.items()))
        if outer is None and key in self.known:
            return self.known[key]
        self.count += 1
        if self.count > _MOST_FUNCTIONS or len(self.frames) > _DEEPEST:
            return STATIC
        names = [a.arg for a in (*function.node.args.posonlyargs, *function.node.args.args)]
        own = names[0] if function.owner is not None and names and obj is not None else None
        frame = Frame(function, own, obj, kinds)
        if outer is not None:
            frame = Frame(function, outer.self_name, outer.self_object, {**outer.kinds, **kinds},
                          dict(outer.imported), dict(outer.local), dict(outer.objects))  # fmt: skip
        self.frames.append(frame)
        if isinstance(function.node, ast.Lambda):
            frame.returned = self.kind(function.node.body)
        else:
            self.block(function.node.body)
        self.frames.pop()
        if self.frames:
            self.frames[-1].computes |= frame.computes
        self.judge(frame)
        self.known[key] = frame.returned
        return frame.returned

    def judge(self, frame: Frame) -> None:
        """Recursion that computes, and ends where the data says, or never."""
        if not frame.calls_itself or not frame.computes:
            return
        title, how = frame.function.title, over_data(frame.function.node, frame.calls_itself, frame.kinds)
        if how == "data":
            message = f"{title} calls itself on its data, whose structure decides on the graph"
            self.note("recursion", message, frame.calls_itself[0].call.lineno, frame)
        elif how == "endless":
            self.note(
                "unbounded-recursion", f"{title} calls itself without end", frame.calls_itself[0].call.lineno, frame
            )

    def block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.statement(statement)

    def branches(self, *bodies: list[ast.stmt]) -> None:
        """Each body from the same start; a name is afterwards the most that any of them makes it."""
        before, after = dict(self.frame.kinds), dict(self.frame.kinds)
        for body in bodies:
            self.frame.kinds = dict(before)
            self.block(body)
            for name, kind in self.frame.kinds.items():
                after[name] = max(kind, after.get(name, kind))
        self.frame.kinds = after

    def statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.If):
            self.test(node.test, "an if", node.lineno)
            settled = self.settled(node.test)
            self.branches(*([node.body] if settled is True else [node.orelse] if settled is False
                            else [node.body, node.orelse]))  # fmt: skip
        elif isinstance(node, ast.While):
            self.branches(node.body, [])
            self.test(node.test, "a while", node.lineno, loop=True)
            self.block(node.orelse)
        elif isinstance(node, ast.For | ast.AsyncFor):
            self.loop_over(node.target, node.iter)
            self.branches(node.body, [])
            self.block(node.orelse)
        elif isinstance(node, ast.FunctionDef):
            self.frame.local[node.name] = Function(node, self.frame.function.file, self.frame.function.names)
        elif isinstance(node, ast.Return):
            self.frame.returned = max(self.frame.returned, self.kind(node.value) if node.value else STATIC)
        elif isinstance(node, ast.Assert):
            self.test(node.test, "an assert", node.lineno)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            self.frame.imported.update({a.asname or a.name: module + a.name for a in node.names})
        elif isinstance(node, ast.Match):
            if self.kind(node.subject) == TENSOR:
                self.note("data-dependent-branch", "a match decides on the value of a tensor", node.lineno)
            self.branches(*(case.body for case in node.cases), [])
        else:
            self.other(node)

    def other(self, node: ast.stmt) -> None:
        """Assignments, and statements that only hold expressions or blocks."""
        kinds = self.frame.kinds
        if isinstance(node, ast.Assign):
            kind = self.kind(node.value)
            for target in node.targets:
                bind(target, node.value, kind, kinds, self.kind)
                if isinstance(target, ast.Name):
                    self.frame.objects[target.id] = self.live(node.value)
            if isinstance(node.value, ast.Lambda) and isinstance(node.targets[0], ast.Name):
                here = self.frame.function
                self.frame.local[node.targets[0].id] = Function(node.value, here.file, here.names)
        elif isinstance(node, ast.AnnAssign | ast.AugAssign):
            kind = self.kind(node.value) if node.value else STATIC
            more = self.kind(node.target) if isinstance(node, ast.AugAssign) else STATIC
            bind(node.target, node.value, max(kind, more), kinds, self.kind)
        elif isinstance(node, ast.Try):
            self.block(node.body)
            self.branches(*(handler.body for handler in node.handlers), [])
            self.block([*node.orelse, *node.finalbody])
        elif isinstance(node, ast.With | ast.AsyncWith):
            for entry in node.items:
                self.kind(entry.context_expr)
            self.block(node.body)
        else:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self.kind(child)
