"""What a file alone tells of a load to come: nothing is run, and Keras is not imported."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from ..graph import Model
from ..linting.case import Case
from .compare import as_check
from .records import KEPT, LOST, Check, Finding
from .report import make_static_record
from .static_code import find_custom, find_python_code
from .static_format import find_adapters, find_losses, find_optimizer, find_unfit_for_h5, find_vocabularies
from .static_old import find_old_arguments
from .static_weights import find_misfits, find_shared, find_unclaimed, find_unmade, find_unread

Rule = Callable[[Case], Iterator[Finding]]
TARGET = "file"
RULES: tuple[tuple[str, Rule, str], ...] = (
    ("custom-classes", find_custom, "every class is Keras's own"),
    ("python-code", find_python_code, "no layer holds Python code"),
    ("old-arguments", find_old_arguments, "no argument that Keras 3 refuses or reads otherwise"),
    ("vocabulary", find_vocabularies, "no lookup layer lacks its vocabulary"),
    ("h5-limits", find_unfit_for_h5, "nothing in it is more than its format can hold"),
    ("lora", find_adapters, "no LoRA adapters"),
    ("build-state", find_unmade, "its weights can be made when it is loaded"),
    ("weights", find_misfits, "the weights fit the config"),
    ("weights-format", find_unread, "the weights are stored in a form that Keras loads"),
    ("sharing", find_shared, "no layer is shared between nested models"),
    ("weights-in-file", find_unclaimed, "every tensor belongs to a layer of the config"),
    ("compile", find_losses, "loss and metrics can be read back"),
    ("optimizer", find_optimizer, "the optimizer's variables fit"),
)


def static_checks(model: Model, target: str = TARGET) -> Iterator[Check]:
    """Each rule: one check, or one for each thing that it met. The model is read already; its file is where it was."""
    case = Case(os.fspath(model.source))
    case.model = model
    for name, rule, kept in RULES:
        found = list(rule(case))
        yield from (as_check(name, target, finding) for finding in found)
        if not found:
            yield Check(name, target, KEPT, kept)


def lost_in_file(model: Model) -> list[Check]:
    """What the file alone shows to be lost, for a verification that goes on to load it."""
    return [check for check in static_checks(model, "original") if check.status == LOST]


def verify_file(model: Model, *, strict: bool = False) -> dict[str, Any]:
    """The record of ``kinspect verify --static``."""
    return make_static_record(model, os.fspath(model.source), static_checks(model), strict=strict)
