"""KS704 weight-shape-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.stored_against_config import DTYPE, SHAPE, spell_shapes
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

TWO = "x = keras.Input((4,))\ny = layers.Dense(3, name='a')(x)\nmodel = keras.Model(x, layers.Dense(2, name='b')(y))\n"
CAST = ("import h5py\nmodel.save(path)\ndef change(members):\n    kept = path.with_name('kept.h5')\n"
        "    kept.write_bytes(members['model.weights.h5'])\n    with h5py.File(kept, 'r+') as file:\n"
        "        for name in ('0', '1'):\n            value = file['layers/dense/vars'].pop(name)[()]\n"
        "            file['layers/dense/vars/' + name] = value.astype(%r)\n"
        "    return {**members, 'model.weights.h5': kept.read_bytes()}\nedit_archive(path, change)")  # fmt: skip


class WeightShapeMismatch(Rule):
    """A stored tensor of another shape or type than the weight that is to take it.

    The config says how large each weight is; where a stored one has another shape, loading ends with `Shape mismatch`
    or `variable.shape=(3,), Received: value`. The config was edited after saving (other units, another input), or the
    weights are of another model. A stored number type that differs is cast in silence: whole numbers in place of
    floats (a warning) have lost all that stood behind the point, floats of another width (info) some precision.
    """

    code = "KS704"
    name = "weight-shape-mismatch"
    severity = "error"
    needs = ("weights", "facts")
    flags = (
        Example(TWO + "model.save(path)\ndef change(config):\n"
                "    config['config']['layers'][2]['config']['units'] = 5\nedit_config(path, change)", "other units"),
        Example(TWO + "model.save(path)\ndef change(config):\n"
                "    config['config']['layers'][2]['config']['units'] = 5\nedit_config(path, change)",
                "other units, in .h5", "model.h5"),
        Example(TWO + CAST % "int32", "whole numbers in place of floats"),
        Example(TWO + CAST % "float16", "half the precision"),
    )  # fmt: skip
    allows = (
        Example(TWO, "weights of the model"),
        Example("x = keras.Input((8, 8, 3))\ny = layers.Conv2DTranspose(4, 3)(layers.SeparableConv2D(5, 3)(x))\n"
                "y = layers.GroupNormalization(2)(layers.BatchNormalization(axis=1)(y))\n"
                "model = keras.Model(x, layers.Dense(2, dtype='float16')(layers.PReLU(shared_axes=[1, 2])(y)))",
                "many layers, one of them in float16"),
        Example("x = keras.Input((8,), dtype='int32')\ny = layers.Embedding(9, 4)(x)\n"
                "y = layers.MultiHeadAttention(2, 3)(y, y)\nmodel = keras.Model(x, layers.GRU(3)(y))\n"
                "model.quantize('int8')", "quantized layers"),
        Example("keras.config.set_dtype_policy('mixed_float16')\n" + TWO
                + "keras.config.set_dtype_policy('float32')", "mixed precision", "model.h5"),
        Example("x = keras.Input((9, 3))\ny = layers.Bidirectional(layers.LSTM(4))(x)\n"
                "model = keras.Model(x, layers.SpectralNormalization(layers.Dense(2))(y))", "wrappers", "model.h5"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for misfit in case.misfits:
            if misfit.fact is None:
                continue
            layer, path = misfit.fact.layer, misfit.fact.path
            if misfit.kind == SHAPE:
                yield self.finding(
                    f"{layer.class_name} {layer.name!r} makes weights of shapes {spell_shapes(misfit.wanted)}, and the "
                    f"file holds {spell_shapes(misfit.found)}: it cannot be loaded", layer=path,
                    hint="the config and the weights are of different models: save the model again in one piece",
                )  # fmt: skip
            elif misfit.kind == DTYPE and misfit.dtypes is not None:
                wanted, found = misfit.dtypes
                floats = all("float" in dtype for dtype in misfit.dtypes)
                yield self.finding(
                    f"{layer.class_name} {layer.name!r} holds its weights in {wanted}, the file has them in {found}: "
                    "Keras casts them in silence", layer=path, severity="info" if floats else "warning",
                    hint=f"store them in {wanted}, or give the layer dtype={found!r}",
                )  # fmt: skip
