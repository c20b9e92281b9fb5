"""What stands in the files of a round trip, read without Keras: tensors by hash, configs by layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from ..analyses.totals import is_seed
from ..errors import KinspectError
from ..graph import Model, Weight, walk
from ..readers import read

HOMES = ("module", "registered_name", "build_config")
OTHERS = ("optimizer", "_optimizer", "metrics", "_metrics", "_compile_metrics", "_loss_tracker")


def stored_tensors(path: str) -> list[list[str]] | None:
    """(path, hash) of every tensor of the model in a file; ``None`` where they cannot be read one by one."""
    try:
        model = read(path)
        return [[weight.path, digest] for weight, digest in hashed(model)]
    except (KinspectError, OSError):
        return None


def hashed(model: Model) -> Iterator[tuple[Weight, str]]:
    index = model.weights
    mine = {weight.path for weight in index.optimizer} if index else set()
    for weight in index.tensors if index else ():
        top = weight.path.strip("/").partition("/")[0]
        if weight.path not in mine and top not in OTHERS and weight.load is not None and not is_seed(weight):
            yield weight, sha256(weight.load()).hexdigest()


def second_documents(first: str, second: str) -> list[tuple[str, Any, Any]]:
    """What to compare of two files that should be alike: configs by layer, the values of tensors."""
    try:
        one, other = read(first), read(second)
        configs = layer_configs(one), layer_configs(other)
        one_weights, other_weights = (sorted(digest for _, digest in hashed(model)) for model in (one, other))
    except (KinspectError, OSError):
        return []
    return [("config", *configs), ("weights", one_weights, other_weights)]


def layer_configs(model: Model) -> Mapping[str, Any]:
    """Each layer's config by path, the model's own under the empty one; names that Keras counts up are left out."""
    root = {key: value for key, value in model.graph.config.items() if key not in ("layers", "name")}
    # A layer of a subclassed model has no config in the file, and a name that may be counted up
    found = {"": root, **{path: dict(layer.config) for path, _, layer in walk(model.graph) if layer.config}}
    if not (model.keras_version or "").startswith("2."):
        return found
    return {path: without_homes(config) for path, config in found.items()}


def without_homes(value: Any) -> Any:
    """A config without what tf_keras writes of its objects the first time, and not again."""
    if isinstance(value, Mapping):
        return {key: without_homes(item) for key, item in value.items() if key not in HOMES}
    return [without_homes(item) for item in value] if isinstance(value, list) else value
