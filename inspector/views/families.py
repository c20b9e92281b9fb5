"""The families of layers that a drawing tells apart: what they are called and what colours they wear.

The hues are Paul Tol's muted scheme, told apart by the colour-blind; their luminances differ, so that a grey print
tells them apart too, and each node names its class besides.
"""

from __future__ import annotations

from typing import NamedTuple

from ..graph import Layer
from ..layers import find_knowledge


class Family(NamedTuple):
    """A family's title in the legend, and one strong colour, from which fills are mixed."""

    title: str
    colour: str


FAMILIES: dict[str, Family] = {
    "input": Family("input, output", "#475569"),
    "convolution": Family("convolution", "#3b6fb6"),
    "dense": Family("dense", "#1f7a3d"),
    "embedding": Family("embedding", "#2a9d8f"),
    "recurrent": Family("recurrent", "#aa4499"),
    "attention": Family("attention", "#882255"),
    "normalization": Family("normalization", "#8f8f2a"),
    "activation": Family("activation", "#c9a227"),
    "pooling": Family("pooling", "#56a8d8"),
    "merging": Family("merging", "#cc6677"),
    "reshaping": Family("reshaping", "#8a94a3"),
    "regularization": Family("regularization", "#b3bac4"),
    "preprocessing": Family("preprocessing", "#a0714f"),
    "operation": Family("operation", "#6b7787"),
    "model": Family("nested model", "#332288"),
    "other": Family("other", "#7b8494"),
}
BY_MODULE = {
    "convolutional": "convolution", "activations": "activation", "normalization": "normalization", "pooling": "pooling",
    "merging": "merging", "reshaping": "reshaping", "regularization": "regularization", "attention": "attention",
    "rnn": "recurrent", "conv_rnn": "recurrent", "preprocessing": "preprocessing", "lookups": "preprocessing",
    "image_preprocessing": "preprocessing",
}  # fmt: skip
BY_CLASS = {
    "InputLayer": "input", "Dense": "dense", "EinsumDense": "dense", "Embedding": "embedding",
    "ReversibleEmbedding": "embedding",
}  # fmt: skip
OPERATION_FAMILIES = {
    "Add": "merging", "Subtract": "merging", "Multiply": "merging", "Concatenate": "merging", "Maximum": "merging",
    "Minimum": "merging", "Average": "merging", "Stack": "merging", "Matmul": "dense", "Einsum": "dense",
    "Relu": "activation", "Softmax": "activation", "Gelu": "activation", "Silu": "activation", "Tanh": "activation",
    "Sigmoid": "activation", "Reshape": "reshaping", "Transpose": "reshaping", "Squeeze": "reshaping",
    "ExpandDims": "reshaping", "GetItem": "reshaping",
}  # fmt: skip
MOST_WRAPPERS = 8  # wrappers in wrappers that are looked through


def family_of(layer: Layer) -> str:
    """The family of a layer; a wrapper has that of what it wraps."""
    for _ in range(MOST_WRAPPERS):
        wrapped = layer.wraps.get("layer")
        if not isinstance(wrapped, Layer):
            break
        layer = wrapped
    if layer.inner is not None or layer.kind in ("sequential", "functional", "subclassed"):
        return "model"
    if layer.kind == "operation":
        return OPERATION_FAMILIES.get(layer.class_name, "operation")
    if layer.class_name in BY_CLASS:
        return BY_CLASS[layer.class_name]
    knowledge = find_knowledge(layer)
    module = knowledge.__module__.rpartition(".")[2] if knowledge else ""
    return BY_MODULE.get(module, "other")
