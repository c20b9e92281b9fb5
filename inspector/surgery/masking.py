"""Masks that a new Input does not carry: Embedding and Masking send one along with their tensor, unseen in the graph.

Keras 3 writes a mask into the calls of a Functional model that use it, where it is cut like any tensor; a Sequential
and all files of Keras 2 leave it unsaid, and a submodel that starts behind its source runs without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..graph import Layer, TensorRef, flatten
from ..layers import find_knowledge
from .places import Tensor, spell
from .walking import Cutter, node_of

SOURCES = ("Masking", "Embedding", "ReversibleEmbedding")
LOOPS = ("LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
USERS = (
    *LOOPS, "Bidirectional", "TimeDistributed", "MultiHeadAttention", "GroupQueryAttention", "Attention",
    "AdditiveAttention", "GlobalAveragePooling1D", "Softmax",
)  # fmt: skip


def find_lost_masks(cutter: Cutter) -> Iterator[tuple[str, str]]:
    """For every start behind a mask that a kept layer would use, both as they are named on the command line."""
    for start, named in cutter.starts.items():
        if carries_mask(cutter, start):
            user = find_user(cutter, start)
            if user is not None:
                yield spell(cutter.atlas, named), spell(cutter.atlas, user)


def carries_mask(cutter: Cutter, tensor: Tensor) -> bool:
    """Whether a mask comes with a tensor in the parent."""
    stack, met = [tensor], {tensor}
    while stack:
        here = stack.pop()
        layer = cutter.atlas.layer(here)
        if layer.class_name in SOURCES:
            if layer.class_name == "Masking" or layer.config.get("mask_zero"):
                return True
        elif passes_mask(layer):
            sources = (
                cutter.resolve(Tensor(here.scope, ref)) for ref in cutter.atlas.layer(here).calls[here.ref.call].refs()
            )
            fresh = [source for source in sources if source not in met and source not in cutter.adapters]
            met.update(fresh)
            stack.extend(fresh)
    return False


def passes_mask(layer: Layer) -> bool:
    """Whether what a layer gives has the mask of what it takes."""
    held = layer.wraps.get("layer") if layer.class_name == "Bidirectional" else layer
    if isinstance(held, Layer) and held.class_name in LOOPS:
        return bool(held.config.get("return_sequences"))
    knowledge = find_knowledge(layer)
    return knowledge is not None and knowledge.masking and layer.kind != "input"


def find_user(cutter: Cutter, start: Tensor) -> Tensor | None:
    """The first kept call that would use the mask of a tensor and is not given it by name."""
    stack, met = [start], {start}
    while stack:
        here = stack.pop()
        for node, sources in cutter.nodes.items():
            if here not in sources:
                continue
            taker = next((call for call in cutter.pieces[node[0]].calls if node_of(cutter, call) == node), None)
            if taker is None or taker in cutter.adapters:
                continue
            layer = cutter.atlas.layer(taker)
            if is_given_mask(layer.calls[taker.ref.call].kwargs):
                continue  # and gives it on
            if layer.class_name in USERS:
                return taker
            if passes_mask(layer) and taker not in met:
                met.add(taker)
                stack.append(taker)
    return None


def is_given_mask(kwargs: Mapping[str, Any]) -> bool:
    """Whether a call names a tensor as its mask."""
    masks = [value for key, value in kwargs.items() if "mask" in key]
    return any(isinstance(leaf, TensorRef) for leaf in flatten(masks))
