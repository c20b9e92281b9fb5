"""The variables of a layer in Keras's order: which object below it holds each, and in what order a flat list has them.

``.keras`` files keep every object's variables apart, ``.h5`` files one list for each top-level layer: what the layer
trains, then the rest. Both follow from the classes and flags in the config, so one can be told from the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ..analyses.inference import Inference
from ..errors import NotExtractable
from ..graph import Graph, Layer, Unknown
from ..knowledge import WeightSpec, policy_of
from ..readers.weight_paths import is_tracked, snake_case

CELLED = ("LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")  # whose cell has all variables
CELLS = ("LSTMCell", "GRUCell", "SimpleRNNCell")
ATTENTIONS = ("MultiHeadAttention", "GroupQueryAttention", "GroupedQueryAttention")
PARTS = ("query_dense", "key_dense", "value_dense", "output_dense")
PUBLIC = {"MultiHeadAttention": PARTS}  # the attributes that lead to them; all others are private by name
BARE = ("Activation", "ELU", "LeakyReLU", "ReLU", "Softmax")
OTHERWISE = (  # their variables are kept in a way of their own, or not at all
    "SpectralNormalization", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer", "FeatureSpace", "StringLookup",
    "IntegerLookup", "TextVectorization",
)  # fmt: skip


class Variable(NamedTuple):
    """A variable: the path of its layer, of the object below the layer, and its number there."""

    layer: str
    holder: str
    number: int
    spec: WeightSpec | None  # None for a custom layer's
    trainable: bool = True

    @property
    def place(self) -> str:
        """Below the layer, as Keras 3 keeps it."""
        return f"{self.holder}/vars/{self.number}" if self.holder else f"vars/{self.number}"


class Holder(NamedTuple):
    """An object below a layer: its path, and how many variables it has; ``None``: all that are left."""

    path: str
    number: int | None


class Register:
    """The variables of a graph's layers. ``own_counts`` says how many a custom layer has, by path."""

    def __init__(self, inference: Inference, own_counts: Any) -> None:
        self.inference = inference
        self.own_counts = own_counts

    def in_one_list(self, graph: Graph, layer: Layer, path: str) -> list[Variable]:
        """A layer's variables in the order of an ``.h5`` file's list. Raises `NotExtractable`."""
        found = self.of_layer(graph, layer, path)
        return sorted(found, key=lambda variable: not variable.trainable) if layer.trainable else found

    def of_layer(self, graph: Graph, layer: Layer, path: str) -> list[Variable]:
        """A layer's variables in the order of ``layer.weights``, a nested model's layer by layer."""
        if layer.inner is not None:
            found = [
                variable
                for sub in layer.inner.layers
                if is_tracked(sub)
                for variable in self.of_layer(layer.inner, sub, f"{path}/{sub.name}")
            ]
            return found if layer.trainable else [variable._replace(trainable=False) for variable in found]
        if layer.kind in ("input", "operation"):
            return []
        specs = self.inference.layer_weights(graph, layer)
        if isinstance(specs, Unknown):
            return self.of_custom(layer, path)
        refuse_otherwise(layer, path)
        return number_variables(path, list(find_holders(self.inference, layer, "")), specs, layer.trainable, path)

    def of_custom(self, layer: Layer, path: str) -> list[Variable]:
        count = self.own_counts(path)
        if count is None:
            raise not_told(path, f"what objects of {layer.class_name!r} hold its weights is not known")
        return [Variable(path, "", number, None, layer.trainable) for number in range(count)]


def not_told(path: str, why: str) -> NotExtractable:
    return NotExtractable(f"{path!r}: {why}", hint="write the submodel in the form of its source")


def refuse_otherwise(layer: Layer, path: str) -> None:
    """Raise `NotExtractable` for a layer whose variables do not follow from its class."""
    stack = [layer]
    while stack:
        held = stack.pop()
        if held.class_name in OTHERWISE and (not held.config.get("vocabulary") or held.config.get("idf_weights")):
            raise not_told(path, f"{held.class_name} keeps its state in a way that the other form has not")
        if policy_of(held.config).quantization or held.config.get("lora_rank"):
            raise not_told(path, "the weights of quantized layers and of LoRA are kept otherwise in the other form")
        for part in held.wraps.values():
            stack.extend(item for item in (part if isinstance(part, list) else [part]) if isinstance(item, Layer))
        if held.inner is not None:
            stack.extend(held.inner.layers)


