"""A SavedModel that `Model.export` wrote: no model any more, but a function to be called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from .fingerprint import Document
from .fingerprint_values import hash_array
from .output_differences import compare_outputs
from .recovery.inputs import InputSpec, random_inputs
from .roundtrip_runs import SEED, as_tensor, flat_arrays
from .roundtrip_targets import problem_of


def load_export(path: str, spec: InputSpec | None, request: Mapping[str, Any]) -> Document:
    """Its serving function called on the same inputs, and the values of its variables."""
    import tensorflow as tf
    from keras import tree

    document: Document = {"way": "", "problems": [], "warnings": [], "second": None, "train": None}
    try:
        artifact = tf.saved_model.load(path)
    except Exception as error:
        return {**document, "loaded": False, "problems": [{"way": "", **problem_of(error)}]}
    document |= {
        "loaded": True, "hashes": hashes_of(artifact, "variables"),
        "trained": hashes_of(artifact, "trainable_variables"),
        "signatures": {name: describe(function) for name, function in artifact.signatures.items()},
        "outputs": {"ran": False, "why": "its inputs are not known"},
    }  # fmt: skip
    if spec is not None:

        def run() -> tuple[list[Any], Any]:
            args, kwargs = tree.map_structure(as_tensor, random_inputs(spec, SEED))
            return flat_arrays(artifact.serve(*args, **kwargs))

        document["outputs"] = compare_outputs(run, request)
    return document


def hashes_of(artifact: Any, which: str) -> dict[str, int]:
    """How often each value stands in a collection of variables; tables of words among them are left out."""
    held = (variable for variable in getattr(artifact, which, ()) if getattr(variable, "dtype", None) is not None)
    return dict(Counter(hash_array(variable) for variable in held if variable.dtype != "string"))


def describe(function: Any) -> Document:
    """The inputs and outputs of a signature: shape and dtype by name."""
    inputs = function.structured_input_signature[1]
    return {
        "inputs": {name: spell(spec) for name, spec in inputs.items()},
        "outputs": {name: spell(spec) for name, spec in (function.structured_outputs or {}).items()},
    }


def spell(spec: Any) -> list[Any]:
    return [spec.shape.as_list() if spec.shape.rank is not None else None, spec.dtype.name]
