"""What Keras 2 and tf_keras wrote into a config, and Keras 3 refuses or takes for something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..graph import Graph, Model
from .records import Finding
from .static_config import layers_of

RECURRENT = ("RNN", "SimpleRNN", "LSTM", "GRU", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional",
             "StackedRNNCells")  # fmt: skip
UNGROUPED = ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "DepthwiseConv1D", "DepthwiseConv2D",
             "SeparableConv1D", "SeparableConv2D")  # fmt: skip
SEPARABLE = ("SeparableConv1D", "SeparableConv2D")
SPATIAL = ("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")
RANDOM = ("RandomBrightness", "RandomContrast", "RandomCrop", "RandomFlip", "RandomRotation", "RandomTranslation",
          "RandomZoom")  # fmt: skip
# Arguments that Keras 3.15.1 refuses, by class, and what to put in their place
REFUSED: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("time_major", RECURRENT, "it is False unless somebody set it"),
    ("groups", UNGROUPED, "it is 1"),
    ("kernel_initializer", SEPARABLE, "depthwise_ and pointwise_initializer say it"),
    ("kernel_regularizer", SEPARABLE, "depthwise_ and pointwise_regularizer say it"),
    ("kernel_constraint", SEPARABLE, "depthwise_ and pointwise_constraint say it"),
    ("query_shape", ("MultiHeadAttention",), "Keras 3 takes it from the call"),
    ("key_shape", ("MultiHeadAttention",), "Keras 3 takes it from the call"),
    ("value_shape", ("MultiHeadAttention",), "Keras 3 takes it from the call"),
    ("softmax_robust_masking", ("MultiHeadAttention",), "Keras 3 masks so always"),
    ("rng_type", RANDOM, "Keras 3 has one kind of generator"),
    ("noise_shape", SPATIAL, "the layer sets it itself"),
    ("trainable", (*SPATIAL, "Discretization"), "it has no weights"),
)
GONE = ("AbstractRNNCell", "LocallyConnected1D", "LocallyConnected2D", "RandomHeight", "RandomWidth", "ThresholdedReLU")


def find_old_arguments(model: Model) -> Iterator[Finding]:
    """Arguments, classes and spellings of Keras 2, each by the layer that has them."""
    if is_old_archive(model):
        yield Finding(f"a .keras file of tf_keras {model.keras_version}, whose config Keras 3 does not read", None,
                      "load it with tf_keras, save it as .h5, and load that with Keras 3")  # fmt: skip
    yield from find_refused(model)
    if model.format == "h5" and not (model.keras_version or "").startswith("3."):
        yield from find_old_policies(model)
        yield from find_old_nodes(model.graph)
    yield from find_old_inputs(model.graph)
    settings = ((model.training or {}).get("optimizer_config") or {}).get("config")
    if isinstance(settings, Mapping) and "lr" in settings:
        yield Finding("the optimizer is written with lr, which Keras 3 refuses", None,
                      "load it with compile=False, and compile it again with learning_rate=…")  # fmt: skip


def is_old_archive(model: Model) -> bool:
    return model.format in ("keras", "keras-dir") and (model.keras_version or "").startswith("2.")


def find_refused(model: Model) -> Iterator[Finding]:
    """Each layer with the arguments that it has no more; those that only h5 files of Keras 2 hold, in these alone."""
    old = not (model.keras_version or "").startswith("3.") and model.format in ("h5", "config")
    for path, layer in layers_of(model):
        if layer.class_name in GONE and old:
            yield Finding(f"Keras 3 has no {layer.class_name}", path, "load it with tf_keras, and build it anew")
        names = [
            (name, instead)
            for name, classes, instead in REFUSED
            if layer.class_name in classes and name in layer.config and (name == "time_major" or old)
        ]
        if names:
            listed = ", ".join(name for name, _ in names)
            hints = "; ".join(dict.fromkeys(instead for _, instead in names))
            yield Finding(f"{listed} {'is' if len(names) == 1 else 'are'} in its config, which Keras 3 refuses", path,
                          f"drop {listed} from the config: {hints}; or load it with tf_keras")  # fmt: skip


def find_old_policies(model: Model) -> Iterator[Finding]:
    """Mixed precision, which tf_keras writes as an object of a class that Keras 3 does not know."""
    for path, layer in layers_of(model):
        dtype = layer.config.get("dtype")
        if isinstance(dtype, Mapping) and str(dtype.get("class_name")).startswith("Policy"):
            yield Finding("its dtype is a Policy of tf_keras, which Keras 3 does not read", path,
                          'state its name alone, "dtype": "mixed_float16", or load it with tf_keras')  # fmt: skip


def find_old_nodes(graph: Graph, path: str | None = None) -> Iterator[Finding]:
    """Nested models whose calls Keras 2 counts from one: a layer after them does not find its input."""
    listed = [item for item in graph.config.get("layers") or () if isinstance(item, Mapping)]
    calls = {item.get("name"): max(1, len(item.get("inbound_nodes") or ())) for item in listed}
    for item in listed:
        for name, index in old_references(item.get("inbound_nodes")):
            if name in calls and index >= calls[name]:
                where = f"{path}/{name}" if path else name
                yield Finding(
                    f"{item.get('name')} takes what call {index} of it returns, and it has {calls[name]}: Keras 2 "
                    "counts the calls of a nested model from one, and Keras 3 cannot put the graph together", where,
                    "load it with tf_keras, or count the node_index of its outputs down by one in the config",
                )  # fmt: skip
                break
    for layer in graph.layers:
        if layer.inner is not None:
            yield from find_old_nodes(layer.inner, f"{path}/{layer.name}" if path else layer.name)


def old_references(nodes: Any) -> Iterator[tuple[str, int]]:
    """(layer, call) of the tensors in the nested lists of Keras 2."""
    if not isinstance(nodes, list):
        return
    if len(nodes) in (3, 4) and isinstance(nodes[0], str) and isinstance(nodes[1], int):
        yield nodes[0], nodes[1]
        return
    for item in nodes:
        yield from old_references(item)


def find_old_inputs(graph: Graph, path: str | None = None) -> Iterator[Finding]:
    """A first layer with ``batch_input_shape``: Keras 3 takes the batch for one dimension more."""
    listed = graph.config.get("layers")
    if graph.kind == "sequential" and isinstance(listed, list) and listed and isinstance(listed[0], Mapping):
        first = listed[0].get("config")
        shape, name = (
            (first.get(k) for k in ("batch_input_shape", "name")) if isinstance(first, Mapping) else (None, "")
        )
        if listed[0].get("class_name") != "InputLayer" and isinstance(shape, list) and is_old(listed[0]):
            yield Finding(
                f"its first layer states batch_input_shape {shape}, and no InputLayer does: Keras 3 "
                "reads an input of one dimension more", f"{path}/{name}" if path else str(name),
                "move batch_input_shape into an InputLayer before it",
            )  # fmt: skip
    for layer in graph.layers:
        if layer.inner is not None:
            yield from find_old_inputs(layer.inner, f"{path}/{layer.name}" if path else layer.name)


def is_old(entry: Mapping[str, Any]) -> bool:
    """Keras 3 itself writes ``batch_shape``, and a module beside the class."""
    return "module" not in entry or "batch_shape" not in entry.get("config", {})
