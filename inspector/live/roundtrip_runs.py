"""Running a model for comparison: on the same random inputs in every process, once for its outputs, once in training."""

from __future__ import annotations

from typing import Any

import keras
from keras import tree

from .fingerprint import Document, nest
from .given import given_inputs
from .recovery.forward import call_arguments, first_run
from .recovery.inputs import InputSpec, TensorSpec, concrete, map_leaves, random_inputs, recorded_inputs
from .recovery.records import plain
from .recovery.state import generators_kept, variables_kept

SEED = 7
BATCH = 2


def find_inputs(model: Any, given: Any) -> InputSpec | None:
    """What to call the model with: as declared, as given, or as it was built; ``None`` where nothing says."""
    graph = getattr(model, "_functional", None) or model
    struct = getattr(graph, "_inputs_struct", None)
    if struct is not None:
        limits = embedding_limits(graph)
        spec = InputSpec((tree.map_structure(lambda t: tensor_spec(t, limits), struct),))
        fixed = any(leaf.shape and leaf.shape[0] is not None for leaf in spec.flat())
        return concrete(InputSpec(spec.args, fixed_batch=fixed), None if fixed else BATCH)
    spec_given = given_inputs(model, given) if given else None
    spec = spec_given or recorded_inputs(model)  # type: ignore[assignment]
    return first_run(model, spec, SEED)[1] if spec is not None else None


def tensor_spec(tensor: Any, limits: dict[int, int]) -> TensorSpec:
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    return TensorSpec(tuple(tensor.shape), dtype, limit=limits.get(id(tensor)))


def embedding_limits(graph: Any) -> dict[int, int]:
    """The inputs that go straight into an Embedding, and how many rows it has."""
    limits: dict[int, int] = {}
    for layer in graph.layers:
        for node in layer._inbound_nodes if isinstance(layer, keras.layers.Embedding) else ():
            for tensor in node.input_tensors:
                limits[id(tensor)] = min(limits.get(id(tensor), layer.input_dim), layer.input_dim)
    return limits


def spell_inputs(spec: InputSpec) -> Document:
    """The inputs as JSON, from which another process makes the same data."""

    def leaf(item: TensorSpec) -> Any:
        return {"__tensor__": [list(item.shape), item.dtype, item.limit]}

    return {"args": plain([map_leaves(leaf, arg) for arg in spec.args]),
            "kwargs": {key: plain(map_leaves(leaf, value)) for key, value in spec.kwargs.items()}}  # fmt: skip


def read_inputs(document: Document) -> InputSpec:
    """What `spell_inputs` wrote; tuples come back as lists."""

    def read(value: Any) -> Any:
        if isinstance(value, dict) and "__tensor__" in value:
            shape, dtype, limit = value["__tensor__"]
            return TensorSpec(tuple(shape), dtype, limit=limit)
        if isinstance(value, dict):
            return {key: read(item) for key, item in value.items()}
        return [read(item) for item in value]

    return InputSpec(tuple(read(document["args"])), {key: read(value) for key, value in document["kwargs"].items()})


def call_model(model: Any, spec: InputSpec) -> tuple[list[Any], Any]:
    """Flat outputs as arrays, and their structure; variables and random generators are put back."""
    args, kwargs = random_inputs(spec, SEED)
    args, kwargs = tree.map_structure(as_tensor, (args, kwargs))
    keras.utils.set_random_seed(SEED)
    with generators_kept(SEED), variables_kept():
        outputs = model(*args, **kwargs, **call_arguments(model))
    return flat_arrays(outputs)


def as_tensor(value: Any) -> Any:
    if value.dtype == object:
        import tensorflow as tf

        return tf.constant(value.tolist())
    return keras.ops.convert_to_tensor(value)


def flat_arrays(outputs: Any) -> tuple[list[Any], Any]:
    leaves = [leaf for leaf in tree.flatten(outputs) if leaf is not None]
    arrays = [keras.ops.convert_to_numpy(leaf) for leaf in leaves if hasattr(leaf, "dtype")]
    return arrays, nest(outputs, lambda t: [list(t.shape), keras.backend.standardize_dtype(t.dtype)])
