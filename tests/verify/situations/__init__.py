"""Models that a save and a load keep, change or lose, each with what Keras 3.15.1 was measured to do to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

OK: frozenset[str] = frozenset()
SITUATIONS: dict[str, Situation] = {}


@dataclass(frozen=True)
class Situation:
    """A model, and by form the checks that must fail: none of them is OK, None is a form that is not tried."""

    name: str
    make: Callable[[], Any]
    keras: frozenset[str] | None = OK
    h5: frozenset[str] | None = OK
    design: frozenset[str] = OK  # checks that name a change by design, in .keras
    custom: bool = True  # whether the module's classes are passed when it is loaded
    inputs: tuple[dict[str, Any], ...] = ()
    says: str = ""  # stands in the detail or the hint of a check that fails


def situation(name: str, keras: Any = OK, h5: Any = OK, design: Any = OK, **more: Any) -> Callable[[Any], Any]:
    """Put a function that makes a model among the situations. Names of checks are separated by spaces."""

    def register(make: Callable[[], Any]) -> Callable[[], Any]:
        names = [frozenset(value.split()) if isinstance(value, str) else value for value in (keras, h5, design)]
        assert name not in SITUATIONS
        SITUATIONS[name] = Situation(name, make, *names, **more)
        return make

    return register


def given(*shapes: tuple[int, ...]) -> tuple[dict[str, Any], ...]:
    """Shapes as --input-shape gives them."""
    return tuple({"name": None, "shape": list(shape), "dtype": None} for shape in shapes)
