"""Where the masks go that layers make: which are used, and which are lost at a layer that knows of none.

Keras hands a mask on as an attribute of a tensor. A layer without ``supports_masking`` drops it with a warning, when
the model is called; recurrent layers, attention, averaging and the loss of an output use it.
"""

from __future__ import annotations

from typing import NamedTuple

from ..graph import Layer, Spec
from ..layers import find_knowledge
from .flow import Flow, Step
from .roles import ATTENTIONS, EMBEDDINGS, RECURRENT, is_own

USERS = RECURRENT | ATTENTIONS | {"GlobalAveragePooling1D", "Softmax", "TimeDistributed", "StackedRNNCells"}


class LostMask(NamedTuple):
    """A mask made by one step that nothing uses, and the first step that drops it."""

    maker: Step
    dropper: Step


def find_lost_masks(flow: Flow) -> list[LostMask]:
    """Masks that are dropped and used nowhere. Linear in the calls; of several that meet, the first is followed."""
    carried: dict[int, Step] = {}
    used: set[int] = set()
    dropped: dict[int, LostMask] = {}
    ends = flow.ends
    for step in flow.steps:
        masks = [carried[id(t.step)] for t in step.sources if id(t.step) in carried]
        if makes_mask(step):
            masks = [step]
        elif not masks:
            continue
        elif uses_mask(step.layer):
            used.update(id(maker) for maker in masks)
        elif not hands_on(step.layer):
            for maker in masks:
                dropped.setdefault(id(maker), LostMask(maker, step))
            continue
        if id(step) in ends:
            used.add(id(masks[0]))
        carried[id(step)] = masks[0]
    return [lost for key, lost in dropped.items() if key not in used]


def makes_mask(step: Step) -> bool:
    """An embedding with ``mask_zero``, or `Masking`, of more than one step a sample."""
    if not is_own(step.layer):
        return False
    if step.class_name in EMBEDDINGS:
        taken = step.sources[0].spec if step.sources else None
        single = isinstance(taken, Spec) and (taken.rank < 2 or taken.shape[-1] == 1)
        return step.config.get("mask_zero") is True and not single
    return step.class_name == "Masking"


def uses_mask(layer: Layer) -> bool:
    """Whether a layer uses a mask, as far as is known: of custom layers, functions and operations, nothing is."""
    if layer.kind != "layer" or not is_own(layer) or find_knowledge(layer) is None:
        return True
    if layer.class_name == "Lambda":
        return layer.config.get("mask") is not None
    return layer.class_name in USERS


def hands_on(layer: Layer) -> bool:
    knowledge = find_knowledge(layer)
    return knowledge is not None and knowledge.masking


__all__ = ["LostMask", "find_lost_masks"]
