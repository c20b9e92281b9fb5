"""What the format of a file does not hold: operations, number types, vocabularies, losses, adapters, a state."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from ..analyses.h5_limits import find_bfloat16, find_short_losses, find_tensorflow_functions, find_unloadable
from ..analyses.optimizer_state import find_state
from ..analyses.parts import walk_held
from ..analyses.vocabularies import find_wordless
from ..knowledge import policy_of
from ..linting.case import Case
from .records import DESIGN, LOST, Finding


def find_vocabularies(case: Case) -> Iterator[Finding]:
    """Lookup layers that do not state their words, in a file that does not hold them either."""
    for path, layer, what, then, hint in find_wordless(case.model):
        yield Finding(f"{layer.class_name} {what}: {then}", path, hint)


def find_unfit_for_h5(case: Case) -> Iterator[Finding]:
    """Operations, settings and dtypes that an .h5 file names and Keras cannot make again from it."""
    if case.model.format != "h5":
        return
    for what, hint, path in chain(
        find_tensorflow_functions(case.model), find_unloadable(case.model), find_bfloat16(case.model, case.facts)
    ):
        yield Finding(what, path, hint)


def find_adapters(case: Case) -> Iterator[Finding]:
    """LoRA adapters: merged by the save; into a quantized kernel, with an error larger than that of quantizing."""
    for path, _, layer in walk_held(case.model):
        rank = layer.config.get("lora_rank")
        if rank and policy_of(layer.config).quantization and case.model.format != "h5":  # .h5 keeps them apart
            yield Finding(f"LoRA of rank {rank} was merged into a quantized kernel: outputs differ", path,
                          "save the model before it is quantized, or without LoRA", LOST)  # fmt: skip
        elif rank:
            yield Finding(f"LoRA of rank {rank} was merged into the kernel; the adapters start anew", path,
                          "keep the adapters apart where their training goes on", DESIGN)  # fmt: skip


def find_losses(case: Case) -> Iterator[Finding]:
    """Losses that an .h5 file names by a word that Keras 3 does not find again."""
    for _, (what, hint, _) in find_short_losses(case.model, case.training):
        yield Finding(what, None, hint)


def find_optimizer(case: Case) -> Iterator[Finding]:
    """A state of other weights than the model trains: Keras leaves the optimizer fresh."""
    if not (case.model.keras_version or "").startswith("3."):
        return
    state = find_state(case.model, case.facts, case.training)
    if state is not None and not state.fits:
        yield Finding(
            f"{state.optimizer} is stored with {state.stored.total()} state tensors, {state.slots} for a weight, and "
            f"the model trains {state.trainable.total()} weights: it starts anew", None,
            "compile after the last change of a trainable flag, before training",
        )  # fmt: skip
