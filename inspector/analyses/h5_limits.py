"""What an ``.h5`` file names and Keras 3 cannot make again from it: it holds a class and its config, and no more."""

from __future__ import annotations

from collections.abc import Iterator

from ..graph import Layer, Model
from ..knowledge import policy_of
from ..layers import find_knowledge
from .compile_arguments import Named
from .facts import Facts
from .legacy_dialect import Obstacle
from .parts import walk_held
from .training import Training, leaves

FUTURE = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "ClassMethod", "InstanceMethod", "InstanceProperty")
# Functions that keras.layers has beside its classes: an .h5 file's loader takes a word of a config for one of them
WORDS = frozenset({"Input", "add", "average", "concatenate", "deserialize", "dot", "maximum", "minimum", "multiply",
                   "serialize", "subtract"})  # fmt: skip
# Short names that Keras 3.15 compiles with, and does not find again where an .h5 file names a loss by them
SHORT = frozenset({"mse", "mae", "mape", "msle", "kld", "bce", "kullback_leibler_divergence", "logcosh", "huber_loss",
                   "cosine_proximity"})  # fmt: skip
TO_KERAS = "save as .keras, which can hold it"
Found = list[tuple[str, Layer]]


def find_tensorflow_functions(model: Model) -> Iterator[Obstacle]:
    """Functions of TensorFlow's that Keras 2 stored as layers; of any format, Keras 3 has no class for them."""
    found = [(path, layer) for path, _, layer in walk_held(model) if layer.class_name in FUTURE]
    if found:
        yield Obstacle(
            f"{name_all(found)}: Keras 3 has no layers for TensorFlow's functions, and cannot load the file",
            "load it with tf_keras, and build that part again with keras.ops or layers of Keras", found[0][0],
        )  # fmt: skip


def find_unloadable(model: Model) -> Iterator[Obstacle]:
    """Operations and settings in an ``.h5`` file that its loader refuses, or takes for something else."""
    if model.format != "h5":
        return
    held = [(path, layer) for path, _, layer in walk_held(model)]
    operations = [(path, layer) for path, layer in held if layer.kind == "operation" and layer.class_name not in FUTURE
                  and find_knowledge(layer) is not None]  # fmt: skip
    if operations:
        yield Obstacle(
            f"{name_all(operations)} of keras.ops cannot be loaded from an .h5 file",
            f"{TO_KERAS}; or use layers in place of operations: layers.Add, layers.Rescaling, layers.Reshape",
            operations[0][0],
        )
    for path, layer in held:
        if layer.kind not in ("functional", "sequential", "operation"):
            yield from find_misread(path, layer)


def find_misread(path: str, layer: Layer) -> Iterator[Obstacle]:
    """Settings of a layer that the loader of ``.h5`` files reads as another thing than was meant."""
    for key, value in layer.config.items():
        if key != "name" and isinstance(value, str) and value in WORDS:
            yield Obstacle(
                f"{layer.class_name} {layer.name!r}: {key}={value!r} is read from an .h5 file as the function "
                f"keras.layers.{value}, and refused", TO_KERAS, path,
            )  # fmt: skip
    axis = layer.config.get("axis")
    if isinstance(axis, list) and len(axis) > 1:
        yield Obstacle(
            f"{layer.class_name} {layer.name!r}: axis={str(axis)[:60]} is dropped when an .h5 file is read, and it "
            "runs over its default axis", TO_KERAS, path,
        )  # fmt: skip


def find_bfloat16(model: Model, facts: Facts) -> Iterator[Obstacle]:
    """Weights of a number type that HDF5 has no word for."""
    if model.format != "h5":
        return
    found = [fact for fact in facts.layers if fact.layer.inner is None and fact.weights
             and any(weight.dtype == "bfloat16" for weight in fact.weights)]  # fmt: skip
    if found:
        count = sum(len(fact.weights or ()) for fact in found)
        who, dtype = name_all([(fact.path, fact.layer) for fact in found]), policy_of(found[0].layer.config).variable
        yield Obstacle(f"{who}: {count} tensors are stored in {dtype}, which Keras cannot read from an .h5 file",
                       "save as .keras, or build the layer with dtype='mixed_bfloat16'", found[0].path)  # fmt: skip


def find_short_losses(model: Model, training: Training | None) -> Iterator[tuple[Named, Obstacle]]:
    """Losses that an ``.h5`` file names by a word which Keras 3 does not find there; each word once."""
    if model.format != "h5" or training is None:
        return
    told = set()
    for loss in leaves(training.loss):
        word = loss.spelled
        if word.lower() in SHORT and not loss.config and word not in told:
            told.add(word)
            instead = f"keras.losses.{loss.name}()" if loss.name != word else "an object of keras.losses"
            yield loss, Obstacle(
                f"compiled with the loss {word!r}, which Keras 3 does not find when it reads an .h5 file: "
                "loading it fails", f"compile with {instead}, or save as .keras; this file loads with compile=False",
            )  # fmt: skip


def name_all(found: Found) -> str:
    """The first of several layers by name, and how many more there are."""
    layer, more = found[0][1], f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"{layer.class_name} {layer.name!r}{more}"


__all__ = ["find_bfloat16", "find_short_losses", "find_tensorflow_functions", "find_unloadable"]
