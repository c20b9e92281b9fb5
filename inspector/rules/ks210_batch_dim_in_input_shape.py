"""KS210 batch-dim-in-input-shape."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.flow import Flow, Step
from ..analyses.paths import walk_on
from ..analyses.roles import BATCH_NORMS, CONVOLUTIONS, NOISE, PADDINGS, POOLS, UPSAMPLINGS, is_own
from ..graph import Spec
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

SPATIAL = CONVOLUTIONS | POOLS | PADDINGS | UPSAMPLINGS
PASSED = NOISE | BATCH_NORMS | {"Rescaling", "Normalization"}


class BatchDimInInputShape(Rule):
    """An input shape that states the batch again, so that the first layer gets one dimension too many.

    Keras puts the batch before the shape itself: `Input((None, 28, 28, 1))` is a tensor of five dimensions. Keras 3
    refuses it before a `Conv2D`, and the file cannot be loaded; Keras 2 took the second dimension for a batch too.
    Leave the batch out of `shape`, or state it in `batch_shape`.
    """

    code = "KS210"
    name = "batch-dim-in-input-shape"
    severity = "error"
    needs = ("flows",)
    flags = (
        Example("model = keras.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(4, 3), layers.Flatten()])\n"
                "model.save(path)\n"
                "def add(config):\n"
                "    config['config']['layers'][0]['config']['batch_shape'] = [None, None, 28, 28, 1]\n"
                "edit_config(path, add)", "an image with the batch in its shape"),
        Example("x = keras.Input((50, 8))\nmodel = keras.Model(x, layers.Conv1D(4, 3)(layers.Dropout(0.1)(x)))\n"
                "model.save(path)\n"
                "def add(config):\n"
                "    config['config']['layers'][0]['config']['batch_shape'] = [None, 32, 50, 8]\n"
                "    text = json.dumps(config).replace('[null, 50, 8]', '[null, 32, 50, 8]')\n"
                "    return json.loads(text)\n"
                "edit_config(path, add)", "a sequence with a batch of 32 in its shape"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(4, 3), layers.Flatten()])",
                "an image"),
        Example("model = keras.Sequential([layers.Input((None, 16, 16, 3)),"
                " layers.TimeDistributed(layers.Conv2D(4, 3)), layers.GlobalAveragePooling3D()])",
                "a video of any length, frame by frame"),
        Example("model = keras.Sequential([layers.Input((None, 16, 16, 3)), layers.Conv3D(4, 3),"
                " layers.GlobalMaxPooling3D()])", "a video"),
        Example("model = keras.Sequential([layers.Input((None, None, 3)), layers.Conv2D(4, 3)])", "images of any size"),
        Example("model = keras.Sequential([layers.Input((None, 16, 16, 3)), layers.ConvLSTM2D(4, 3)])",
                "a video through a recurrent convolution"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for flow in case.flows:
            for step, reader in overdone(flow, old=(case.model.keras_version or "3").startswith("2")):
                shape = step.spec.shape  # type: ignore[union-attr]
                yield self.finding(
                    f"the input {step.layer.name!r} has {len(shape)} dimensions with its batch, {list(shape)}, and"
                    f" {reader.title} takes {len(shape) - 1}",
                    layer=step.path,
                    hint=f"the batch does not belong into shape: use shape={tuple(shape[2:])}",
                )


def overdone(flow: Flow, *, old: bool) -> Iterator[tuple[Step, Step]]:
    """Inputs with a dimension more than the layer behind them takes. Keras 2 took videos so: there, one left open."""
    ends = flow.ends
    for step in flow.inputs:
        spec = step.spec
        if not isinstance(spec, Spec) or spec.rank < 4 or (old and spec.shape[1] is not None):
            continue
        _, reader = walk_on(step, ends, lambda s: s.class_name in PASSED)
        if reader is not None and reader.class_name in SPATIAL and is_own(reader.layer):
            rank = next(int(letter) for letter in reader.class_name if letter.isdigit())
            if spec.rank == rank + 3:
                yield step, reader
