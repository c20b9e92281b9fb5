"""The rules of ``kinspect check``: one file a rule, found by its name and opened when asked for.

To add a rule, add a file ``ks123_what_is_wrong.py`` with one class; nothing else has to know of it.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from ..linting.rule import Rule

FILE = re.compile(r"(ks\d{3})_(\w+)")


@cache
def rule_modules() -> dict[str, str]:
    """The module of each code, in the codes' order."""
    found = (FILE.fullmatch(module.name) for module in iter_modules(__path__))
    return {match[1].upper(): match[0] for match in sorted(filter(None, found), key=lambda match: match[1])}


def rule_names() -> dict[str, str]:
    """The name of each code, ``softmax-single-unit``, without opening a rule."""
    return {code: module.partition("_")[2].replace("_", "-") for code, module in rule_modules().items()}


@cache
def load_rule(code: str) -> Rule:
    """The rule of a code. `KeyError` where there is none."""
    module = import_module(f"{__name__}.{rule_modules()[code]}")
    classes = [
        value for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == module.__name__
    ]  # fmt: skip
    rule = next(value for value in classes if getattr(value, "code", None) == code)
    return rule()


def load_rules() -> list[Rule]:
    """Every rule, in the codes' order."""
    return [load_rule(code) for code in rule_modules()]


__all__ = ["load_rule", "load_rules", "rule_modules", "rule_names"]
