"""The calls of a model, those inside nested models included, as one graph: where a tensor comes from and goes to.

A nested model is opened at each call of it; its input layers vanish, so that what enters a model from outside is what
its first layer takes. A box whose inside is not known, a custom layer or a subclassed model, is one step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..graph import Constant, Graph, Layer, Spec, TensorRef, Unknown, flatten
from .facts import Facts
from .inference import Evaluation, Inference

MAX_STEPS, MAX_FLOWS = 100_000, 1_000


class Tensor(NamedTuple):
    """The ``output``-th flat output of a step."""

    step: Step
    output: int

    @property
    def spec(self) -> Spec | Unknown:
        return self.step.spec_of(self.output)


class Step:
    """One call of one layer: ``sources`` are the tensors it takes in Keras's order, ``users`` who takes its own."""

    __slots__ = ("call", "graph", "layer", "outputs", "path", "sources", "users", "within")

    def __init__(self, path: str, layer: Layer, call: int, graph: Graph, within: tuple[Layer, ...]) -> None:
        self.path = path
        self.layer = layer
        self.call = call
        self.graph = graph
        self.within = within  # the models it lies in, outermost first
        self.sources: list[Tensor] = []
        self.users: list[Step] = []
        self.outputs: Any = None  # `Spec`s in the layer's own structure, or `Unknown`

    def __repr__(self) -> str:
        return f"Step({self.path!r}, {self.layer.class_name}, call {self.call})"

    @property
    def class_name(self) -> str:
        return self.layer.class_name

    @property
    def title(self) -> str:
        """How messages call it: ``Dense 'dense_1'``."""
        return f"{self.layer.class_name} {self.layer.name!r}"

    @property
    def config(self) -> Mapping[str, Any]:
        return self.layer.config

    @property
    def kwargs(self) -> Mapping[str, Any]:
        return self.layer.calls[self.call].kwargs if self.call < len(self.layer.calls) else {}

    @property
    def spec(self) -> Spec | Unknown:
        """What the first output is."""
        return self.spec_of(0)

    def spec_of(self, output: int) -> Spec | Unknown:
        if isinstance(self.outputs, Unknown):
            return self.outputs
        flat = flatten(self.outputs)
        found = flat[output] if output < len(flat) else None
        return found if isinstance(found, (Spec, Unknown)) else Unknown("its output is not known")

    @property
    def source(self) -> Step | None:
        """The step that makes the only tensor it takes; `None` where there are several or none."""
        return self.sources[0].step if len(self.sources) == 1 else None

    @property
    def user(self) -> Step | None:
        """The only step that takes what it gives; `None` where there are several or none."""
        return self.users[0] if len(self.users) == 1 else None


class Flow:
    """All steps, each after those it takes tensors from, and the model's ends."""

    def __init__(self, path: str = "") -> None:
        self.path = path  # of the model whose flow it is, "" for the file's own
        self.steps: list[Step] = []
        self.inputs: list[Step] = []
        self.outputs: list[Tensor] = []  # flat, in Keras's order
        self.output_names: list[str] = []  # the layer that makes each at the top level, as Keras names outputs
        self.output_keys: list[str | None] = []  # the key of each where the outputs are a dict
        self.is_flat = True  # whether the outputs are one tensor, or a list or dict with a tensor in each place

    @property
    def ends(self) -> set[int]:
        """The ids of the steps that make an output of the model."""
        return {id(tensor.step) for tensor in self.outputs}

    def calls_of(self, path: str) -> list[Step]:
        return [step for step in self.steps if step.path == path]


class Frame:
    """One call of a model that is being opened."""

    __slots__ = ("at", "evaluation", "graph", "prefix", "steps", "values", "within")

    def __init__(
        self, graph: Graph, evaluation: Evaluation | Unknown, prefix: str, within: tuple[Layer, ...],
        at: tuple[str, int] | None,
    ) -> None:  # fmt: skip
        self.graph = graph
        self.evaluation = evaluation
        self.prefix = prefix
        self.within = within
        self.at = at  # the call of the outer frame that it is
        self.values: dict[tuple[str, int], list[Tensor]] = {}
        self.steps = iter(graph.order or ())

    def tensor(self, ref: TensorRef) -> Tensor | None:
        made = self.values.get((ref.layer, ref.call))
        return made[min(ref.output, len(made) - 1)] if made else None

    def outputs_of(self, name: str, call: int) -> Any:
        if isinstance(self.evaluation, Unknown):
            return self.evaluation
        return self.evaluation.outputs.get((name, call), Unknown("its output is not known"))


def find_flow(facts: Facts) -> Flow | Unknown:
    """The flow of a model. Linear in its calls, which are bounded: a file may nest a model in itself many times."""
    return open_graph(facts.model.graph, facts.root, "")


def find_flows(facts: Facts) -> list[Flow]:
    """The flow of the model; where its own calls are not known, those of the models in it whose calls are."""
    whole = find_flow(facts)
    if not isinstance(whole, Unknown):
        return [whole]
    found: list[Flow] = []
    stack = [(f"{layer.name}/", layer.inner) for layer in reversed(facts.model.graph.layers)]
    while stack and len(found) < MAX_FLOWS:
        prefix, graph = stack.pop()
        if graph is None:
            continue
        flow = open_graph(graph, None, prefix)
        if not isinstance(flow, Unknown):
            found.append(flow)
        else:
            stack.extend((f"{prefix}{layer.name}/", layer.inner) for layer in reversed(graph.layers))
    return found


