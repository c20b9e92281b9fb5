"""kinspect: static analysis and inspection of Keras models."""

from ._version import __version__

__all__ = ["__version__"]
