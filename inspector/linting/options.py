"""What a project states about its models, for the rules that ask."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """Settings that rules look at. Budgets are in parameters, bytes and multiply-accumulates of one sample."""

    target_keras: str | None = None
    max_params: int | None = None
    max_bytes: int | None = None
    max_macs: int | None = None
    allowed_formats: tuple[str, ...] = ()
    forbidden_layers: tuple[str, ...] = ()
    required_metadata: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()  # packages whose custom objects are known
    strict: bool = False
    debug: bool = False
    seconds: float = 5.0  # of one file; more for its size

    @property
    def target(self) -> tuple[int, ...] | None:
        """The Keras version as numbers, ``(3, 8)`` for ``3.8``."""
        if self.target_keras is None:
            return None
        return version_numbers(self.target_keras)

    @property
    def wants_keras_3(self) -> bool:
        """Whether files are to be loaded with Keras 3, as they are unless somebody names an older version."""
        return self.target is None or self.target >= (3,)


def version_numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparing: ``3.15.1.dev2`` is ``(3, 15, 1)``."""
    numbers = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits[:9]))
    return tuple(numbers)


__all__ = ["Options", "version_numbers"]
