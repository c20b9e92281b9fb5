"""From a live model to the document that the parent process reads: a config as Keras writes it, and facts beside it.

Keras's own serialisation gives up at the first layer without `get_config`. This one writes each layer by
itself, so that one that cannot be serialised is still a box with a name, weights and shapes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
from keras import tree

from .facts import Document, describe_variable, is_functional, layer_facts
from .serialising import own_class, serialise, serialise_argument


class Numbering:
    """One graph's own nodes, and what its operations are called: Keras refuses double names, and users make them."""

    def __init__(self, functional: Any, names: Sequence[str] | None = None) -> None:
        self.own = {id(node) for level in functional._nodes_by_depth.values() for node in level}
        self.names: dict[int, str] = {}
        taken: set[str] = set()
        for index, operation in enumerate(functional._operations):
            wanted = names[index] if names else operation.name
            name, count = wanted, 1
            while name in taken:
                name, count = f"{wanted}_{count}", count + 1
            taken.add(name)
            self.names[id(operation)] = name

    def name(self, operation: Any) -> str:
        return self.names.get(id(operation)) or str(operation.name)

    def calls(self, operation: Any) -> list[Any]:
        return [node for node in operation._inbound_nodes if id(node) in self.own]

    def spell(self, tensor: Any, ends: bool = False) -> list[Any]:
        """``[layer, call, output]``, calls counted in this graph; at the ends a nested Functional counts from 1."""
        operation, node, index = tensor._keras_history
        call = sum(id(n) in self.own for n in operation._inbound_nodes[:node])
        return [self.name(operation), call + (1 if ends and is_functional(operation) else 0), index]


class Capture:
    """A capture under way: facts by layer path, the variables that have a row, the objects met so far."""

    def __init__(self) -> None:
        self.facts: Document = {}
        self.listed: set[int] = set()
        self.met: dict[int, Document] = {}

    def graph(self, functional: Any, prefix: str = "", names: Sequence[str] | None = None) -> Document:
        """The config of a Functional graph, as Keras 3 writes it; ``names`` in the order of its operations."""
        numbering = Numbering(functional, names)
        layers = []
        for operation in functional._operations:
            name = numbering.name(operation)
            data = self.layer(operation, prefix + name)
            nodes = numbering.calls(operation)
            data["inbound_nodes"] = [call_arguments(node, numbering) for node in nodes if node.input_tensors]
            self.facts[prefix + name]["outputs"] = [call_outputs(operation, node) for node in nodes]
            data["name"] = name
            layers.append(data)
        ends = {
            name: tree.map_structure(lambda t: numbering.spell(t, ends=True), getattr(functional, attribute))
            for name, attribute in (("input_layers", "_inputs_struct"), ("output_layers", "_outputs_struct"))
        }
        return {"name": functional.name, "trainable": functional.trainable, "layers": layers, **ends}

    def sequential(self, model: Any, prefix: str = "") -> Document:
        """The config of a built Sequential; its layers' calls follow from their order."""
        numbering = Numbering(model._functional)
        layers = []
        for layer in model._layers:
            layers.append(self.layer(layer, prefix + layer.name))
            outputs = [call_outputs(layer, node) for node in numbering.calls(layer)]
            self.facts[prefix + layer.name]["outputs"] = outputs
        shape = list(model._layers[0].batch_shape)
        return {"name": model.name, "trainable": model.trainable, "layers": layers, "build_input_shape": shape}

    def layer(self, operation: Any, path: str) -> Document:
        """One layer's serialised form, nested models opened; its facts are put down."""
        facts = self.facts[path] = layer_facts(operation)
        if isinstance(operation, keras.Sequential) and operation._functional is not None:
            data = {**own_class(operation), "config": self.sequential(operation, f"{path}/")}
            facts["variables"] = self.unlisted(operation)
        elif is_functional(operation):
            data = {**own_class(operation), "config": self.graph(operation, f"{path}/")}
            facts["variables"] = self.unlisted(operation)
        else:
            data = serialise(operation)
            self.listed.update(id(v) for v in getattr(operation, "weights", ()))
        self.mark_shared(operation, data)
        return data

    def mark_shared(self, operation: Any, data: Document) -> None:
        """Give every place of one object the same id, as Keras's files do."""
        first = self.met.setdefault(id(operation), data)
        if first is not data:
            first["shared_object_id"] = data["shared_object_id"] = id(operation)

    def parts(self, model: Any) -> Iterator[Document]:
        """The layers of a subclassed model whose calls are not known, each by itself, under names of their own."""
        yield from self.boxes(model.layers, set())

    def uncalled(self, model: Any, functional: Any) -> Iterator[Document]:
        """The layers that a recovered model holds and its graph does not: nothing calls them."""
        called = {id(operation) for operation in functional._operations}
        taken = {data["name"] for data in self.met.values() if "name" in data} | set(self.facts)
        waiting, alone = list(model._flatten_layers(include_self=False, recursive=False)), []
        while waiting:
            layer = waiting.pop(0)
            inside = list(layer._flatten_layers(recursive=True))
            if id(layer) in called:
                continue
            if any(id(sub) in called for sub in inside):
                waiting += list(layer._flatten_layers(include_self=False, recursive=False))
            elif not self.listed & {id(v) for v in layer.weights}:
                alone.append(layer)
        yield from self.boxes(alone, taken)

    def boxes(self, layers: list[Any], taken: set[str]) -> Iterator[Document]:
        for layer in layers:
            name, count = layer.name, 1
            while name in taken:
                name, count = f"{layer.name}_{count}", count + 1
            taken.add(name)
            data = self.layer(layer, name)
            self.facts[name]["outputs"] = []
            data["name"] = name
            yield data

    def unlisted(self, model: Any) -> list[Document]:
        """A model's variables that stand in none of its rows: operations use them directly."""
        found = [v for v in model.weights if id(v) not in self.listed]
        self.listed.update(id(v) for v in found)
        return [describe_variable(v) for v in found]


def call_arguments(node: Any, numbering: Numbering) -> Document:
    """A call's arguments as Keras 3 writes them."""

    def leaf(value: Any) -> Any:
        if isinstance(value, keras.KerasTensor):
            config = {"shape": list(value.shape), "dtype": value.dtype, "keras_history": numbering.spell(value)}
            return {"class_name": "__keras_tensor__", "config": config}
        return serialise_argument(value)

    return {
        "args": [tree.map_structure(leaf, item) for item in node.arguments.args],
        "kwargs": {key: tree.map_structure(leaf, item) for key, item in node.arguments.kwargs.items()},
    }


def call_outputs(operation: Any, node: Any) -> Any:
    """The shapes and dtypes a call returned: one, a list, or an object where a nested model returns one."""
    flat = [[list(t.shape), keras.backend.standardize_dtype(t.dtype)] for t in node.output_tensors]
    struct = getattr(getattr(operation, "_functional", None) or operation, "_outputs_struct", None)
    if isinstance(struct, dict) and len(struct) == len(flat):
        return {"keys": dict(zip(sorted(struct), flat, strict=True))}
    return {"list": flat} if len(flat) != 1 else {"one": flat[0]}
