"""The file's tensors against its config: what no layer takes, what does not fit, what stays fresh."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.stored_against_config import MISSING, ORPHAN, PARTED, SHAPE, spell_shapes
from ..analyses.unbuilt_roots import find_unbuilt
from ..linting.case import Case
from .records import LOST, UNKNOWN, Finding

TOGETHER = "the config and the weights are of different models: save them together again"
IN_ONE = "a layer that two wrappers hold is stored for the first alone: call that wrapper again"
SOME = 3


def find_unmade(case: Case) -> Iterator[Finding]:
    """A subclassed root without a recorded input shape: Keras cannot build it, and loads no weights that it lacks."""
    found = find_unbuilt(case.model)
    if found is None:
        return
    lost = sum(len(weights) for weights in found.layers.values())
    listed = ", ".join(repr(owner) for owner in list(found.layers)[:SOME])
    more = f" and {len(found.layers) - SOME} more" if len(found.layers) > SOME else ""
    yield Finding(
        f"no build_config says how {case.model.graph.class_name} was built: a load leaves {lost} of its {found.total} "
        f"tensors unread, those of {listed}{more}, unless __init__ makes their weights", None,
        "define build, or get_build_config and build_from_config, so that a load makes the weights first", UNKNOWN,
    )  # fmt: skip


def find_unclaimed(case: Case) -> Iterator[Finding]:
    """Tensors that no layer of the config can take."""
    for misfit in case.misfits:
        if misfit.kind == ORPHAN and misfit.fact is None:
            then = "it cannot be loaded" if case.model.format == "h5" else "they are not loaded"
            yield Finding(
                f"{len(misfit.found)} tensors ({misfit.sizes:,} parameters) of {misfit.stored!r} belong to no layer of "
                f"the config: {then}", None, TOGETHER,
            )  # fmt: skip


def find_unread(case: Case) -> Iterator[Finding]:
    """Weights in NumPy's own archive, which Keras writes with objects in it and then refuses to read."""
    for note in case.model.notes:
        if note.code == "weights-not-read" and "npz" in note.message:
            yield Finding(f"{note.message}: Keras refuses it, too", None,
                          "load config.json alone, and save the model with weights_format \"h5\"", LOST)  # fmt: skip


def find_shared(case: Case) -> Iterator[Finding]:
    """A layer with weights that two models of the file hold: Keras makes it twice, and has weights for one."""
    for misfit in case.misfits:
        if misfit.kind == PARTED:
            owners = sorted({place.rpartition("/")[0] for place in misfit.places})
            listed = " and ".join(repr(owner) if owner else "the model itself" for owner in owners)
            yield Finding(
                f"it is shared by {listed}: Keras 3 cannot load that", misfit.places[0],
                "keep each shared layer in one model: call the model again, not its layer",
            )  # fmt: skip


def find_misfits(case: Case) -> Iterator[Finding]:
    """Layers whose tensors are not those that their config makes."""
    for misfit in case.misfits:
        if misfit.kind in (MISSING, ORPHAN, SHAPE) and misfit.fact is not None:
            is_wrapper = misfit.fact.layer.wraps and not misfit.found
            yield Finding(
                f"its config makes {spell_shapes(misfit.wanted)}, and the file has {spell_shapes(misfit.found)}",
                misfit.fact.path, IN_ONE if is_wrapper else TOGETHER,
            )  # fmt: skip
