"""The order of attempts: from the one that gives most to the one that gives least, and what is said of each."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import Any

import keras

from . import raw_ops, traced
from .attempts import Attempt, OutputNotSymbolic, Plan, holds_declared
from .attempts import traced as traced_symbolically
from .called import calls_in, calls_recorded, never_called, waiting
from .forward import Run, first_run
from .graph import direct_variables, structure_of
from .guards import numerical, open_sizes, structural
from .inputs import InputSpec, open_batch, recorded_inputs, with_batch
from .integers import refined
from .kinds import has_own_call, is_declared, is_users
from .parts import (
    alike,
    called_with,
    declared,
    from_root,
    needs_inputs,
    parts_of,
    shared,
    unrun,
    verdict_of,
    within_box,
    without_call,
)
from .reading import read_source
from .reasons import classify, first_line, reason_for_class
from .records import Check, Proof, Reason, Recovery
from .state import counters_kept, generators_kept, names_kept
from .symbolic import Seen, Trace, full_tracebacks

_FINAL = frozenset(
    {"data-dependent-branch", "data-dependent-loop", "iteration-over-tensor", "value-needed", "unbounded-recursion"}
)


@dataclass(frozen=True)
class Prepared:
    """A model that has run once: its inputs with dtypes known, the concrete inputs, and what it gave on them."""

    spec: InputSpec
    data: InputSpec
    reference: list[Run] = field(default_factory=list)


def recover(
    model: Any, inputs: InputSpec | None = None, *, expand: bool = False, check: bool = True, seed: int = 0
) -> Recovery:
    """Finds the graph of layer calls inside a subclassed model or composite layer.

    Args:
        model: a live Keras model or layer. It is run, and left as it was found; one never called is built by this.
        inputs: what `call` takes; left out, what the model was built with.
        expand: open the user's composite layers too, to any depth.
        check: hold the graph against the model numerically. Without it the verdict is never `recovered`.
        seed: of the random data.

    Returns:
        The recovery. Exceptions of the user's code become reasons; none is raised.
    """
    if not isinstance(model, keras.Layer):
        reason = Reason("not-symbolic", f"{type(model).__name__} is no layer or model of Keras {keras.__version__}")
        return Recovery("opaque", None, type(model).__name__, reasons=(reason,))
    if is_declared(model):
        whole = declared(model)
        seen = calls_in(whole.functional) if whole.functional is not None else {}
        if seen and waiting(model, seen):
            seen = _met_in(model, seed) | seen
        return replace(whole, parts=_parts(model, None, expand, check, seed, seen))
    if not has_own_call(model):
        return replace(without_call(model), parts=_parts(model, None, expand, check, seed))
    spec = inputs or recorded_inputs(model)
    if spec is None:
        whole = unrun(model, needs_inputs(model))
        return replace(whole, parts=_parts(model, None, expand, check, seed))
    layers = model._flatten_layers() if model.built else ()
    with names_kept(), generators_kept(), counters_kept(layers):
        return _Recovering(model, spec, expand, check, seed).result()


class _Recovering:
    """One recovery under way."""

    def __init__(self, model: Any, spec: InputSpec, expand: bool, check: bool, seed: int) -> None:
        self.model, self.given, self.expand, self.check, self.seed = model, spec, expand, check, seed
        self.name = type(model).__name__
        self.reasons: list[Reason] = []
        self.specs: dict[Any, Any] = {}
        self.seen: Seen = {}
        self.met: Seen = {}

    def result(self) -> Recovery:
        """Prepare, try, check; then the parts."""
        try:
            with full_tracebacks():
                prepared = self._prepare()
        except Exception as error:
            reasons = tuple(classify(error))
            if reasons[0].code not in ("unbounded-recursion", "input-spec-mismatch"):
                reasons = (replace(reasons[0], code="user-error", message=_own_words(error)),)
            whole = replace(unrun(self.model, *reasons), inputs=self.given)
            return replace(whole, parts=_parts(self.model, None, self.expand, self.check, self.seed))
        with calls_recorded(self.met):
            whole, attempt = self._whole(prepared, self.expand)
        whole = replace(whole, inputs=prepared.spec)
        whole = replace(whole, parts=self._parts_found(whole, attempt, prepared))
        if whole.verdict != "recovered" or whole.functional is None:
            return whole
        called, direct = {*self.met, *self.seen}, set(direct_variables(whole.functional))
        idle = never_called(self.model, called, direct, whole.parts)
        recursion = [reason for reason in read_source(self.model) if reason.code == "recursion"] if idle else []
        if recursion and attempt is not None and not attempt.trace.recursion:
            # The data was too small to recurse on, so that this graph is of its end alone
            attempt.trace.forget()
            whole = replace(whole, verdict="dynamic", strategy=None, reasons=(*recursion, *whole.reasons))
            return replace(whole, functional=None, structure=None, unique_names={}, proof=Proof(False))
        return replace(whole, flags=(*whole.flags, *idle))

    def _parts_found(self, whole: Recovery, attempt: Attempt | None, prepared: Prepared) -> dict[str, Recovery]:
        """The parts as the expanded graph shows them, or each on its own where there is none."""
        if not any(is_users(layer) for _, layer in parts_of(self.model)):
            return _parts(self.model, None, False, False, self.seed)
        if self.expand:
            inside, expanded = attempt, whole
        else:
            again = _Recovering(self.model, self.given, True, self.check, self.seed)
            with calls_recorded(self.met):
                expanded, inside = again._whole(prepared, True)
            if inside is not None:
                inside.trace.forget()
        if inside is not None and expanded.verdict == "recovered":
            return self._parts_within(inside, expanded)
        trace, seen = inside.trace if inside else None, self.met | self.seen
        return _parts(self.model, trace, self.expand, self.check, self.seed, seen)

    def _parts_within(self, inside: Attempt, expanded: Recovery) -> dict[str, Recovery]:
        """The parts as the expanded graph shows them; those it kept as boxes are looked at on their own as well."""
        found, seen = from_root(self.model, inside, expanded, self.met), self.met | inside.trace.seen
        for path, layer in parts_of(self.model, inside.trace):
            apart = id(layer) in self.met and id(layer) not in inside.trace.seen
            if not is_users(layer) or not (apart or within_box(path, layer, self.model, inside.trace)):
                continue
            alone = _alone(layer, called_with(layer, seen), True, self.check, self.seed)
            if alone.strategy is not None:
                reasons = tuple(replace(reason, path=path) for reason in alone.reasons)
                found[path] = replace(alone, path=path, reasons=reasons)
        return found

    def _prepare(self) -> Prepared:
        """Runs the model once, which builds it, and finds out which inputs are integers."""
        with calls_recorded(self.met):
            spec, data = first_run(self.model, self.given, self.seed)
        known = all(leaf.dtype and ("int" not in leaf.dtype or leaf.limit) for leaf in spec.flat())
        if known and not any(is_users(layer) for _, layer in parts_of(self.model)):
            return Prepared(spec, data)
        for plan in self._plans(Prepared(spec, data), expand=True):
            try:
                probe = traced_symbolically(self.model, plan)
            except Exception:
                continue
            spec = refined(spec, probe.inputs, probe.trace.calls)
            probe.trace.forget()
            break
        spec = spec.mapped(lambda _, leaf: replace(leaf, dtype=leaf.dtype or "float32"))
        flat = spec.flat()
        return Prepared(spec, data.mapped(lambda i, leaf: replace(flat[i], shape=leaf.shape)))

    def _plans(self, prepared: Prepared, expand: bool) -> list[Plan]:
        """Open batch, then the batch it ran with, then all of its shape; each without and with raw operations."""
        specs = [open_batch(prepared.spec)]
        for more in (with_batch(open_batch(prepared.spec), prepared.data), prepared.data):
            if [leaf.shape for leaf in more.flat()] not in [[leaf.shape for leaf in s.flat()] for s in specs]:
                specs.append(more)
        raws = [False, True] if raw_ops.available() else [False]
        return [Plan(spec, expand=expand, raw=raw, specs=self.specs, seen=self.seen) for spec in specs for raw in raws]

    def _whole(self, prepared: Prepared, expand: bool) -> tuple[Recovery, Attempt | None]:
        """The first symbolic attempt that goes through, checked; else the trace."""
        plans = self._plans(prepared, expand)
        open_shapes = [leaf.shape for leaf in plans[0].spec.flat()]
        refused: tuple[Recovery, Attempt] | None = None
        for plan in plans:
            attempt = self._attempt(plan)
            if attempt is not None:
                batch = [leaf.shape for leaf in plan.spec.flat()] != open_shapes
                strategy: Any = "symbolic" + "+raw" * bool(attempt.raw_calls) + "+batch" * batch
                found = self._checked(attempt, strategy, prepared)
                unknown = None if batch else open_sizes(attempt)
                if found[0].verdict == "recovered" or unknown is None:
                    return found
                self._note([unknown])
                refused = refused or found
            if any(reason.code in _FINAL for reason in self.reasons):
                break
        return refused or (self._traced(prepared), None)

    def _attempt(self, plan: Plan) -> Attempt | None:
        """One plan; where a part refuses the shape it froze to, once more with that part opened."""
        try:
            return traced_symbolically(self.model, plan)
        except OutputNotSymbolic as error:
            self._note([reason_for_class("output-not-symbolic", str(error), type(self.model))])
            return None
        except Exception as error:
            found = classify(error)
            self._note(found)
        if found[0].code == "input-spec-mismatch" and not plan.open_declared and holds_declared(self.model):
            return self._attempt(replace(plan, open_declared=True))
        return None

    def _note(self, reasons: list[Reason]) -> None:
        for reason in reasons:
            if reason not in self.reasons:
                self.reasons.append(reason)

    def _checked(self, attempt: Attempt, strategy: Any, prepared: Prepared) -> tuple[Recovery, Attempt]:
        """The attempt held against the model; the word `recovered` only when every guard lets it pass."""
        checked, proof = structural(self.model, attempt), Proof(False, compared="not compared")
        if self.check and not checked.against:
            proof, more = numerical(self.model, attempt, prepared.data, self.seed, prepared.reference)
            checked += more
        elif not self.check:
            checked += Check((Reason("not-compared", "the outputs were not compared: asked not to"),))
        names = {key: name for key, (_, name) in attempt.renamed.items()}
        whole = Recovery(
            "recovered",
            strategy,
            self.name,
            functional=attempt.functional,
            reasons=tuple(self.reasons),
            flags=_placed(checked.flags, attempt),
            proof=proof,
            structure=structure_of(attempt.functional, attempt.trace.calls, names),
            unique_names={operation.path or operation.name: name for operation, name in _layers(attempt)},
        )
        if not checked.against:
            return whole, attempt
        return self._refused(whole, checked, attempt, prepared), attempt

    def _refused(self, whole: Recovery, checked: Check, attempt: Attempt, prepared: Prepared) -> Recovery:
        """A graph that a guard stopped. A sample of a varying structure is kept; a graph that does not run is not."""
        reasons = (*checked.against, *self.reasons)
        codes = {reason.code for reason in checked.against}
        if codes <= {"stochastic-structure", "stochastic-values"} or codes == {"not-compared"}:
            return replace(whole, verdict=verdict_of(checked.against), reasons=reasons)
        attempt.trace.forget()
        if "control-flow-closure" in codes:
            self.reasons = list(reasons)
            return replace(self._traced(prepared), flags=whole.flags, verdict="dynamic")
        refused = replace(whole, verdict=verdict_of(checked.against), reasons=reasons, strategy=None)
        return replace(refused, functional=None, structure=None, unique_names={})

    def _traced(self, prepared: Prepared) -> Recovery:
        """The last attempt. A trace without control nodes that computes the same is the graph, if not one that runs."""
        reasons = tuple(self.reasons)
        nothing = Recovery(verdict_of(reasons), None, self.name, reasons=reasons)
        if not traced.available():
            message = f"only TensorFlow can trace further; the backend is {keras.backend.backend()}"
            return replace(nothing, proof=Proof(False, compared=message))
        try:
            with full_tracebacks():
                found = traced.trace_function(self.model, open_batch(prepared.spec))
                proof = traced.compared(self.model, found, prepared.data, self.seed) if self.check else Proof(False)
        except Exception:
            return nothing
        straight = not found.control and proof.ok and nothing.verdict == "opaque"
        extra = [r for r in found.control if not any(r.code == had.code and r.line == had.line for had in reasons)]
        return replace(
            nothing,
            verdict="recovered" if straight else verdict_of((*reasons, *found.control)),
            strategy="traced",
            reasons=(*reasons, *extra),
            proof=proof,
            structure=found.structure,
        )


def _met_in(model: Any, seed: int) -> Seen:
    """The calls of a run of a Functional model, which shows what a layer of Keras's calls inside."""
    met: Seen = {}
    spec = called_with(model, {id(model): (model, (model._inputs_struct,), {})})
    with contextlib.suppress(Exception), names_kept(), calls_recorded(met):
        if spec is not None:
            first_run(model, spec, seed)
    return met


