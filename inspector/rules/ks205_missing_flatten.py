"""KS205 missing-flatten."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from ..analyses.compile_arguments import Named
from ..analyses.flow import Step, Tensor
from ..analyses.output_losses import BINARY_LOSSES, LABEL_LOSSES, losses_by_output
from ..analyses.paths import ancestors, is_linear, sizes, walk_back
from ..analyses.roles import (
    ACTIVATION_LAYERS,
    BATCH_NORMS,
    CONVOLUTIONS,
    EMBEDDINGS,
    MERGES,
    NOISE,
    PADDINGS,
    POOLS,
    activation_of,
    is_own,
)
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

HEAD = NOISE | BATCH_NORMS | ACTIVATION_LAYERS.keys() | {"Dense", "Activation", "LayerNormalization"}
TRUNK = CONVOLUTIONS | POOLS | PADDINGS | HEAD | MERGES | EMBEDDINGS | {"InputLayer", "Rescaling", "Normalization",
                                                                       "Resizing"}  # fmt: skip
HARMLESS = ("Random", "Auto")  # augmentation, by the beginning of its name


class MissingFlatten(Rule):
    """A dense head on a feature map: the model predicts once for every position, and the task is one label a sample.

    `Dense` works on the last axis alone. Behind convolutions without `Flatten` or `GlobalAveragePooling2D`, ten units
    on a map of 5 x 5 give 25 predictions for each image; the loss fails on labels of one number a sample, or, where
    broadcasting allows it, compares every position with the same label.

    Said where convolutions have shrunk the image, the layers behind them are dense up to the output, and the loss is a
    crossentropy of Keras's own; not of segmentation, upsampling, sequences or recurrent layers.
    """

    code = "KS205"
    name = "missing-flatten"
    severity = "warning"
    needs = ("flow", "training")
    flags = (
        Example("model = keras.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(8, 3, activation='relu'),"
                " layers.MaxPooling2D(), layers.Dense(16, 'relu'), layers.Dense(10, activation='softmax')])\n"
                "model.compile('adam', 'sparse_categorical_crossentropy')", "a classifier without Flatten"),
        Example("x = keras.Input((32, 32, 3))\ny = layers.Conv2D(8, 3, strides=2, padding='same')(x)\n"
                "y = layers.Activation('sigmoid')(layers.Dense(1)(layers.Dropout(0.2)(layers.ReLU()(y))))\n"
                "model = keras.Model(x, y)\nmodel.compile('adam', 'binary_crossentropy')", "a binary one",
                "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(8, 3, activation='relu'),"
                " layers.Flatten(), layers.Dense(10, activation='softmax')])\n"
                "model.compile('adam', 'sparse_categorical_crossentropy')", "with Flatten"),
        Example("model = keras.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(8, 3, padding='same'),"
                " layers.ReLU(), layers.Dense(4, activation='softmax')])\n"
                "model.compile('adam', 'sparse_categorical_crossentropy')", "segmentation at full size"),
        Example("x = keras.Input((32, 32, 3))\ny = layers.Conv2D(8, 3, padding='same', activation='relu')(x)\n"
                "y = layers.UpSampling2D()(layers.MaxPooling2D(4)(y))\n"
                "model = keras.Model(x, layers.Dense(4, activation='softmax')(y))\n"
                "model.compile('adam', 'sparse_categorical_crossentropy')", "segmentation at half size"),
        Example("model = keras.Sequential([layers.Input((32, 32, 3)), layers.Conv2D(8, 3, activation='relu'),"
                " layers.MaxPooling2D(), layers.Conv2D(1, 4, activation='sigmoid')])\n"
                "model.compile('adam', 'binary_crossentropy')", "a discriminator of patches: convolutions to the end"),
        Example("model = keras.Sequential([layers.Input((60, 8)), layers.Conv1D(8, 5, strides=2, padding='same'),"
                " layers.LSTM(4, return_sequences=True), layers.Dense(3, activation='softmax')])\n"
                "model.compile('adam', 'sparse_categorical_crossentropy')", "labels for the steps of a sequence"),
        Example("model = keras.Sequential([layers.Input((300, 2)), layers.Conv1D(8, 5, padding='same'), layers.ReLU(),"
                " layers.MaxPooling1D(10), layers.Dense(3, activation='softmax')])\n"
                "model.compile('adam', 'sparse_categorical_crossentropy')", "one label for every ten steps"),
        Example("model = keras.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(8, 3, activation='relu'),"
                " layers.GlobalAveragePooling2D(keepdims=True), layers.Dense(10, activation='softmax')])\n"
                "model.compile('adam', 'sparse_categorical_crossentropy')", "a pooled map of 1 x 1"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        flow, training = case.flow, case.training
        if flow is None or training is None:
            return
        losses = losses_by_output(training, flow)
        metrics = training.metrics_for(flow.output_names, flow.output_keys)
        for index, tensor in enumerate(flow.outputs):
            names = {loss.name for loss in losses[index]}
            if not names or not names <= LABEL_LOSSES | BINARY_LOSSES or has_iou(metrics, index):
                continue
            head, trunk = walk_back(tensor.step, lambda step: step.class_name in HEAD and is_own(step.layer))
            first = next((step for step in reversed(head) if step.class_name == "Dense"), None)
            if trunk is None or first is None or not is_shrunk(tensor, trunk):
                continue
            made = prod(size for size in sizes(tensor.spec) or () if size is not None)
            yield self.finding(
                f"{first.title} works on a map of {spell(first.sources[0])}: the model predicts {made:,} times for each"
                f" sample, which the loss {min(names)!r} takes for {made:,} labels",
                layer=first.path,
                hint=f"put Flatten() or GlobalAveragePooling{len(sizes(tensor.spec) or ())}D() before"
                f" {first.layer.name!r}",
            )


def has_iou(metrics: list[list[Named]], index: int) -> bool:
    return index < len(metrics) and any("IoU" in metric.name for metric in metrics[index])


def is_shrunk(tensor: Tensor, trunk: Step) -> bool:
    """Whether an output with probabilities is a map that plain convolutions have made smaller than their input."""
    _, last = walk_back(tensor.step, is_linear)
    if last is None or activation_of(last.layer) not in ("softmax", "sigmoid"):
        return False
    steps = ancestors([Tensor(trunk, 0)])
    if not all(is_plain(step) for step in steps) or not any(step.class_name in CONVOLUTIONS for step in steps):
        return False
    made = sizes(tensor.spec)
    inputs = [sizes(step.spec) for step in steps if step.layer.kind == "input"]
    if not made or None in made or prod(size or 0 for size in made) <= 1:
        return False
    known = [given for given in inputs if given and len(given) == len(made)]
    return len(known) == len(inputs) == 1 and is_smaller(made, known[0])


def is_smaller(made: tuple[int | None, ...], given: tuple[int | None, ...]) -> bool:
    """In every direction; of a sequence not by a whole factor, which may be one label for so many steps."""
    pairs = [(a, b) for a, b in zip(made, given, strict=True) if a and b and a < b]
    if len(pairs) != len(made):
        return False
    return len(made) > 1 or all(b % a != 0 for a, b in pairs)


def is_plain(step: Step) -> bool:
    name = step.class_name
    if not is_own(step.layer) or name.endswith("Transpose"):
        return False
    return name in TRUNK or name.startswith(HARMLESS)


def spell(tensor: Tensor) -> str:
    return " x ".join(str(size) for size in sizes(tensor.spec) or ()) or "several positions"
