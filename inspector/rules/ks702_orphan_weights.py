"""KS702 orphan-weights."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.stored_against_config import ORPHAN, spell_shapes
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

TWO = "x = keras.Input((4,))\ny = layers.Dense(3, name='a')(x)\nmodel = keras.Model(x, layers.Dense(2, name='b')(y))\n"
ADD = ("import h5py\nmodel.save(path)\ndef change(members):\n    kept = path.with_name('kept.h5')\n"
       "    kept.write_bytes(members['model.weights.h5'])\n    with h5py.File(kept, 'r+') as file:\n"
       "        file[%r] = np.ones((3, 2), 'float32')\n    return {**members, 'model.weights.h5': kept.read_bytes()}\n"
       "edit_archive(path, change)")  # fmt: skip


class OrphanWeights(Rule):
    """Tensors in the file that no layer of its config can take.

    The config and the weights belong together: Keras makes the layers from the config and looks for the tensors of
    each. A stored layer that the config does not list is passed over without a word in a `.keras` file; a tensor too
    many in a layer that it does list, or a layer too many in an `.h5` file, keeps the model from being loaded. Either
    way the file was put together from two models, or its config was edited. Save the model again in one piece.
    """

    code = "KS702"
    name = "orphan-weights"
    severity = "error"
    needs = ("weights", "facts")
    flags = (
        Example(TWO + ADD % "layers/dense_2/vars/0", "a layer that the config does not have"),
        Example(TWO + ADD % "layers/dense/vars/2", "a tensor too many in a layer"),
        Example(TWO + "model.save(path)\ndef change(config):\n    listed = config['config']['layers']\n"
                "    listed[2]['class_name'] = 'Activation'\n    listed[2]['config'] = {'name': 'b', "
                "'trainable': True, 'dtype': 'float32', 'activation': 'relu'}\n"
                "edit_config(path, change)", "a layer that lost its weights", "model.h5"),
    )  # fmt: skip
    allows = (
        Example(TWO + "model.compile('adam', 'mse', metrics=['mae'])\n"
                "model.fit(np.ones((2, 4)), np.ones((2, 2)), verbose=0)", "the optimizer's and the metrics' variables"),
        Example("x = keras.Input((4,))\ny = layers.Dropout(0.1)(layers.SpectralNormalization(layers.Dense(3))(x))\n"
                "model = keras.Model(x, layers.GaussianNoise(0.1)(y))", "random states, and a wrapper with a copy"),
        Example("x = keras.Input((4,))\nlayer = layers.Dense(4)\nlayer.build((None, 4))\nlayer.enable_lora(2)\n"
                "model = keras.Model(x, layer(x))\nmodel.quantize('int8')", "a quantized layer with LoRA"),
        Example("@keras.saving.register_keras_serializable('mine')\nclass Net(keras.Model):\n"
                "    def __init__(self, name=None, trainable=True, dtype=None):\n        x = keras.Input((4,))\n"
                "        super().__init__(x, layers.Dense(2)(x), name=name)\n        self.extra = layers.Dense(2)\n"
                "        self.extra.build((None, 3))\nmodel = Net()", "a class of its own, with more layers"),
        Example("x = keras.Input((5, 4))\ny = layers.Bidirectional(layers.LSTM(3))(x)\n"
                "model = keras.Model(x, layers.Dense(1)(y))", "a recurrent layer", "model.h5"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for misfit in case.misfits:
            if misfit.kind != ORPHAN:
                continue
            if misfit.fact is not None:
                layer = misfit.fact.layer
                yield self.finding(
                    f"{layer.class_name} {layer.name!r} has weights of shapes {spell_shapes(misfit.wanted)}, and the "
                    f"file holds {spell_shapes(misfit.found)}: it cannot be loaded", layer=misfit.fact.path,
                    hint="the config and the weights are of different models: save the model again in one piece",
                )  # fmt: skip
                continue
            silent = "it cannot be loaded" if case.model.format == "h5" else "Keras passes them over in silence"
            yield self.finding(
                f"{len(misfit.found)} tensors ({misfit.sizes:,} parameters) are stored for {misfit.stored!r}, which no "
                f"layer of the config takes: {silent}", pointer=misfit.stored,
                hint="the config and the weights are of different models: save the model again in one piece",
            )  # fmt: skip
