"""Walks along a flow from one layer to the next that matters, past those that do not, where there is one way only."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..graph import Spec
from .flow import Step, Tensor
from .roles import (
    AVERAGE_POOLS,
    BATCH_NORMS,
    CONVOLUTIONS,
    KERNELS,
    LINEAR,
    NOISE,
    PADDINGS,
    RESHAPES,
    activation_of,
    is_own,
)

FAR = 100  # steps of one walk: many walks over one long chain would not end
MOST = 2**63  # of units, and of anything else that a config counts
Passes = Callable[[Step], bool]
LINEAR_CLASSES = BATCH_NORMS | NOISE | AVERAGE_POOLS | PADDINGS | RESHAPES


def walk_on(step: Step, ends: set[int], passes: Passes) -> tuple[list[Step], Step | None]:
    """The steps behind ``step`` that pass, and the first that does not; `None` where the way forks, joins or ends.

    ``ends`` are the ids of the steps that make an output of the model.
    """
    passed: list[Step] = []
    while len(passed) < FAR and id(step) not in ends and step.user is not None and len(step.user.sources) == 1:
        step = step.user
        if not passes(step):
            return passed, step
        passed.append(step)
    return passed, None


def walk_back(step: Step | None, passes: Passes) -> tuple[list[Step], Step | None]:
    """The steps up to ``step`` and it that pass, nearest first, and the first that does not; `None` at a join."""
    passed: list[Step] = []
    while step is not None and passes(step):
        passed.append(step)
        step = step.source if len(passed) < FAR else None
    return passed, step


def is_linear(step: Step) -> bool:
    """Whether a step without a kernel is a linear map, for one batch: normalising it, averaging, moving values."""
    name = step.class_name
    if name == "Activation":
        return activation_of(step.layer) == LINEAR
    return name in LINEAR_CLASSES and is_own(step.layer)


def is_moved(step: Step) -> bool:
    """Whether a step gives the values it takes, in another shape or with noise: what they are stays the same."""
    if step.class_name == "Activation":
        return activation_of(step.layer) == LINEAR
    return step.class_name in RESHAPES | NOISE and is_own(step.layer)


def is_kernel(step: Step) -> bool:
    """Whether a step is a dense or convolutional layer of Keras's own."""
    return step.class_name in KERNELS and step.layer.kind == "layer" and is_own(step.layer)


def width_out(step: Step) -> int | None:
    """The units or filters of a kernel layer."""
    value = step.config.get("units", step.config.get("filters"))
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < MOST else None


def width_in(step: Step) -> int | None:
    """The features or channels that a kernel layer takes."""
    spec = step.sources[0].spec if step.sources else None
    if not isinstance(spec, Spec) or spec.rank < 2:
        return None
    first = step.class_name in CONVOLUTIONS and step.config.get("data_format") == "channels_first"
    return spec.shape[1 if first else -1]


def sizes(spec: object, config_format: object = None) -> tuple[int | None, ...] | None:
    """The spatial dimensions of an image, a sequence or a volume; `None` where they are not known."""
    if not isinstance(spec, Spec) or spec.rank < 3:
        return None
    return spec.shape[2:] if config_format == "channels_first" else spec.shape[1:-1]


def ancestors(tensors: Iterable[Tensor]) -> list[Step]:
    """Every step that has a part in these tensors, each once."""
    found: dict[int, Step] = {}
    stack = [tensor.step for tensor in tensors]
    while stack:
        step = stack.pop()
        if id(step) not in found:
            found[id(step)] = step
            stack.extend(tensor.step for tensor in step.sources)
    return list(found.values())


__all__ = [
    "MOST", "ancestors", "is_kernel", "is_linear", "is_moved", "sizes", "walk_back", "walk_on", "width_in", "width_out",
]  # fmt: skip
