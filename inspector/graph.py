"""The intermediate representation: what every reader fills and every command works from.

A model is a graph of layers; a layer has calls; a call names the tensors it takes. Nothing here knows a
file format, does I/O or imports numpy. Structures (lists and dicts of tensors) are flattened as Keras's own
tree does it: lists in order, dicts by sorted key.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, Final, NamedTuple, TypeVar

Shape = tuple[int | None, ...]


class Record:
    """A value by its ``fields``, which `replace` copies: what dataclasses give, without the 5 ms that they cost.

    Attributes are `Final`: mypy holds what a frozen dataclass would check on each of a large model's many layers.
    """

    __slots__ = ()
    fields: ClassVar[tuple[str, ...]] = ()  # in the order of __init__, which takes each of them
    beside: ClassVar[tuple[str, ...]] = ()  # those that neither equality nor repr looks at

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.fields if name not in self.beside)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, Record) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in self.fields if name not in self.beside)
        return f"{type(self).__name__}({', '.join(shown)})"


AnyRecord = TypeVar("AnyRecord", bound=Record)


def replace(record: AnyRecord, **changes: Any) -> AnyRecord:
    """A copy of a record with some fields changed."""
    return type(record)(**{**{name: getattr(record, name) for name in record.fields}, **changes})


class Unknown:
    """A fact that is not known, and why. It propagates, is counted and is shown with its reason."""

    __slots__ = ("why",)

    def __init__(self, why: str) -> None:
        self.why = why

    def __repr__(self) -> str:
        return f"Unknown({self.why!r})"

    def __bool__(self) -> bool:
        return False


class Spec(NamedTuple):
    """A symbolic tensor: its shape (``None`` is a dimension left open) and its dtype."""

    shape: Shape
    dtype: str = "float32"

    @property
    def rank(self) -> int:
        return len(self.shape)


class TensorRef(NamedTuple):
    """The ``output``-th flat output of the ``call``-th call of a layer, both counted from zero."""

    layer: str
    call: int
    output: int


class Constant(NamedTuple):
    """A tensor stored in the config itself, such as the 2.0 of ``x * 2.0``."""

    shape: Shape
    dtype: str
    value: Any


class Call:
    """One call of a layer: nested arguments whose leaves are `TensorRef`, `Constant` or plain values."""

    __slots__ = ("_refs", "args", "kwargs")

    def __init__(self, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> None:
        self.args = args
        self.kwargs = {} if kwargs is None else kwargs
        self._refs: list[TensorRef] | None = None

    def refs(self) -> list[TensorRef]:
        """The tensors that enter, in Keras's order (positional, then keywords by name)."""
        if self._refs is None:
            leaves = flatten((self.args, self.kwargs)) if self.kwargs or len(self.args) != 1 else flatten(self.args[0])
            self._refs = [leaf for leaf in leaves if isinstance(leaf, TensorRef)]
        return self._refs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Call) and (self.args, self.kwargs) == (other.args, other.kwargs)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Call(args={self.args!r}, kwargs={self.kwargs!r})"


class Weight(Record):
    """A stored tensor: where it lies in the file, and what it is. Its values are read only when asked for."""

    __slots__ = fields = ("path", "shape", "dtype", "nbytes", "trainable", "load")
    beside = ("load",)

    def __init__(
        self,
        path: str,
        shape: tuple[int, ...],
        dtype: str,
        nbytes: int,
        trainable: bool | None = None,
        load: Callable[[], bytes] | None = None,
    ) -> None:
        self.path: Final = path
        self.shape: Final = shape
        self.dtype: Final = dtype
        self.nbytes: Final = nbytes
        self.trainable: Final = trainable
        self.load: Final = load

    @property
    def size(self) -> int:
        total = 1
        for dim in self.shape:
            total *= dim
        return total


