"""What a Keras refuses of a file's layers, in words: arguments and classes that it does not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..graph import Model
from ..readers.documents import StoredDocument
from .layer_arguments import (
    Refused,
    Stated,
    find_refused,
    model_layers,
    read_class,
    read_table,
    span_beside,
    stated_layers,
)

Version = tuple[int, ...]
INSTEAD = {
    "time_major": "it is False unless somebody set it",
    "groups": "it is 1 unless somebody set it",
    "query_shape": "Keras 3 takes it from the call",
    "key_shape": "Keras 3 takes it from the call",
    "value_shape": "Keras 3 takes it from the call",
    "softmax_robust_masking": "Keras 3 masks so always",
    "kernel_initializer": "depthwise_ and pointwise_initializer say it",
    "kernel_regularizer": "depthwise_ and pointwise_regularizer say it",
    "kernel_constraint": "depthwise_ and pointwise_constraint say it",
    "rng_type": "Keras 3 has one kind of generator",
    "noise_shape": "the layer sets it itself",
    "trainable": "it has no weights",
    "nb_filter": "it is filters since Keras 2",
    "output_dim": "it is units since Keras 2",
}


def find_version(target: Version | None, written: Version) -> str | None:
    """The version to ask for, the latest where there is no target; `None` where the table ends before what is asked."""
    table = read_table()
    place = table.find(target)
    if place is None or (target is None and table.find(written or None) is None):
        return None
    return table.versions[place]


def find_refusals(
    model: Model, documents: Iterable[StoredDocument] | None, version: str
) -> Iterator[tuple[Stated, tuple[Refused, ...] | None]]:
    """The layers that a version cannot make: with what it does not take, `None` where it does not have the class."""
    place = read_table().versions.index(version)
    for stated in model_layers(model) if documents is None else stated_in(documents):
        refused = find_refused(stated, place)
        if refused is None or refused:
            yield stated, refused


def stated_in(documents: Iterable[StoredDocument]) -> Iterator[Stated]:
    for document in documents:
        if document.is_model:
            yield from stated_layers(document.value)


def describe_refusal(
    stated: Stated, refused: tuple[Refused, ...] | None, version: str, count: int = 1
) -> tuple[str, str, str]:
    """Of what, the first of so many layers alike; what of it is refused; and what to do about it."""
    place, short = stated.path.rpartition("/")[2], stated.class_name.rpartition(".")[2]
    within = short != stated.class_name or stated.config.get("name", place) != place  # of an initializer, a cell
    who = f"{short} {'in ' if within else ''}{place!r}{f' and {count - 1} more' if count > 1 else ''}"
    if refused is None:
        kind = read_class(stated.class_name)
        since, last = span_beside(kind.spans, read_table().versions.index(version)) if kind else (None, None)
        span = f"it was last in {last}" if last else f"it came with {since}"
        return (
            who,
            f"Keras {version} has no {short} ({span}), and cannot load the file",
            "build that part of the model from layers that it has, or load it with the Keras that wrote it",
        )
    listed = ", ".join(f"{one.name!r}{lived(one)}" for one in refused)
    known = dict.fromkeys(INSTEAD[one.name] for one in refused if one.name in INSTEAD)
    drop = ", ".join(repr(one.name) for one in refused)
    return (
        who,
        f"Keras {version} takes no {listed} there, and cannot load the file",
        f"drop {drop} from the config where it has its default{': ' + '; '.join(known) if known else ''}; "
        "or load the file with the Keras that wrote it",
    )


def lived(argument: Refused) -> str:
    """Which versions take an argument, where any does."""
    if argument.last:
        return f" (last in {argument.last})"
    return f" (since {argument.first})" if argument.first else ""


__all__ = ["describe_refusal", "find_refusals", "find_version"]