def number_variables(
    path: str, holders: list[Holder], specs: Sequence[WeightSpec], trainable: bool, label: str
) -> list[Variable]:
    """The specs of a layer dealt out to its objects, in order."""
    fixed = sum(holder.number or 0 for holder in holders)
    loose = [holder for holder in holders if holder.number is None]
    rest, over = divmod(len(specs) - fixed, len(loose)) if loose else (0, len(specs) - fixed)
    if over or rest < 0:
        raise not_told(label, "its weights do not fit its config")
    found: list[Variable] = []
    for holder in holders:
        for number in range(rest if holder.number is None else holder.number):
            spec = specs[len(found)]
            found.append(Variable(path, holder.path, number, spec, trainable and spec.trainable))
    return found


def find_holders(inference: Inference, layer: Layer, at: str) -> Iterator[Holder]:
    """The objects below a layer that have variables, in the order of ``layer.weights``."""
    below = f"{at}/" if at else ""
    if layer.inner is not None:
        yield from find_model_holders(inference, layer.inner, below)
    elif layer.class_name in CELLED:
        yield Holder(f"{below}cell", count_of_cell(layer))
    elif layer.class_name == "RNN":
        yield from find_cells(layer.wraps.get("cell"), f"{below}cell")
    elif layer.class_name == "Bidirectional":
        forward = held(layer, "layer")
        backward = layer.wraps.get("backward_layer")
        yield from find_holders(inference, forward, f"{below}forward_layer")
        yield from find_holders(
            inference, backward if isinstance(backward, Layer) else forward, f"{below}backward_layer"
        )
    elif layer.class_name == "TimeDistributed":
        yield from find_holders(inference, held(layer, "layer"), f"{below}layer")
    elif layer.class_name in ATTENTIONS:
        count = 2 if layer.config.get("use_bias", True) else 1
        parts = (*PARTS[:2], "gate_dense", *PARTS[2:]) if layer.config.get("use_gate") else PARTS
        public = PUBLIC.get(layer.class_name, ())
        yield from (Holder(below + part if part in public else f"{below}_{part}", count) for part in parts)
    elif layer.class_name == "StackedRNNCells":
        yield from find_cells(layer, at)
    elif not all(is_bare(part) for part in layer.wraps.values()):
        raise not_told(layer.name, f"what {layer.class_name!r} holds is not told apart")
    else:
        yield Holder(at, None)


def find_model_holders(inference: Inference, graph: Graph, below: str) -> Iterator[Holder]:
    """The objects of a model that a wrapper holds."""
    used: Counter[str] = Counter()
    for layer in graph.layers:
        if not is_tracked(layer) or (layer.kind == "input" and graph.kind == "sequential"):
            continue
        stem = snake_case(layer.class_name)
        name = f"{below}layers/{stem}_{used[stem]}" if used[stem] else f"{below}layers/{stem}"
        used[stem] += 1
        specs = inference.layer_weights(graph, layer)
        if isinstance(specs, Unknown):
            raise not_told(layer.name, specs.why)
        if specs:
            holders = list(find_holders(inference, layer, name))
            yield from count_holders(holders, len(specs))


def count_holders(holders: list[Holder], total: int) -> Iterator[Holder]:
    """Objects whose counts are all said."""
    loose = sum(holder.number is None for holder in holders)
    fixed = sum(holder.number or 0 for holder in holders)
    for holder in holders:
        yield holder if holder.number is not None else holder._replace(number=(total - fixed) // loose)


def find_cells(cell: Any, at: str) -> Iterator[Holder]:
    """The objects of an RNN's cell, which may be a stack of cells."""
    if not isinstance(cell, Layer):
        raise not_told(at, "its cell is not known")
    if cell.class_name in CELLS:
        yield Holder(at, count_of_cell(cell))
        return
    cells = cell.wraps.get("cells")
    if cell.class_name != "StackedRNNCells" or not isinstance(cells, list):
        raise not_told(cell.name, f"what objects of {cell.class_name!r} hold its weights is not known")
    used: Counter[str] = Counter()
    for part in cells:
        stem = snake_case(part.class_name)
        name = f"{stem}_{used[stem]}" if used[stem] else stem
        yield from find_cells(part, f"{at}/cells/{name}" if at else f"cells/{name}")
        used[stem] += 1


def is_bare(part: Any) -> bool:
    """Whether what a layer holds, such as the activation of a Dense, surely has no variables."""
    return isinstance(part, Layer) and not part.wraps and part.class_name in BARE


def count_of_cell(cell: Layer) -> int:
    """Kernel, recurrent kernel and bias."""
    return 3 if cell.config.get("use_bias", True) else 2


def held(layer: Layer, role: str) -> Layer:
    inner = layer.wraps.get(role)
    if not isinstance(inner, Layer):
        raise not_told(layer.name, f"what {layer.class_name!r} wraps is not known")
    return inner