def open_graph(graph: Graph, evaluation: Evaluation | Unknown | None, prefix: str) -> Flow | Unknown:
    if graph.order is None:
        return Unknown("its calls form a cycle")
    if not graph.built or not graph.output_refs():
        return Unknown("the calls of its layers are not known")
    return Opening(prefix).run(graph, evaluation)


class Opening:
    """Opens the models of a file, with frames of its own in place of Python's recursion."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.inference = Inference()
        self.flow = Flow(prefix.rstrip("/"))
        self.stack: list[Frame] = []

    def run(self, graph: Graph, evaluation: Evaluation | Unknown | None) -> Flow | Unknown:
        root = Frame(graph, evaluation or self.inference.evaluate(graph), self.prefix, (), None)
        self.stack.append(root)
        while self.stack:
            frame = self.stack[-1]
            if len(self.flow.steps) > MAX_STEPS or len(self.stack) > MAX_STEPS:
                return Unknown(f"it makes more than {MAX_STEPS:,} calls")
            step = next(frame.steps, None)
            if step is not None:
                self.take(frame, *step)
            else:
                self.stack.pop()
                if self.stack and frame.at is not None:
                    self.leave(frame, self.stack[-1])
        self.finish(root)
        return self.flow

    def take(self, frame: Frame, layer: Layer, call: int) -> None:
        if (layer.name, call) in frame.values:
            return  # an input of an opened model
        if layer.inner is not None and opens(layer.inner):
            self.enter(frame, layer, layer.inner, call)
            return
        step = Step(frame.prefix + layer.name, layer, call, frame.graph, frame.within)
        step.sources = [tensor for ref in layer.calls[call].refs() if (tensor := frame.tensor(ref)) is not None]
        step.outputs = frame.outputs_of(layer.name, call)
        for source in dict.fromkeys(id(tensor.step) for tensor in step.sources):
            next(t.step for t in step.sources if id(t.step) == source).users.append(step)
        self.flow.steps.append(step)
        if layer.kind == "input" and not frame.within:
            self.flow.inputs.append(step)
        count = 64 if isinstance(step.outputs, Unknown) else max(1, len(flatten(step.outputs)))
        frame.values[layer.name, call] = [Tensor(step, index) for index in range(count)]

    def enter(self, frame: Frame, layer: Layer, inner: Graph, call: int) -> None:
        given = [leaf for leaf in flatten(layer.calls[call].args[:1]) if isinstance(leaf, (TensorRef, Constant))]
        specs: list[Any] = []
        for leaf in given:
            tensor = frame.tensor(leaf) if isinstance(leaf, TensorRef) else None
            spec = tensor.spec if tensor is not None else None
            specs.append(spec if isinstance(spec, Spec) else None)
        known = bool(specs) and None not in specs
        evaluation = self.inference.evaluate(inner, specs if known else None)
        opened = Frame(inner, evaluation, f"{frame.prefix}{layer.name}/", (*frame.within, layer), (layer.name, call))
        for ref, leaf in zip(inner.input_refs(), given, strict=False):
            tensor = frame.tensor(leaf) if isinstance(leaf, TensorRef) else None
            if tensor is not None:
                opened.values[ref.layer, ref.call] = [tensor]
        self.stack.append(opened)

    def leave(self, frame: Frame, outer: Frame) -> None:
        made = [frame.tensor(ref) for ref in frame.graph.output_refs()]
        if frame.at is not None and all(tensor is not None for tensor in made):
            outer.values[frame.at] = [tensor for tensor in made if tensor is not None]

    def finish(self, root: Frame) -> None:
        outputs = root.graph.outputs
        parts = outputs.values() if isinstance(outputs, dict) else outputs if isinstance(outputs, list) else ()
        self.flow.is_flat = all(
            isinstance(part, TensorRef) or not isinstance(part, (list, tuple, dict)) for part in parts
        )
        for ref in root.graph.output_refs():
            tensor = root.tensor(ref)
            if tensor is not None:
                self.flow.outputs.append(tensor)
                self.flow.output_names.append(ref.layer)
        keys = [key for key, _ in keyed(outputs)]
        self.flow.output_keys = keys if len(keys) == len(self.flow.outputs) else [None] * len(self.flow.outputs)


def opens(graph: Graph) -> bool:
    """Whether the calls inside of a nested model are known."""
    return graph.built and graph.order is not None and bool(graph.output_refs()) and bool(graph.input_refs())


def keyed(outputs: Any) -> Iterator[tuple[str | None, Any]]:
    """The flat outputs with their keys, where the outputs are a dict."""
    if isinstance(outputs, dict):
        for key in sorted(outputs, key=str):
            for leaf in flatten(outputs[key]):
                yield str(key), leaf
    else:
        for leaf in flatten(outputs):
            yield None, leaf


__all__ = ["Flow", "Step", "Tensor", "find_flow", "find_flows"]