def _layers(attempt: Attempt) -> list[tuple[Any, str]]:
    return [pair for pair in attempt.renamed.values() if isinstance(pair[0], keras.Layer)]


def _placed(flags: tuple[Reason, ...], attempt: Attempt) -> tuple[Reason, ...]:
    """The flags, and one for each composite that was kept as a box, with the reason it would not open."""
    boxes = []
    for layer, reasons in attempt.trace.opaque.values():
        boxes += [replace(reason, message=f"{layer.name} kept as one box: {reason.message}") for reason in reasons]
    return (*flags, *boxes)


def _own_words(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(str(error))}".rstrip(": ")


def _parts(
    root: Any, trace: Trace | None, expand: bool, check: bool, seed: int, seen: Seen | None = None
) -> dict[str, Recovery]:
    """Every part on its own, with the inputs it was called or built with; of those alike one stands for all."""
    found, known = {}, dict[Any, tuple[Any, Recovery]]()
    seen = seen or {}
    for path, layer in parts_of(root, trace):
        if is_declared(layer):
            found[path] = declared(layer, path)
            if found[path].functional is not None:
                seen = calls_in(found[path].functional) | seen
            continue
        spec = called_with(layer, seen)
        key = alike(layer, spec)
        if key is not None and key in known:
            part = shared(known[key][1], known[key][0], layer)
        else:
            part = _alone(layer, spec, expand, check, seed)
            known[key] = layer, part
        reasons = tuple(replace(reason, path=path) for reason in part.reasons)
        found[path] = replace(part, path=path, reasons=reasons)
    return found


def _alone(layer: Any, spec: InputSpec | None, expand: bool, check: bool, seed: int) -> Recovery:
    """One part without its own parts, which the caller walks over anyway."""
    spec = spec or recorded_inputs(layer)
    if not has_own_call(layer):
        return without_call(layer)
    if spec is None:
        why = f"the shapes of the inputs of {layer.name} are not known: no call of it was seen"
        return unrun(layer, Reason("needs-inputs", why))
    work = _Recovering(layer, spec, expand, check, seed)
    try:
        with full_tracebacks():
            prepared = work._prepare()
    except Exception as error:
        return unrun(layer, *classify(error))
    return replace(work._whole(prepared, expand)[0], inputs=prepared.spec)
