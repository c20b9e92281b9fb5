"""A rule's page as a record: what it is, what goes wrong, and what it flags and allows."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

from ..linting.rule import Example, Rule

CATEGORIES = {
    "1": "Outputs, losses, metrics", "2": "The graph and its design", "3": "Training set-up",
    "4": "Source code and custom layers", "5": "Weights", "6": "Safety", "7": "Serialization and migration",
    "8": "Budgets and hygiene",
}  # fmt: skip


def rule_record(rule: Rule) -> dict[str, Any]:
    """Everything there is to say of a rule."""
    summary, _, rest = cleandoc(rule.__doc__ or "").partition("\n")
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "category": CATEGORIES[rule.code[2]],
        "on_by_default": rule.on_by_default,
        "summary": summary,
        "explanation": rest.strip(),
        "flags": [example_record(example) for example in rule.flags],
        "allows": [example_record(example) for example in rule.allows],
    }


def example_record(example: Example) -> dict[str, str]:
    return {"title": example.title, "code": cleandoc(example.code), "save_as": example.save_as}


__all__ = ["CATEGORIES", "rule_record"]
