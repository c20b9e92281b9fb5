"""The recovered graph of a subclassed model, written as a functional model, loaded again, and held against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import keras

from .facts import Document, is_functional
from .recovery import InputSpec, Reason, Recovery, TensorSpec, obstacles, recover, standalone
from .recovery.forward import run
from .recovery.graph import direct_variables
from .recovery.inputs import concrete, random_inputs
from .recovery.records import plain

Say = Callable[[str], None]
SEED = 0
BATCH = 3
TOLERANCE = 1e-5  # of outputs near one; larger ones are held to it in proportion


def freeze_model(model: Any, inputs: InputSpec | None, request: Mapping[str, Any], say: Say) -> Document:
    """Write ``request["draft"]`` and prove it. The draft is good where ``proof.ok`` is true, and there alone."""
    say(f"recovering the graph of {model.name}")
    found = best_recovery(model, inputs)
    document: Document = {
        "source": request.get("file") or request.get("target"), "class_name": type(model).__name__,
        "verdict": found.verdict, "strategy": found.strategy, "reasons": [plain(r) for r in found.reasons],
        "needs": [], "constants": [], "layers": 0, "inputs": [], "outputs": [],
        "weights": {"tensors": 0, "bytes": 0}, "proof": {"ran": False, "max_abs_diff": None, "ok": None},
    }  # fmt: skip
    functional = found.functional if found.verdict in ("recovered", "declared") else None
    if functional is None:
        return document
    in_the_way = obstacles(functional)
    if in_the_way:
        return {**document, "reasons": [plain(placed(r, found)) for r in in_the_way]}
    say(f"writing {model.name}")
    with standalone(functional) as graph:
        document |= describe_frozen(graph)
        document["constants"] = [v.path for v in direct_variables(functional).values()]
        graph.save(request["draft"])
    say(f"comparing {model.name} with what was written")
    document["needs"] = sorted(f"{cls.__module__}.{cls.__qualname__}" for cls in custom_classes(functional))
    document["proof"] = prove(model, found, request["draft"], custom_classes(functional))
    return document


def placed(reason: Reason, found: Recovery) -> Reason:
    """A reason with the line that the recovery noted for its like."""
    noted = next((flag for flag in found.flags if flag.code == reason.code and flag.file), None)
    if noted is None or reason.file:
        return reason
    return replace(reason, file=noted.file, line=noted.line, source=noted.source)


def best_recovery(model: Any, inputs: InputSpec | None) -> Recovery:
    """The graph with the user's composite layers opened; with them closed where that does not do."""
    if is_functional(model):
        functional = keras.Model(model._inputs_struct, model._outputs_struct, name=model.name)
        return Recovery("declared", "declared", type(model).__name__, functional=functional)
    if isinstance(model, keras.Sequential):
        graph = model._functional
        reasons = () if graph is not None else (Reason("needs-inputs", "it waits for its input shape (--input-shape)"),)
        verdict: Any = "declared" if graph is not None else "opaque"
        return Recovery(verdict, "declared", type(model).__name__, functional=graph, reasons=reasons)
    opened = recover(model, inputs, expand=True)
    if opened.verdict == "recovered" and opened.functional is not None and not obstacles(opened.functional):
        return opened
    closed = recover(model, inputs, expand=False)
    return closed if closed.verdict == "recovered" and closed.functional is not None else opened


def custom_classes(functional: Any) -> set[type]:
    """Classes of the graph that are not Keras's own: without them the file does not load."""
    found = {type(layer) for op in functional._operations for layer in flat_layers(op)}
    return {cls for cls in found if not cls.__module__.startswith("keras.")}


def flat_layers(operation: Any) -> list[Any]:
    """A layer and those inside it, a Keras class's own; what a custom layer makes itself is its own affair."""
    if not isinstance(operation, keras.Layer):
        return [operation]
    if not type(operation).__module__.startswith("keras."):
        return [operation]
    inside = operation._flatten_layers(include_self=False, recursive=False)
    return [operation, *(sub for layer in inside for sub in flat_layers(layer))]


def describe_frozen(graph: Any) -> Document:
    weights = graph.weights
    size = sum(keras.ops.convert_to_numpy(v).nbytes for v in weights)
    return {
        "layers": len(graph._operations), "inputs": [describe_tensor(t) for t in graph.inputs],
        "outputs": [describe_tensor(t) for t in graph.outputs],
        "weights": {"tensors": len(weights), "bytes": int(size)},
    }  # fmt: skip


def describe_tensor(tensor: Any) -> Document:
    name = tensor._keras_history.operation.name
    return {"name": name, "shape": list(tensor.shape), "dtype": keras.backend.standardize_dtype(tensor.dtype)}


def prove(model: Any, found: Recovery, draft: str, classes: set[type]) -> Document:
    """Load the draft and run both on the same random inputs. Differences are absolute, over all outputs."""
    objects = {cls.__name__: cls for cls in classes}
    loaded = keras.saving.load_model(draft, custom_objects=objects or None, compile=False)
    spec = found.inputs if isinstance(found.inputs, InputSpec) else declared_inputs(model)
    args, kwargs = random_inputs(concrete(spec, BATCH), SEED)
    given = args[0] if len(args) == 1 and not kwargs else [*args, *kwargs.values()]
    expected = run(model, args, kwargs, SEED).outputs
    got = run(loaded, [given], {}, SEED).outputs
    return compare(expected, got)


def declared_inputs(model: Any) -> InputSpec:
    """The inputs of a functional model, integers bounded by the Embedding that takes them."""
    functional = getattr(model, "_functional", None) or model
    limits = {}
    for operation in functional._operations:
        if isinstance(operation, keras.layers.Embedding):
            for node in operation._inbound_nodes:
                limits.update({id(t): operation.input_dim for t in node.input_tensors})

    def spec(tensor: Any) -> TensorSpec:
        return TensorSpec(
            tuple(tensor.shape), keras.backend.standardize_dtype(tensor.dtype), limit=limits.get(id(tensor))
        )

    return InputSpec((keras.tree.map_structure(spec, functional._inputs_struct),))


def compare(expected: list[Any], got: list[Any]) -> Document:
    """The largest absolute difference, and whether it stays within the tolerance; NaN equals NaN."""
    import numpy as np

    alike = len(expected) == len(got) and all(a.shape == b.shape for a, b in zip(expected, got, strict=True))
    if not alike:
        return {"ran": True, "max_abs_diff": None, "ok": False, "tolerance": TOLERANCE}
    largest, ok = 0.0, True
    for a, b in zip(expected, got, strict=True):
        a, b = np.asarray(a, "float64"), np.asarray(b, "float64")
        ok = ok and bool(np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True))
        differing = np.abs(a - b)[~((a == b) | (np.isnan(a) & np.isnan(b)))]
        largest = max(largest, float(differing.max(initial=0.0)))
    return {"ran": True, "max_abs_diff": largest, "ok": ok, "tolerance": TOLERANCE}