class Layer(Record):
    """One layer, operation or nested model; ``inner`` is the model's graph, ``wraps`` the layers a wrapper holds."""

    __slots__ = fields = (
        "name", "class_name", "kind", "config", "module", "registered_name", "calls", "inner", "wraps", "build_config",
        "shared_id", "origin",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        class_name: str,
        kind: str,
        config: Mapping[str, Any],
        module: str | None = None,
        registered_name: str | None = None,
        calls: tuple[Call, ...] = (),
        inner: Graph | None = None,
        wraps: Mapping[str, Any] | None = None,
        build_config: Mapping[str, Any] | None = None,
        shared_id: int | None = None,
        origin: tuple[str, int] | None = None,
    ) -> None:
        self.name: Final = name
        self.class_name: Final = class_name
        self.kind: Final = kind
        self.config: Final[Mapping[str, Any]] = {} if config is None else config
        self.module: Final = module
        self.registered_name: Final = registered_name
        self.calls: Final = calls
        self.inner: Final = inner
        self.wraps: Final[Mapping[str, Any]] = {} if wraps is None else wraps
        self.build_config: Final = build_config
        self.shared_id: Final = shared_id
        self.origin: Final = origin

    @property
    def trainable(self) -> bool:
        return bool(self.config.get("trainable", True))


class Note(NamedTuple):
    """Something a reader or an analysis wants the user to know."""

    code: str
    message: str
    layer: str | None = None


class Reason(NamedTuple):
    """Why a part is not, or not surely, a DAG: a stable code, a sentence, and where in the source."""

    code: str
    message: str
    file: str | None = None
    line: int | None = None
    source: str | None = None
    path: str | None = None  # the layer it is about, where that is not the part itself


class Part(NamedTuple):
    """What is known of a part's inside: ``declared``, ``recovered``, ``dynamic`` or ``opaque``, and why."""

    verdict: str
    reasons: tuple[Reason, ...] = ()
    flags: tuple[Reason, ...] = ()  # what holds besides: a training-only branch, a side effect
    class_name: str | None = None
    strategy: str | None = None


class Graph(Record):
    """A model: its layers in the file's order, its input and output structures, the shapes the file states."""

    fields = (
        "name", "class_name", "kind", "layers", "inputs", "outputs", "config", "module", "registered_name", "stated",
        "built", "build_config",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        class_name: str,
        kind: str,
        layers: tuple[Layer, ...],
        inputs: Any = None,
        outputs: Any = None,
        config: Mapping[str, Any] | None = None,
        module: str | None = None,
        registered_name: str | None = None,
        stated: Mapping[TensorRef, Spec] | None = None,
        built: bool = True,
        build_config: Mapping[str, Any] | None = None,
    ) -> None:
        self.name: Final = name
        self.class_name: Final = class_name
        self.kind: Final = kind
        self.layers: Final = layers
        self.inputs: Final = inputs
        self.outputs: Final = outputs
        self.config: Final[Mapping[str, Any]] = {} if config is None else config
        self.module: Final = module
        self.registered_name: Final = registered_name
        self.stated: Final[Mapping[TensorRef, Spec]] = {} if stated is None else stated
        self.built: Final = built
        self.build_config: Final = build_config

    @cached_property
    def by_name(self) -> dict[str, Layer]:
        return {layer.name: layer for layer in self.layers}

    @cached_property
    def order(self) -> tuple[tuple[Layer, int], ...] | None:
        """Every call, as (layer, call), after the calls it takes tensors from; ``None`` if calls form a cycle."""
        waits: dict[tuple[str, int], int] = {}
        followers: dict[tuple[str, int], list[tuple[str, int]]] = {}
        for layer in self.layers:
            for index, call in enumerate(layer.calls):
                sources = {(ref.layer, ref.call) for ref in call.refs()}
                waits[layer.name, index] = len(sources)
                for source in sources:
                    followers.setdefault(source, []).append((layer.name, index))
        ready = deque(key for key, count in waits.items() if not count)
        order = []
        while ready:
            key = ready.popleft()
            order.append((self.by_name[key[0]], key[1]))
            for follower in followers.get(key, ()):
                waits[follower] -= 1
                if not waits[follower]:
                    ready.append(follower)
        return tuple(order) if len(order) == len(waits) else None

    @property
    def trainable(self) -> bool:
        return bool(self.config.get("trainable", True))

    def input_refs(self) -> list[TensorRef]:
        return [leaf for leaf in flatten(self.inputs) if isinstance(leaf, TensorRef)]

    def output_refs(self) -> list[TensorRef]:
        return [leaf for leaf in flatten(self.outputs) if isinstance(leaf, TensorRef)]


