"""A `call` that calls itself, read off its source: a structure given as data decides on the graph."""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import replace
from typing import Any

from .recovery import Reason, Recovery


def with_recursion(found: Recovery, model: Any) -> Recovery:
    """What is known of a model that cannot be run for want of inputs: `dynamic` where its `call` calls itself.

    Inputs that are trees have no one shape to be given, so there is nothing to run it on.
    """
    if found.verdict != "opaque" or {reason.code for reason in found.reasons} != {"needs-inputs"}:
        return found
    reason = recursion_in_call(type(model))
    return replace(found, verdict="dynamic", reasons=(reason, *found.reasons)) if reason else found


def recursion_in_call(cls: type) -> Reason | None:
    """The first line of `call` where it calls itself by ``self.call(…)``."""
    try:
        lines, start = inspect.getsourcelines(cls.call)  # type: ignore[attr-defined]
        file = inspect.getsourcefile(cls.call)  # type: ignore[attr-defined]
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (AttributeError, OSError, TypeError, SyntaxError):
        return None
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        own = isinstance(called, ast.Attribute) and called.attr == "call" and isinstance(called.value, ast.Name)
        if own and called.value.id == "self":  # type: ignore[union-attr]
            line = called.lineno  # type: ignore[union-attr]
            message = f"{cls.__name__}.call calls itself: the structure of its data decides on the graph"
            return Reason("recursion", message, file, start + line - 1, lines[line - 1].strip())
    return None
