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
    hashes = Counter(hash_array(v) for v in getattr(artifact, "variables", ()) if v.dtype != tf.string)
    document |= {"loaded": True, "hashes": dict(hashes), "outputs": {"ran": False, "why": "its inputs are not known"}}
    if spec is not None:

        def run() -> tuple[list[Any], Any]:
            args, kwargs = tree.map_structure(as_tensor, random_inputs(spec, SEED))
            return flat_arrays(artifact.serve(*args, **kwargs))

        document["outputs"] = compare_outputs(run, request)
    return document
