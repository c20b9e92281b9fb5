"""The composite parts of a model: which there are, by path, and what can be said of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras

from .attempts import Attempt
from .graph import structure_of
from .inputs import InputSpec, TensorSpec, call_parameters
from .kinds import has_own_call, held_layers, is_declared, is_users
from .reading import read_source
from .reasons import reason_for_class
from .records import Reason, Recovery
from .symbolic import Seen, Trace

_PLAIN = (str, int, float, bool, tuple, list, dict, type(None))


def parts_of(root: Any, trace: Trace | None = None) -> Iterator[tuple[str, Any]]:
    """(path, layer) of every part with an inside, outermost first, and of every other layer a trace kept opaque.

    A shared part comes once. Paths are names joined by /.
    """
    boxes = trace.opaque if trace else {}
    met, todo = {id(root)}, [("", root)]
    while todo:
        prefix, owner = todo.pop(0)
        for path, layer in held_layers(owner, prefix, met):
            todo.append((path, layer))
            if is_declared(layer) or is_users(layer) or id(layer) in boxes:
                yield path, layer


def declared(layer: Any, path: str = "") -> Recovery:
    """A part whose graph Keras itself states; a Sequential never built has no graph yet, and needs none."""
    functional = layer._functional if isinstance(layer, keras.Sequential) else layer
    structure = structure_of(functional) if functional is not None else None
    return Recovery("declared", "declared", type(layer).__name__, path, functional, structure=structure)


def without_call(model: Any) -> Recovery:
    """A class that defines no `call` has no forward pass; its own `train_step` says that its models train in turn."""
    cls, name = type(model), type(model).__name__
    reasons = [reason_for_class("no-call", f"{name} defines no call(): there is no forward pass of the whole", cls)]
    own_step = getattr(cls, "train_step", None) is not getattr(keras.Model, "train_step", None)
    inner = [layer.name for layer in model._flatten_layers(include_self=False, recursive=False)]
    if own_step and len(inner) > 1:
        message = f"its own train_step trains {', '.join(inner)} in turn, so there is no single DAG"
        reasons.append(reason_for_class("custom-train-step", message, cls))
    return Recovery(verdict_of(tuple(reasons)), None, name, reasons=tuple(reasons))


def needs_inputs(model: Any) -> Reason:
    """That the model was never called, and what to give so that more can be told."""
    names = [parameter.name for parameter in call_parameters(model)]
    asked = " ".join(f"--input-shape {name}=SHAPE" for name in names) if len(names) > 1 else "--input-shape SHAPE"
    told = f"{type(model).__name__} needs the shapes of its inputs ({', '.join(names)}): {asked} tells more"
    return Reason("needs-inputs", told)


def unrun(layer: Any, *reasons: Reason) -> Recovery:
    """What is known of one that cannot be run: why, after what its source says."""
    every = (*read_source(layer), *reasons)
    every = tuple(r for i, r in enumerate(every) if (r.code, r.line) not in {(o.code, o.line) for o in every[:i]})
    return Recovery(verdict_of(every), None, type(layer).__name__, reasons=every)


def from_root(root: Any, attempt: Attempt, whole: Recovery, met: Seen) -> dict[str, Recovery]:
    """The parts as the expanded graph of the whole shows them: open in it and proven with it, or kept as a box."""
    found = {}
    for path, layer in parts_of(root, attempt.trace):
        if is_declared(layer):
            found[path] = declared(layer, path)
        else:
            found[path] = _as_traced(layer, path, attempt.trace, whole, met)
    return found


def _as_traced(layer: Any, path: str, trace: Trace, whole: Recovery, met: Seen) -> Recovery:
    name = type(layer).__name__
    if id(layer) in trace.opaque:
        reasons = tuple(replace(reason, path=path) for reason in trace.opaque[id(layer)][1])
        return Recovery(verdict_of(reasons), None, name, path, reasons=reasons)
    if not has_own_call(layer):
        return Recovery(
            "opaque", None, name, path, reasons=(Reason("no-call", f"{name} defines no call()", path=path),)
        )
    if id(layer) not in trace.seen and (id(layer) in met or within_box(path, layer, trace.root, trace)):
        reason = Reason("not-symbolic", f"{layer.name} is inside a part that stands as one box", path=path)
        return Recovery("opaque", None, name, path, reasons=(reason,))
    if id(layer) not in trace.seen:
        reason = Reason("weights-unreached", f"{layer.name} is held by the model and never called in it", path=path)
        return Recovery("opaque", None, name, path, reasons=(reason,))
    lines = {(c.place.file, c.place.line) for c in trace.calls if c.place and c.owners and c.owners[-1] is layer}
    mine = [flag for flag in whole.flags if (flag.file, flag.line) in lines and flag.path in (None, path)]
    flags = tuple(replace(flag, path=path) for flag in mine)
    proof = replace(whole.proof, compared=f"inside the whole, expanded: {whole.proof.compared}")
    return Recovery("recovered", whole.strategy, name, path, flags=flags, proof=proof)


def within_box(path: str, layer: Any, root: Any, trace: Trace) -> bool:
    """Whether the trace kept the layer, or a part around it, as one box: so it says nothing about its inside."""
    boxes = {part: inner for part, inner in parts_of(root, trace) if id(inner) in trace.opaque}
    return id(layer) in trace.opaque or any(path.startswith(f"{box}/") for box in boxes)


def verdict_of(reasons: tuple[Reason, ...]) -> Any:
    """`dynamic` when any reason says that there cannot be one graph, else `opaque`."""
    from .records import DYNAMIC_CODES

    return "dynamic" if any(reason.code in DYNAMIC_CODES for reason in reasons) else "opaque"


def called_with(layer: Any, seen: Seen) -> InputSpec | None:
    """The signature a part was called with in a trace of the whole, or None; non-tensor arguments are left out."""
    if id(layer) not in seen:
        return None
    _, args, kwargs = seen[id(layer)]
    names = {p.name for p in call_parameters(layer)}
    try:
        specs = [_specs(arg) for arg in args if arg is not None]
        named = {key: _specs(value) for key, value in kwargs.items() if key in names and value is not None}
    except TypeError:
        return None
    return InputSpec(tuple(specs), named)


def shared(part: Recovery, of: Any, layer: Any) -> Recovery:
    """What was found for one layer, said of another that is alike: its variables have names of their own."""

    def renamed(reason: Reason) -> Reason:
        return replace(reason, message=reason.message.replace(f"{of.path}/", f"{layer.path}/"))

    reasons, flags = (tuple(map(renamed, told)) for told in (part.reasons, part.flags))
    return replace(part, functional=None, reasons=reasons, flags=flags)


def alike(layer: Any, spec: InputSpec | None) -> Any:
    """What two layers have in common whose bodies do the same: class, settings and inputs; None where unknown.

    Layers that hold others are never taken as alike.
    """
    if spec is None or any(True for _ in layer._flatten_layers(include_self=False, recursive=False)):
        return None
    settings: list[Any] = []
    for name, value in sorted(vars(layer).items()):
        hidden = name.startswith("_") and name != "_dtype_policy"
        if name == "name" or hidden or callable(getattr(type(layer), name, None)):  # Keras wraps build on the instance
            continue
        if name == "_dtype_policy":
            settings.append((name, layer.compute_dtype, layer.variable_dtype))
        elif isinstance(value, keras.Variable):
            settings.append((name, tuple(value.shape), str(value.dtype)))
        else:
            settings.append((name, repr(value) if isinstance(value, _PLAIN) else id(value)))
    return type(layer), repr(spec), tuple(settings)


def _specs(value: Any) -> Any:
    def leaf(tensor: Any) -> TensorSpec:
        if not hasattr(tensor, "shape") or not hasattr(tensor, "dtype"):
            raise TypeError("not a tensor")
        return TensorSpec(tuple(tensor.shape), keras.backend.standardize_dtype(tensor.dtype))

    return keras.tree.map_structure(leaf, value)
