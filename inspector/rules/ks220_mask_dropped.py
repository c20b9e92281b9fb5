"""KS220 mask-dropped."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.masks import find_lost_masks
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule


class MaskDropped(Rule):
    """A mask that is lost before anything uses it: padding counts as data after all.

    `Embedding(mask_zero=True)` and `Masking` say which steps are padding, and recurrent layers, attention and averages
    leave those out. `Flatten`, `Conv1D`, `Reshape` or pooling by the maximum know nothing of masks: Keras warns when
    the model is called and drops the mask, so that every layer behind works on the padding too. Use a layer that
    honours it, or leave `mask_zero` out.
    """

    code = "KS220"
    name = "mask-dropped"
    severity = "warning"
    needs = ("flows",)
    flags = (
        Example("model = keras.Sequential([layers.Input((20,)), layers.Embedding(100, 8, mask_zero=True),"
                " layers.Flatten(), layers.Dense(2)])", "Flatten behind an embedding with a mask"),
        Example("x = keras.Input((20, 4))\ny = layers.Conv1D(8, 3)(layers.Dropout(0.1)(layers.Masking()(x)))\n"
                "model = keras.Model(x, layers.Dense(2)(layers.LSTM(4)(y)))",
                "a convolution before the recurrent layer", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((20,)), layers.Embedding(100, 8, mask_zero=True),"
                " layers.LSTM(4), layers.Dense(2)])", "a recurrent layer uses it"),
        Example("model = keras.Sequential([layers.Input((20,)), layers.Embedding(100, 8, mask_zero=True),"
                " layers.GlobalAveragePooling1D(), layers.Dense(2)])", "an average over the steps uses it"),
        Example("x = keras.Input((20,))\ne = layers.Embedding(100, 8, mask_zero=True)(x)\n"
                "y = layers.MultiHeadAttention(2, 4)(e, e)\ny = layers.LayerNormalization()(layers.Add()([e, y]))\n"
                "model = keras.Model(x, layers.Dense(2)(layers.Flatten()(y)))", "used by attention, then dropped"),
        Example("model = keras.Sequential([layers.Input((1,)), layers.Embedding(100, 8, mask_zero=True),"
                " layers.Flatten(), layers.Dense(2)])", "a single category, where there is no padding"),
        Example("model = keras.Sequential([layers.Input((20,)), layers.Embedding(100, 8, mask_zero=True),"
                " layers.Bidirectional(layers.GRU(4, return_sequences=True)), layers.Flatten(), layers.Dense(2)])",
                "used before it is dropped"),
        Example("model = keras.Sequential([layers.Input((20,)), layers.Embedding(100, 8), layers.Flatten(),"
                " layers.Dense(2)])", "no mask"),
        Example("model = keras.Sequential([layers.Input((20,)), layers.Embedding(100, 8, mask_zero=True),"
                " layers.Dense(5, activation='softmax')])", "handed on to the loss of the output"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        told: set[str] = set()
        for flow in case.flows:
            for maker, dropper in find_lost_masks(flow):
                if maker.path in told:
                    continue
                told.add(maker.path)
                what = "mask_zero=True" if maker.class_name != "Masking" else "Masking()"
                yield self.finding(
                    f"the mask of {maker.title} is lost at {dropper.title}, and nothing has used it:"
                    " padding counts as data",
                    layer=dropper.path,
                    hint=f"leave out {what}, or use a layer that honours masks in place of {dropper.layer.name!r},"
                    " such as LSTM or GlobalAveragePooling1D",
                )
