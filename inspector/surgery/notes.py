"""What the user should know of a submodel beside what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..graph import Spec, Unknown
from .cut import Cut

MASK_LOST, BATCH_FIXED = "mask-lost", "batch-fixed"
Told = dict[str, str]  # code, layer, message


def note_masks(cut: Cut) -> Iterator[Told]:
    """The masks that a submodel which starts in the middle does not get."""
    for start, user in cut.lost_masks:
        message = (
            f"the mask that comes with {start!r} is lost, and {user!r} uses it: "
            "the submodel takes every step for a real one"
        )
        yield {"code": MASK_LOST, "layer": start, "message": message}


def note_batch(inputs: Iterable[tuple[str, Spec | Unknown]]) -> Iterator[Told]:
    """The inputs, by name, that code without a graph of its own could be recovered at one size of the batch for."""
    for name, spec in inputs:
        if isinstance(spec, Spec) and spec.shape and spec.shape[0] is not None:
            message = (
                f"the code needs the batch's size as a number, so the submodel takes {spec.shape[0]} samples at a "
                "time; give yours with --input-shape"
            )
            yield {"code": BATCH_FIXED, "layer": name, "message": message}


__all__ = ["BATCH_FIXED", "MASK_LOST", "note_batch", "note_masks"]
