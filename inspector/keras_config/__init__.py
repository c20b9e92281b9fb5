"""From Keras's serialised dicts to the graph: the dialects of Keras 1, 2 and 3 side by side."""

from .graphs import build_sequential, decode_layer, decode_model

__all__ = ["build_sequential", "decode_layer", "decode_model"]
