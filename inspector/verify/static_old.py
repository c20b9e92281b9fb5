"""What Keras 2 and tf_keras wrote into a config, and Keras 3 refuses or takes for something else."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.h5_limits import find_tensorflow_functions
from ..analyses.legacy_dialect import find_first_layers, find_obstacles
from ..analyses.refused_arguments import describe_refusal, find_refusals, find_version
from ..linting.case import Case
from ..linting.options import version_numbers
from .records import Finding


def find_old_arguments(case: Case) -> Iterator[Finding]:
    """Arguments, classes and spellings of Keras 2, each by the layer that has them; of its archives, nothing beside."""
    model = case.model
    for what, hint, path in find_obstacles(model):
        yield Finding(what, path, hint)
    if not case.wants_keras_3:
        return
    yield from find_refused(case)
    if model.format != "h5":
        for what, hint, path in find_tensorflow_functions(model):
            yield Finding(what, path, hint)
    for first in find_first_layers(model):
        yield Finding(
            f"its first layer states batch_input_shape {first.shape}, and no InputLayer does: Keras 3 "
            "reads an input of one dimension more", first.path, "move batch_input_shape into an InputLayer before it",
        )  # fmt: skip
    optimizer = case.training.optimizer if case.training is not None else None
    if optimizer is not None and optimizer.own and optimizer.config.get("lr") is not None:
        yield Finding("the optimizer is written with lr, which Keras 3 refuses", None,
                      "load it with compile=False, and compile it again with learning_rate=…")  # fmt: skip


def find_refused(case: Case) -> Iterator[Finding]:
    """Each layer with what the constructor of its class does not take, and each of a class that is gone."""
    version = find_version(None, version_numbers(case.model.keras_version or ""))
    if version is None:
        return
    for stated, refused in find_refusals(case.model, case.documents, version):
        _, what, hint = describe_refusal(stated, refused, version)
        yield Finding(f"{stated.class_name.rpartition('.')[2]}: {what}", stated.path, hint)
