"""Helpers for tests, the project's own and its users': a model's graph from code, and whether two graphs are the same.

from inspector.testing import assert_same_graph, model_from

assert_same_graph(model_from(build_model), "saved.keras")
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from .analyses.facts import find_facts
from .analyses.summary import class_of
from .graph import Call, Constant, Graph, Layer, Model, TensorRef

SOME = 20  # differences that a failed assertion lists


def model_from(code: Any, **request: Any) -> Model:
    """The graph of a live Keras model, of what a function or class returns, or of ``file.py:name`` and its like.

    A live model and a function are captured in this process; a text is handed to a worker, as on the command line.
    ``request`` holds what the worker takes (``arguments``, ``inputs``, ``expand``, ``recover``, ``check``).
    """
    if isinstance(code, str):
        from .readers.source_code import CodeRequest, read_code

        return read_code(code, CodeRequest(**request))
    from .api import from_keras

    return from_keras(code(**request.pop("arguments", {})) if is_factory(code) else code, **request)


def is_factory(code: Any) -> bool:
    return isinstance(code, type) or (callable(code) and not hasattr(code, "weights"))


def assert_same_graph(a: Any, b: Any) -> None:
    """Fail with every difference between two graphs: layers, classes, configs, calls, shapes, ends, weights.

    ``a`` and ``b`` are graphs as `read` and `model_from` return them, or paths. What a file cannot say is not asked of
    it: where a class is defined, and the kind of a custom class.
    """
    found = list(graph_differences(load(a), load(b)))
    if found:
        more = f"\n… and {len(found) - SOME} more" if len(found) > SOME else ""
        raise AssertionError("the graphs differ:\n" + "\n".join(found[:SOME]) + more)


def load(value: Any) -> Model:
    if isinstance(value, Model):
        return value
    if isinstance(value, (str, os.PathLike)):
        from .api import read

        return read(value)
    return model_from(value)


def graph_differences(a: Model, b: Model) -> Iterator[str]:
    """Every difference, one line each."""
    yield from compare_graphs(a.graph, b.graph, "", modern(a) and modern(b))
    if a.weights is not None and b.weights is not None and a.graph.built:
        yield from compare_weights(a, b)


def modern(model: Model) -> bool:
    """Whether the configs are in Keras 3's own dialect; legacy files spell the same config in other ways."""
    return model.format != "h5" and not (model.keras_version or "3").startswith("2")


def compare_graphs(a: Graph, b: Graph, prefix: str, configs: bool) -> Iterator[str]:
    names = [[layer.name for layer in graph.layers] for graph in (a, b)]
    if names[0] != names[1]:
        yield f"{prefix or 'the model'}: layers {names[0]} and {names[1]}"
        return
    yield from unequal(prefix or a.name, ("kind", a.kind, b.kind), ("built", a.built, b.built))
    yield from unequal(prefix or a.name, ("inputs", a.inputs, b.inputs), ("outputs", a.outputs, b.outputs))
    for ref in a.stated.keys() & b.stated.keys():
        yield from unequal(f"{prefix}{ref.layer}", (f"shape of {ref}", a.stated[ref].shape, b.stated[ref].shape))
    for mine, theirs in zip(a.layers, b.layers, strict=True):
        yield from compare_layers(mine, theirs, prefix + mine.name, configs)
    yield from compare_sharing(a, b, prefix)


def compare_layers(a: Layer, b: Layer, path: str, configs: bool) -> Iterator[str]:
    yield from unequal(path, ("class", class_of(a), class_of(b)), ("kind", plain_kind(a), plain_kind(b)))
    yield from unequal(path, ("trainable", a.trainable, b.trainable))
    yield from unequal(path, ("calls", len(a.calls), len(b.calls)))
    for index, (mine, theirs) in enumerate(zip(a.calls, b.calls, strict=False)):
        yield from unequal(f"{path}[{index}]", ("call", normal(mine), normal(theirs)))
    if a.inner is not None and b.inner is not None:
        yield from compare_graphs(a.inner, b.inner, f"{path}/", configs)
    elif configs:
        yield from unequal(path, ("module", a.module, b.module), ("registered", a.registered_name, b.registered_name))
        yield from unequal(path, ("config", normal(a.config), normal(b.config)))


def plain_kind(layer: Layer) -> str:
    """A file cannot tell a custom model from a custom layer."""
    return "layer" if layer.kind == "subclassed" else layer.kind


def compare_sharing(a: Graph, b: Graph, prefix: str) -> Iterator[str]:
    """Which layers are one object, whatever number stands for it."""
    groups = []
    for graph in (a, b):
        together: dict[int, list[str]] = {}
        for layer in graph.layers:
            if layer.shared_id is not None and layer.kind != "operation":
                together.setdefault(layer.shared_id, []).append(layer.name)
        groups.append(sorted(names for names in together.values() if len(names) > 1))
    yield from unequal(prefix or "the model", ("shared objects", groups[0], groups[1]))


def compare_weights(a: Model, b: Model) -> Iterator[str]:
    """Shapes, dtypes and flags of every layer's weights, as a summary counts them; what a file leaves open fits."""
    mine, theirs = ({fact.path: fact.weights for fact in find_facts(model).layers if fact.weights} for model in (a, b))
    for path in sorted(mine.keys() | theirs.keys()):
        weights = [side.get(path, []) for side in (mine, theirs)]
        flags = all(w.trainable is not None for side in weights for w in side)
        plain = [sorted((w.shape, w.dtype, w.trainable if flags else None) for w in side) for side in weights]
        yield from unequal(path, ("weights", plain[0], plain[1]))


def unequal(path: str, *facts: tuple[str, Any, Any]) -> Iterator[str]:
    for what, mine, theirs in facts:
        if mine != theirs:
            yield f"{path}: {what} {mine!r} and {theirs!r}"


def normal(value: Any) -> Any:
    """A config or the arguments of a call in one form: tuples as lists, constants by shape and dtype."""
    if isinstance(value, Call):
        return [normal(value.args), normal(value.kwargs)]
    if isinstance(value, TensorRef):
        return value
    if isinstance(value, Constant):
        return ("constant", tuple(value.shape), value.dtype)
    if isinstance(value, Mapping):
        return {key: normal(item) for key, item in value.items() if key != "shared_object_id"}
    if isinstance(value, (list, tuple)):
        return [normal(item) for item in value]
    return value


__all__ = ["assert_same_graph", "graph_differences", "model_from"]
