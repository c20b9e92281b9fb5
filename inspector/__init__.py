"""kinspect: static analysis and inspection of Keras models.

`read` gives a model from a file, `summary` its layer table as a record; both leave TensorFlow alone and
execute nothing from the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .api import Summary, extract, from_keras, read, summary

__all__ = ["Summary", "__version__", "extract", "from_keras", "read", "summary"]


def __getattr__(name: str) -> Any:
    """Import the interface at its first use, so that ``import inspector`` costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(".api", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
