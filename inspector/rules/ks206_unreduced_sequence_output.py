"""KS206 unreduced-sequence-output."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.flow import Tensor
from ..analyses.output_losses import LABEL_LOSSES, losses_by_output
from ..analyses.paths import ancestors, walk_back
from ..analyses.roles import ACTIVATION_LAYERS, BATCH_NORMS, NOISE, RECURRENT, is_own
from ..graph import Layer, Spec
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

HEAD = NOISE | BATCH_NORMS | ACTIVATION_LAYERS.keys() | {"Dense", "Activation", "LayerNormalization"}
BY_STEP = frozenset({"RepeatVector", "TimeDistributed", "Masking"})


class UnreducedSequenceOutput(Rule):
    """A recurrent layer that returns every step before a head of one unit: a number for each step.

    With `return_sequences=True` the last recurrent layer hands on all its steps and `Dense(1)` is applied to each, so
    that the output has a rank of 3. Where one number a sequence is wanted, the labels are broadcast over the steps and
    the loss means something else. Leave `return_sequences` out of the last recurrent layer, or pool over the steps.
    Models that predict every step are built like this too, so it is a remark.
    """

    code = "KS206"
    name = "unreduced-sequence-output"
    severity = "info"
    needs = ("flow",)
    flags = (
        Example("model = keras.Sequential([layers.Input((30, 4)), layers.LSTM(8, return_sequences=True),"
                " layers.Dense(1)])\nmodel.compile('adam', 'mse')", "a forecast at every step"),
        Example("x = keras.Input((30, 4))\ny = layers.Bidirectional(layers.GRU(8, return_sequences=True))(x)\n"
                "y = layers.Dense(1, activation='sigmoid')(layers.Dense(8, activation='relu')(y))\n"
                "model = keras.Model(x, y)\nmodel.compile('adam', 'binary_crossentropy')", "in both directions",
                "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((30, 4)), layers.LSTM(8), layers.Dense(1)])\n"
                "model.compile('adam', 'mse')", "the last step alone"),
        Example("model = keras.Sequential([layers.Input((30, 4)), layers.LSTM(8, return_sequences=True),"
                " layers.Dense(5, activation='softmax')])\nmodel.compile('adam', 'sparse_categorical_crossentropy')",
                "a label for each step"),
        Example("model = keras.Sequential([layers.Input((30, 4)), layers.LSTM(8), layers.RepeatVector(7),"
                " layers.LSTM(8, return_sequences=True), layers.Dense(1)])\nmodel.compile('adam', 'mse')",
                "a forecast of seven steps"),
        Example("model = keras.Sequential([layers.Input((30, 4)), layers.LSTM(8, return_sequences=True),"
                " layers.GlobalAveragePooling1D(), layers.Dense(1)])\nmodel.compile('adam', 'mse')", "pooled steps"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        flow = case.flow
        if flow is None:
            return
        training = case.training if case.has("training") else None
        for tensor, losses in zip(flow.outputs, losses_by_output(training, flow), strict=True):
            if not is_scalar(tensor) or {loss.name for loss in losses} & LABEL_LOSSES:
                continue
            head, step = walk_back(tensor.step, lambda step: step.class_name in HEAD and is_own(step.layer))
            if step is None or not any(s.class_name == "Dense" for s in head) or not returns_sequences(step.layer):
                continue
            if any(s.class_name in BY_STEP or s.config.get("mask_zero") for s in ancestors([Tensor(step, 0)])):
                continue
            spec = tensor.spec
            steps = spec.shape[1] if isinstance(spec, Spec) else None
            yield self.finding(
                f"{step.title} returns every step, so that the model gives {steps or 'many'} numbers for each sequence",
                layer=step.path,
                hint=f"leave return_sequences=True out of {step.layer.name!r} if one number a sequence is wanted",
            )


def is_scalar(tensor: Tensor) -> bool:
    return isinstance(tensor.spec, Spec) and tensor.spec.rank == 3 and tensor.spec.shape[-1] == 1


def returns_sequences(layer: Layer) -> bool:
    if layer.class_name not in RECURRENT or not is_own(layer):
        return False
    held = layer.wraps.get("layer") if layer.class_name == "Bidirectional" else layer
    return isinstance(held, Layer) and held.config.get("return_sequences") is True