class WeightIndex(NamedTuple):
    """The stored tensors: all of them in file order, by layer path, and the optimizer's apart."""

    tensors: tuple[Weight, ...] = ()
    by_layer: Mapping[str, tuple[Weight, ...]] = MappingProxyType({})
    optimizer: tuple[Weight, ...] = ()
    unclaimed: tuple[Weight, ...] = ()
    live: bool = False  # read off a live model: Keras's own word, and complete


class Model(Record):
    """What a reader returns: the graph, and what stands around it in the file."""

    fields = (
        "graph", "format", "source", "keras_version", "training", "notes", "size", "parts", "read_weights",
    )  # fmt: skip
    beside = ("read_weights",)

    def __init__(
        self,
        graph: Graph,
        format: str,
        source: str,
        keras_version: str | None = None,
        training: Mapping[str, Any] | None = None,
        notes: tuple[Note, ...] = (),
        size: int | None = None,
        parts: Mapping[str, Part] | None = None,  # by layer path, "" is the model itself
        read_weights: Callable[[], WeightIndex] | None = None,
    ) -> None:
        self.graph: Final = graph
        self.format: Final = format
        self.source: Final = source
        self.keras_version: Final = keras_version
        self.training: Final = training
        self.notes: Final = notes
        self.size: Final = size
        self.parts: Final[Mapping[str, Part]] = {} if parts is None else parts
        self.read_weights: Final = read_weights

    @cached_property
    def weights(self) -> WeightIndex | None:
        """The index of the stored tensors, read at the first use; ``None`` where the format holds none."""
        return self.read_weights() if self.read_weights else None

    @property
    def weights_are_live(self) -> bool:
        """Whether the weights were read off a live model, and stand above what follows from its config."""
        return self.format == "code" and self.weights is not None and self.weights.live


def flatten(structure: Any) -> list[Any]:
    """Leaves of nested lists, tuples and dicts, dicts by sorted key; named tuples of this module are leaves."""
    if not isinstance(structure, (list, tuple, dict)) or hasattr(structure, "_fields"):
        return [structure]
    leaves: list[Any] = []
    stack = [structure]
    while stack:
        node = stack.pop()
        if isinstance(node, (list, tuple)) and not hasattr(node, "_fields"):
            stack.extend(reversed(node))
        elif isinstance(node, dict):
            stack.extend(node[key] for key in sorted(node, key=str, reverse=True))
        else:
            leaves.append(node)
    return leaves


def map_structure(function: Callable[[Any], Any], structure: Any) -> Any:
    """The same structure with ``function`` applied to every leaf. Structures nest a few levels at most."""
    if isinstance(structure, (list, tuple)) and not hasattr(structure, "_fields"):
        return type(structure)([map_structure(function, item) for item in structure])
    if isinstance(structure, dict):
        return {key: map_structure(function, value) for key, value in structure.items()}
    return function(structure)


def walk(graph: Graph) -> Iterator[tuple[str, int, Layer]]:
    """Every layer with its path and depth, nested models' layers after their model, without recursion."""
    stack = [(layer.name, 0, layer) for layer in reversed(graph.layers)]
    while stack:
        path, depth, layer = stack.pop()
        yield path, depth, layer
        if layer.inner is not None:
            stack.extend((f"{path}/{sub.name}", depth + 1, sub) for sub in reversed(layer.inner.layers))


__all__ = [
    "Call",
    "Constant",
    "Graph",
    "Layer",
    "Model",
    "Note",
    "Part",
    "Reason",
    "Record",
    "Shape",
    "Spec",
    "TensorRef",
    "Unknown",
    "Weight",
    "WeightIndex",
    "flatten",
    "map_structure",
    "replace",
    "walk",
]
