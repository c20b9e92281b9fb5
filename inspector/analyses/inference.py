"""Shapes and multiply-accumulates of every call, in one walk over the graph.

Nested models are evaluated with frames of our own, not with Python's recursion, and once for each set of
input shapes. Where the file states a tensor's shape, the inferred one is held against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..graph import Constant, Graph, Layer, Note, Shape, Spec, TensorRef, Unknown, flatten, map_structure
from ..knowledge import MAX_OUTPUTS, Engine, Knowledge, NotKnown, Subject, WeightSpec
from ..layers import find_knowledge

MAX_RANK, MAX_SIZE = 254, 2**63 - 1  # TensorFlow's own limits; numpy's rank is smaller, its size the same
BUILT_INSIDE = ("MultiHeadAttention", "GroupQueryAttention")  # of layers that their own flag does not freeze
MAX_EVALUATIONS = 20_000  # of nested models at different shapes; a file that needs more is not believed
Macs = int | Unknown


class Evaluation:
    """A graph run symbolically at one set of input shapes."""

    __slots__ = ("arguments", "at_own_shapes", "graph", "macs", "outputs", "steps")

    def __init__(self, graph: Graph, at_own_shapes: bool) -> None:
        self.graph = graph
        self.at_own_shapes = at_own_shapes
        self.outputs: dict[tuple[str, int], Any] = {}
        self.arguments: dict[tuple[str, int], Any] = {}
        self.macs: dict[str, Macs] = {}  # by path below this graph, summed over calls
        self.steps = iter(graph.order or ())

    def tensor(self, ref: TensorRef) -> Any:
        """The `Spec` of a tensor, or `Unknown`."""
        value = self.outputs.get((ref.layer, ref.call))
        if isinstance(value, Spec) and not ref.output:
            return value
        if value is None:
            value = Unknown(f"{ref.layer!r} is never called")
        if isinstance(value, Unknown):
            stated = self.graph.stated.get(ref) if self.at_own_shapes else None
            return value if stated is None or disbelieve(stated.shape) else stated
        flat = flatten(value)
        return flat[ref.output] if ref.output < len(flat) else Unknown(f"{ref.layer!r} has no output {ref.output}")

    def result(self) -> Any:
        """The model's outputs in Keras's structure, or the reason why one is not known."""
        missing = [leaf for ref in self.graph.output_refs() if isinstance(leaf := self.tensor(ref), Unknown)]
        if missing:
            return missing[0]
        outputs = map_structure(self.tensor, self.graph.outputs)
        return outputs[0] if isinstance(outputs, list) and len(outputs) == 1 else outputs


class Inference(Engine):
    """Symbolic execution of a model's graphs with the knowledge of its layers."""

    def __init__(self) -> None:
        self.evaluations: dict[tuple[int, tuple[Any, ...] | None], Evaluation] = {}
        self.notes: list[Note] = []
        self.built: dict[int, Sequence[WeightSpec] | Unknown] = {}
        self.subjects: dict[int, Subject] = {}

    def evaluate(self, graph: Graph, specs: Sequence[Any] | None = None) -> Evaluation | Unknown:
        """Run a graph at its own input shapes, or at those given; the result is kept."""
        key = self.key_of(graph, specs)
        if key in self.evaluations:
            return self.evaluations[key]
        if not graph.built or graph.order is None:
            return Unknown(f"{graph.name!r} is not built")
        stack = [(key, self.start(graph, key[1]))]
        while stack:
            if len(self.evaluations) + len(stack) > MAX_EVALUATIONS:
                return Unknown("its nested models are called at too many shapes")
            needed = self.advance(stack[-1][1])
            if needed is not None:
                stack.append((needed[0], self.start(*needed[1:])))
                continue
            done_key, done = stack.pop()
            self.evaluations[done_key] = done
        return self.evaluations[key]

    def subject(self, layer: Layer) -> Subject:
        """The layer as its knowledge sees it, made once: its shape, weights and work are asked in turn."""
        found = self.subjects.get(id(layer))
        if found is None:
            found = self.subjects[id(layer)] = Subject(layer, self)
        return found

    def key_of(self, graph: Graph, specs: Sequence[Any] | None) -> tuple[int, tuple[Any, ...] | None]:
        """Equal for calls at the graph's own shapes, which get its own dtypes, and for those at the same others."""
        if specs is None:
            return id(graph), None
        owns = [own_input(graph, ref) for ref in graph.input_refs()]
        shapes = [None if own is None else own.shape for own in owns]
        if None not in shapes and [spec.shape for spec in specs] == shapes:
            return id(graph), None
        return id(graph), tuple(specs)

    def start(self, graph: Graph, specs: tuple[Any, ...] | None) -> Evaluation:
        evaluation = Evaluation(graph, at_own_shapes=specs is None)
        if specs is not None:
            for ref, spec in zip(graph.input_refs(), specs, strict=False):
                evaluation.outputs[ref.layer, ref.call] = spec
        return evaluation

    def advance(self, evaluation: Evaluation) -> tuple[Any, Graph, tuple[Any, ...] | None] | None:
        """Take steps until a nested model must be run first (then say which), or none is left."""
        pending = evaluation.arguments.pop(("", -1), None)
        while True:
            step = pending or next(evaluation.steps, None)
            pending = None
            if step is None:
                return None
            layer, index = step
            bound = bind(evaluation, layer, index)
            if layer.inner is not None and not isinstance(bound, Unknown):
                specs = [leaf for leaf in flatten(bound[0][:1]) if isinstance(leaf, (Spec, Constant))]
                key = self.key_of(layer.inner, specs)
                if key not in self.evaluations and layer.inner.built:
                    evaluation.arguments["", -1] = step
                    return key, layer.inner, key[1]
            self.take_step(evaluation, layer, index, bound)

    def take_step(self, evaluation: Evaluation, layer: Layer, index: int, bound: Any) -> None:
        evaluation.arguments[layer.name, index] = bound
        if (layer.name, index) not in evaluation.outputs:
            value = bound if isinstance(bound, Unknown) else self.outputs(self.subject(layer), *bound)
            evaluation.outputs[layer.name, index] = self.hold_against_file(evaluation, layer, index, value)
        self.add_macs(evaluation, layer, index, bound)

    def hold_against_file(self, evaluation: Evaluation, layer: Layer, index: int, value: Any) -> Any:
        """The shapes that the file states, where it states them; a disagreement is a note."""
        stated = evaluation.graph.stated
        if not stated or not evaluation.at_own_shapes:
            return value
        if isinstance(value, Spec):
            said = stated.get(TensorRef(layer.name, index, 0))
            if said is None or said.shape == value.shape:
                return value
        flat = None if isinstance(value, Unknown) else flatten(value)
        known = [stated.get(TensorRef(layer.name, index, output)) for output in range(len(flat) if flat else 64)]
        known = [None if spec is None or disbelieve(spec.shape) else spec for spec in known]
        if flat is None:
            while known and known[-1] is None:
                known.pop()
            here = [ref.output for ref in evaluation.graph.output_refs() if ref[:2] == (layer.name, index)]
            if not known or None in known or max(here, default=0) >= len(known):
                return value  # of some outputs nothing is stated
            return known[0] if len(known) == 1 else known
        if all(spec is None or spec.shape == own.shape for spec, own in zip(known, flat, strict=True)):
            return value
        self.notes.append(Note("shape-mismatch", mismatch_message(layer, known, flat), layer.name))
        merged = iter([spec or own for spec, own in zip(known, flat, strict=True)])
        return map_structure(lambda _: next(merged), value)

    def add_macs(self, evaluation: Evaluation, layer: Layer, index: int, bound: Any) -> None:
        output = evaluation.outputs[layer.name, index]
        if layer.inner is not None and not isinstance(bound, Unknown):
            nested = self.evaluations.get(
                self.key_of(layer.inner, [s for s in flatten(bound[0][:1]) if isinstance(s, (Spec, Constant))])
            )
            if nested is not None:
                add(evaluation.macs, layer.name, sum_macs(nested))
                for path, macs in nested.macs.items():
                    add(evaluation.macs, f"{layer.name}/{path}", macs)
                return
        add(evaluation.macs, layer.name, self.call_macs(layer, output, bound))

    def call_macs(self, layer: Layer, output: Any, bound: Any) -> Macs:
        knowledge = find_knowledge(layer)
        if knowledge is None:
            return Unknown(f"{layer.class_name} is not a layer of Keras")
        if knowledge.macs is Knowledge.macs and knowledge.shape is not Knowledge.shape:
            return 0
        for value in (bound, output):
            if isinstance(value, Unknown):
                return value
        macs = guarded(lambda: self.macs(self.subject(layer), output, *bound))
        return Unknown("a dimension is open") if macs is None else macs

    # What a Subject asks for the layers it wraps.

    def outputs(self, subject: Subject, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        layer = subject.layer
        if layer.inner is not None:
            nested = self.evaluate(layer.inner, [leaf for leaf in flatten(args[:1]) if isinstance(leaf, Spec)])
            return nested if isinstance(nested, Unknown) else nested.result()
        knowledge = find_knowledge(layer)
        if knowledge is None:
            return Unknown(f"{layer.class_name} is not a layer of Keras")
        return guarded(lambda: checked(knowledge.shape(subject, *args, **kwargs)))

    def weights(self, subject: Subject, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Sequence[WeightSpec]:
        layer = subject.layer
        if layer.inner is not None:
            return self.model_weights(layer.inner)
        knowledge = find_knowledge(layer)
        if knowledge is None:
            raise NotKnown(f"{layer.class_name} is not a layer of Keras")
        specs = believed(knowledge.weights(subject, *args, **kwargs))
        if layer.trainable or layer.wraps or layer.class_name in BUILT_INSIDE:
            return specs
        return [spec._replace(trainable=False) for spec in specs]

    def model_weights(self, graph: Graph) -> list[WeightSpec]:
        """All weights of a model held by a wrapper."""
        found: list[WeightSpec] = []
        for layer in graph.layers:
            specs = self.layer_weights(graph, layer)
            if isinstance(specs, Unknown):
                raise NotKnown(specs.why)
            found.extend(specs)
        return found if graph.trainable else [spec._replace(trainable=False) for spec in found]

    def layer_weights(self, graph: Graph, layer: Layer) -> Sequence[WeightSpec] | Unknown:
        """The weights a layer of a graph has once built, from the arguments of its first call."""
        if id(layer) not in self.built:
            self.built[id(layer)] = self.find_weights(graph, layer)
        return self.built[id(layer)]

    def find_weights(self, graph: Graph, layer: Layer) -> Sequence[WeightSpec] | Unknown:
        evaluation = self.evaluate(graph)
        if isinstance(evaluation, Unknown):
            return evaluation
        reason = Unknown("it is never called, so it is not built") if not layer.calls else Unknown("")
        for index in range(len(layer.calls)):
            bound = evaluation.arguments[layer.name, index]
            if isinstance(bound, Unknown):
                reason = bound
                continue
            found = guarded(lambda bound=bound: self.weights(self.subject(layer), *bound))
            if not isinstance(found, Unknown):
                return found  # type: ignore[no-any-return]
            reason = found
        return reason

    def macs(self, subject: Subject, output: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> int | None:
        layer = subject.layer
        if layer.inner is not None:
            nested = self.evaluate(layer.inner, [leaf for leaf in flatten(args[:1]) if isinstance(leaf, Spec)])
            total = nested if isinstance(nested, Unknown) else sum_macs(nested)
            if isinstance(total, Unknown):
                raise NotKnown(total.why)
            return total
        knowledge = find_knowledge(layer)
        if knowledge is None:
            raise NotKnown(f"{layer.class_name} is not a layer of Keras")
        return knowledge.macs(subject, output, *args, **kwargs)


def own_input(graph: Graph, ref: TensorRef) -> Spec | None:
    """The shape a model's own InputLayer states."""
    layer = graph.by_name[ref.layer]
    shape = layer.config.get("batch_shape", layer.config.get("batch_input_shape"))
    dtype = layer.config.get("dtype", "float32")
    return Spec(tuple(shape), dtype) if isinstance(shape, (list, tuple)) and isinstance(dtype, str) else None


def bind(evaluation: Evaluation, layer: Layer, index: int) -> Any:
    """The arguments of a call with each tensor's `Spec` in its place, or `Unknown` with the first one's reason."""
    call = layer.calls[index]
    if len(call.args) == 1 and isinstance(call.args[0], TensorRef) and not call.kwargs:  # as most layers are called
        value = evaluation.tensor(call.args[0])
        return passed_on(call.args[0], value) if isinstance(value, Unknown) else ((value,), {})
    missing: list[Unknown] = []

    def fill(leaf: Any) -> Any:
        if not isinstance(leaf, TensorRef):
            return leaf
        value = evaluation.tensor(leaf)
        if isinstance(value, Unknown):
            missing.append(passed_on(leaf, value))
        return value

    args, kwargs = map_structure(fill, call.args), map_structure(fill, dict(call.kwargs))
    return missing[0] if missing else (args, kwargs)


def passed_on(ref: TensorRef, unknown: Unknown) -> Unknown:
    """Why a call's argument is not known: the first reason on the way to it."""
    if unknown.why.startswith("the output of"):
        return Unknown(unknown.why)
    return Unknown(f"the output of {ref.layer!r} is not known: {unknown.why}")


def guarded(ask: Any) -> Any:
    """Ask knowledge about a config from a file: whatever does not fit it becomes a reason, never a crash."""
    try:
        return ask()
    except NotKnown as error:
        return Unknown(str(error))
    except RecursionError:
        return Unknown("its layers are nested too deep")
    except MemoryError:
        return Unknown("its config asks for more than memory holds")
    except Exception as error:
        return Unknown(f"its config does not fit its class: {error or type(error).__name__}")


def checked(value: Any) -> Any:
    """An output is believed only if every dimension is a whole number from 0 up, or open."""
    if isinstance(value, Unknown):
        return value
    flat = [value] if isinstance(value, Spec) else flatten(value)
    if not flat or len(flat) > MAX_OUTPUTS:
        return Unknown(f"it would have {len(flat)} outputs")
    for leaf in flat:
        if not isinstance(leaf, Spec):
            return Unknown("its output is not a tensor")
        why = disbelieve(leaf.shape)
        if why is not None:
            return Unknown(f"its output would have {why}")
    return value


def believed(specs: Sequence[WeightSpec]) -> Sequence[WeightSpec]:
    """Weights are believed only if every dimension is a whole number from 0 up, or open."""
    for spec in specs:
        why = disbelieve(spec.shape)
        if why is not None:
            raise NotKnown(f"its {spec.name} would have {why}")
    return specs


def disbelieve(shape: Shape) -> str | None:
    """Why no tensor has a shape; ``None`` where one can. Numbers in a config may have thousands of digits."""
    if len(shape) > MAX_RANK:
        return f"{len(shape):,} dimensions"
    size = 1
    for dim in shape:
        if dim is None:
            continue
        if not isinstance(dim, int) or dim < 0:
            return f"the dimension {dim!r}"[:200]
        size *= dim or 1
        if size > MAX_SIZE:
            return f"more than {MAX_SIZE:,} elements"
    return None


def mismatch_message(layer: Layer, stated: Sequence[Spec | None], inferred: Sequence[Spec]) -> str:
    said = next((s.shape, own.shape) for s, own in zip(stated, inferred, strict=True) if s and s.shape != own.shape)
    return f"the file states {list(said[0])} for an output of {layer.name!r}, and its config gives {list(said[1])}"


def sum_macs(evaluation: Evaluation) -> Macs:
    """A model's multiply-accumulates: those of its top-level layers."""
    total = 0
    for path, macs in evaluation.macs.items():
        if "/" in path and path not in evaluation.graph.by_name:
            continue
        if isinstance(macs, Unknown):
            return macs
        total += macs
    return total


def add(table: dict[str, Macs], path: str, macs: Macs) -> None:
    before = table.get(path, 0)
    if isinstance(before, Unknown):
        return
    table[path] = macs if isinstance(macs, Unknown) else before + macs
