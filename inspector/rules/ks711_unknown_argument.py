"""KS711 unknown-argument."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.layer_arguments import Refused, Stated
from ..analyses.refused_arguments import describe_refusal, find_refusals, find_version
from ..linting.case import Case
from ..linting.options import version_numbers
from ..linting.rule import Example, Finding, Rule


class UnknownArgument(Rule):
    """An argument or a class that the target Keras does not have: it cannot load the file.

    Keras makes a layer by handing its stored config to the constructor, and a constructor refuses what it does not
    know: `Unrecognized keyword arguments passed to LSTM: {'time_major': False}`. Files of Keras 1 and 2 carry arguments
    that Keras 3 dropped; files of a new Keras 3 carry some that an older one does not have yet, even where they hold
    the default. The target is `--target-keras`, else the latest version that kinspect knows. Drop the argument from
    the config where it holds its default, or load the file with the Keras that wrote it and rebuild the layer.
    """

    code = "KS711"
    name = "unknown-argument"
    severity = "error"
    needs = ("model",)
    flags = (
        Example("model = keras.Sequential([layers.Input((5, 3)), layers.LSTM(4)])\nmodel.save(path)\n"
                "def change(config):\n    config['config']['layers'][1]['config']['time_major'] = False\n"
                "edit_config(path, change)", "an LSTM as Keras 2 writes it", "lstm.h5"),
        Example("model = keras.Sequential([layers.Input((5, 3)), layers.Bidirectional(layers.GRU(4))])\n"
                "model.save(path)\ndef change(config):\n    held = config['config']['layers'][1]['config']['layer']\n"
                "    held['config']['time_major'] = False\nedit_config(path, change)", "inside of a wrapper"),
        Example("model = keras.Sequential([layers.Input((8, 8, 3)), layers.DepthwiseConv2D(3)])\nmodel.save(path)\n"
                "def change(config):\n    config['config']['layers'][1]['config']['groups'] = 1\n"
                "edit_config(path, change)", "groups, which Keras 2 also gives to layers that have none"),
        Example("layer = {'class_name': 'LocallyConnected1D', 'config': {'name': 'local', 'filters': 2}}\n"
                "entry = {'class_name': 'InputLayer', 'config': {'name': 'x', 'batch_input_shape': [None, 9, 2]}}\n"
                "config = {'name': 's', 'layers': [entry, layer]}\n"
                "path.write_text(json.dumps({'class_name': 'Sequential', 'config': config}))",
                "a layer that Keras 3 does not have", "old.json"),
        Example("layer = {'class_name': 'Convolution2D', 'config': {'name': 'c', 'nb_filter': 2, 'nb_row': 3, "
                "'nb_col': 3, 'batch_input_shape': [None, 9, 9, 2]}}\n"
                "path.write_text(json.dumps({'class_name': 'Sequential', 'config': [layer]}))",
                "a layer as Keras 1 writes it", "one.json"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((5, 3)), layers.LSTM(4), layers.Dense(2)])",
                "a file of this Keras"),
        Example("x = keras.Input((8, 8, 3))\ny = layers.SeparableConv2D(4, 3)(layers.Conv2D(4, 3, groups=1)(x))\n"
                "y = layers.SpatialDropout2D(0.1)(layers.Conv2DTranspose(2, 3)(y))\nmodel = keras.Model(x, y)",
                "layers with and without groups"),
        Example("model = keras.Sequential([layers.Input((3,)), layers.Dense(4)])\nmodel.save(path)\n"
                "def change(config):\n    del config['config']['layers'][0]\n"
                "    config['config']['layers'][0]['config']['batch_input_shape'] = [None, 3]\n"
                "edit_config(path, change)", "batch_input_shape, which KS712 tells of", "dense.h5"),
        Example("@keras.saving.register_keras_serializable('mine')\nclass LSTM(layers.LSTM):\n"
                "    def __init__(self, units, time_major=False, **kwargs):\n"
                "        super().__init__(units, **kwargs)\n        self.time_major = time_major\n"
                "    def get_config(self):\n        return {**super().get_config(), 'time_major': self.time_major}\n"
                "model = keras.Sequential([layers.Input((5, 3)), LSTM(4)])", "a class of the user's of the same name"),
        Example("x = keras.Input((6,), dtype='int32')\ny = layers.Embedding(9, 4)(x)\n"
                "y = layers.MultiHeadAttention(2, 2)(y, y)\nmodel = keras.Model(x, layers.TimeDistributed("
                "layers.Dense(3))(y))", "attention, and layers in wrappers"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        if case.options.target is None and not case.wants_keras_3:
            return
        version = find_version(case.options.target, version_numbers(case.model.keras_version or ""))
        if version is None:
            return
        documents = case.documents if case.has("documents") else None
        groups: dict[tuple[str, tuple[Refused, ...] | None], list[Stated]] = {}
        for stated, refused in find_refusals(case.model, documents, version):
            groups.setdefault((stated.class_name, refused), []).append(stated)
        for (_, refused), found in groups.items():
            who, what, hint = describe_refusal(found[0], refused, version, len(found))
            yield self.finding(f"{who}: {what}", layer=found[0].path, pointer=found[0].pointer, hint=hint)
