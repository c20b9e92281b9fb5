"""What holds besides the graph itself: side effects, losses dropped, variables used directly, raw operations, …"""

from __future__ import annotations

from typing import Any

import keras

from .attempts import Attempt
from .graph import direct_variables, own_nodes
from .operations import Constant
from .parts import parts_of
from .reasons import reason_at, reason_for_class
from .records import Check, Reason
from .source import Place


def noted(model: Any, attempt: Attempt) -> Check:
    """The flags of an attempt, each with the place in the user's code where there is one."""
    trace = attempt.trace
    flags: list[Reason] = []
    for name, place in trace.recursion.items():
        flags.append(reason_at("recursion", f"recursion unrolled: {name}", place))
    flags += trace.losses.values()
    for variable, _, place in trace.assigned.values():
        code = "stochastic-values" if "seed" in variable.path else "side-effect"
        flags.append(reason_at(code, f"call() assigns {variable.path}; the graph does not", place))
    for name, layer in attempt.attributes.items():
        flags.append(reason_for_class("side-effect", f"call() stores a tensor in {name}", type(layer)))
    return Check(
        (), (*flags, *_variables(attempt), *_raw(attempt), *_constants(attempt), *_inputs(attempt), *_names(attempt))
    )


def _places(attempt: Attempt) -> dict[int, Place | None]:
    return {id(call.node): call.place for call in attempt.trace.calls}


def _variables(attempt: Attempt) -> list[Reason]:
    """One flag for the model itself and one for each layer opened, with the first line that uses its variables."""
    direct = direct_variables(attempt.functional)
    if not direct:
        return []
    calls = {id(call.node): call for call in attempt.trace.calls}
    paths = {id(layer): path for path, layer in parts_of(attempt.trace.root, attempt.trace)}
    told: dict[str | None, tuple[dict[str, None], Place | None]] = {}
    for node in own_nodes(attempt.functional):
        leaves = keras.tree.flatten((node.arguments.args, node.arguments.kwargs))
        used = [v for v in (*leaves, getattr(node.operation, "variable", None)) if id(v) in direct]
        if used:
            call = calls.get(id(node))
            owner = paths.get(id(call.owners[-1])) if call and call.owners else None
            names, _ = told.setdefault(owner, ({}, call.place if call else None))
            names.update(dict.fromkeys(v.path for v in used))
    message = "operations use weights that no layer of the graph owns: "
    code = "weights-used-directly"
    return [reason_at(code, message + ", ".join(names), place, owner) for owner, (names, place) in told.items()]


def _raw(attempt: Attempt) -> list[Reason]:
    """One flag a raw call, with its line; those kept as they are keep the graph from being saved."""
    held = {id(node.operation) for node in own_nodes(attempt.functional)}
    found = []
    for call in attempt.raw_calls:
        if call.operation is None:
            told = "recorded as the keras.ops function that does the same"
        elif id(call.operation) in held:
            told = "kept as it is: the graph runs, and cannot be saved"
        else:
            told = "which the graph does without"
        found.append(reason_at("raw-ops", f"{call.name}, {told}", call.place))
    return found


def _constants(attempt: Attempt) -> list[Reason]:
    places = _places(attempt)
    return [
        reason_at("constant-input", "a value computed outside the graph enters it as a constant", places.get(id(node)))
        for node in own_nodes(attempt.functional)
        if isinstance(node.operation, Constant)
    ]


def _inputs(attempt: Attempt) -> list[Reason]:
    used = {id(t) for node in own_nodes(attempt.functional) for t in node.input_tensors}
    used |= {id(t) for t in attempt.functional.outputs}
    names = [t.name for t in attempt.inputs if id(t) not in used]
    return [Reason("inputs-unused", f"call() takes {', '.join(names)} and does not use it")] if names else []


def _names(attempt: Attempt) -> list[Reason]:
    layers = [name for operation, name in attempt.renamed.values() if isinstance(operation, keras.Layer)]
    if not layers:
        return []
    message = f"layers share names, which Keras refuses in one graph; told apart as {', '.join(layers)}"
    return [Reason("names-not-unique", message)]
