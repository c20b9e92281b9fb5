"""Hold a layer's knowledge against the real Keras layer, built and called."""

from __future__ import annotations

import json
from typing import Any

import keras

from inspector.analyses.inference import Inference
from inspector.graph import Layer, Spec, Unknown, flatten, map_structure
from inspector.keras_config import decode_layer
from inspector.knowledge import Example, Subject


def keras_layer(example: Example) -> Any:
    """The real layer, called on symbolic inputs; returns the layer and its outputs."""
    layer = make_layer(example)
    return layer, call_real(layer, example)


def make_layer(example: Example) -> Any:
    """The real layer, not called; an example inside a config stands for a layer that this one wraps."""
    config = map_structure(lambda leaf: make_layer(leaf) if isinstance(leaf, Example) else leaf, dict(example.config))
    return getattr(keras.layers, example.kind)(**config)


def call_real(layer: Any, example: Example) -> Any:
    if isinstance(layer, keras.layers.InputLayer):
        return layer.output
    tensors = to_argument(to_specs(list(example.inputs), example.dtype), example.dtype)
    kwargs = {key: to_argument(value, example.dtype) for key, value in example.kwargs.items()}
    return layer(tensors, **kwargs) if example.nested else layer(*tensors, **kwargs)


def to_specs(value: Any, dtype: str) -> Any:
    """Inputs as specs: a tuple is a shape; lists and dicts are structures of them."""
    if isinstance(value, list):
        return [to_specs(item, dtype) for item in value]
    if isinstance(value, dict):
        return {key: to_specs(item, dtype) for key, item in value.items()}
    return value if isinstance(value, Spec) else Spec(tuple(value), dtype)


def to_tensor(shape: Any, dtype: str) -> Any:
    shape, dtype = (shape.shape, shape.dtype) if isinstance(shape, Spec) else (shape, dtype)
    return keras.KerasTensor(shape, dtype=dtype)


def to_argument(value: Any, dtype: str) -> Any:
    return map_structure(lambda leaf: to_tensor(leaf, dtype) if isinstance(leaf, Spec) else leaf, value)


def decoded(layer: Any) -> Layer:
    """The layer as a reader would meet it: through JSON."""
    data = keras.saving.serialize_keras_object(layer)
    return decode_layer(json.loads(json.dumps(data)))


def known_outputs(layer: Layer, example: Example, inference: Inference) -> tuple[Any, tuple[Any, dict[str, Any]]]:
    specs = to_specs(list(example.inputs), example.dtype)
    bound = ((specs,) if example.nested else tuple(specs), dict(example.kwargs))
    return inference.outputs(Subject(layer, inference), *bound), bound


def check(example: Example) -> None:
    """Assert that shapes, dtypes, weights, trainability and counts equal Keras's."""
    real, outputs = keras_layer(example)
    layer, inference = decoded(real), Inference()
    known, bound = known_outputs(layer, example, inference)
    assert not isinstance(known, Unknown), known.why
    expected = [(tuple(t.shape), t.dtype) for t in keras.tree.flatten(outputs)]
    assert [(spec.shape, spec.dtype) for spec in flatten(known)] == expected
    specs = inference.weights(Subject(layer, inference), *bound)
    assert [(tuple(s.shape), s.dtype, s.trainable) for s in specs] == [
        (tuple(w.shape), str(keras.backend.standardize_dtype(w.dtype)), w.trainable and real.trainable)
        for w in real.weights
    ]
    assert [s.name for s in specs] == [w.name for w in real.weights]
    assert sum(int(_size(s.shape)) for s in specs) == real.count_params()
    subject = Subject(layer, inference)
    macs = inference.macs(subject, known, *bound)
    assert macs is None or macs >= 0


def _size(shape: Any) -> int:
    total = 1
    for dim in shape:
        total *= dim
    return total
