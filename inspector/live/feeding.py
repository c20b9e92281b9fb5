"""Inputs that a functional model can take: integers below a vocabulary, texts for lookups, numbers for the rest."""

from __future__ import annotations

from typing import Any

OPEN_SIZES = (7, 32, 64, 224)  # for dimensions left open, one after the other
BATCH = 2
SMALL = 2
LIMITS = {"Embedding": "input_dim", "ReversibleEmbedding": "input_dim", "CategoryEncoding": "num_tokens"}
WORDS = ("a", "b", "cat", "the dog", "")
LIGHT = frozenset((
    "Cast", "Concatenate", "Flatten", "Identity", "InputLayer", "Masking", "Permute", "RepeatVector", "Reshape",
    "SlicingOpLambda", "TFOpLambda",
))  # fmt: skip


def make_inputs(functional: Any, size: int, seed: int) -> Any:
    """Tensors in the structure of a model's inputs; ``size`` stands for every open dimension but the batch."""
    import numpy as np

    from .proving import as_tensor, input_structure, tree_of

    rng = np.random.default_rng(seed)
    limits = find_limits(functional)
    batches = {tensor.shape[0] for tensor in functional.inputs if len(tensor.shape)} - {None}
    batch = batches.pop() if len(batches) == 1 else BATCH

    def make(tensor: Any) -> Any:
        dims = [size if dim is None else dim for dim in tensor.shape]
        if dims and tensor.shape[0] is None:
            dims[0] = batch
        dtype = getattr(tensor.dtype, "name", tensor.dtype)
        limit = limits.get(id(tensor))
        if dtype == "string":
            return rng.choice(WORDS, dims).astype(object)
        if dtype == "bool":
            return rng.integers(0, 2, dims).astype(bool)
        if "int" in dtype or limit:
            return rng.integers(0, limit or SMALL, dims).astype("float32" if dtype == "bfloat16" else dtype)
        return rng.normal(size=dims).astype("float32" if dtype == "bfloat16" else dtype)

    flat = [as_tensor(make(tensor)) for tensor in functional.inputs]
    return tree_of(functional).pack_sequence_as(input_structure(functional), flat)


def find_limits(functional: Any) -> dict[int, int]:
    """For each input that indexes something, by id, the number that its values must stay below."""
    limits: dict[int, int] = {}
    for tensor in functional.inputs:
        found = smallest_limit(functional, tensor, set())
        if found is not None:
            limits[id(tensor)] = found
    return limits


def smallest_limit(functional: Any, entry: Any, met: set[int]) -> int | None:
    """The least limit of the layers that take a tensor as it is: through operations, slices and nested models."""
    from .proving import functional_of, operation_of

    if id(entry) in met:
        return None
    reached, found = {id(entry)}, []
    met.add(id(entry))
    nodes = [
        node for depth in sorted(functional._nodes_by_depth, reverse=True) for node in functional._nodes_by_depth[depth]
    ]
    for node in nodes:
        taken = node.input_tensors if isinstance(node.input_tensors, (list, tuple)) else [node.input_tensors]
        hits = [n for n, tensor in enumerate(taken) if id(tensor) in reached]
        operation = operation_of(node)
        if not hits:
            continue
        name = type(operation).__name__
        if name in LIMITS:
            found.append(int(getattr(operation, LIMITS[name]) or SMALL))
        inner = functional_of(operation)
        if hasattr(inner, "_nodes_by_depth"):
            found += [
                limit for n in hits if n < len(inner.inputs) and (limit := smallest_limit(inner, inner.inputs[n], met))
            ]
        elif name in LIGHT or not hasattr(operation, "trainable_weights"):
            outputs = node.outputs if hasattr(node, "outputs") else node.output_tensors
            reached |= {id(tensor) for tensor in (outputs if isinstance(outputs, (list, tuple)) else [outputs])}
    return min(found, default=None)
