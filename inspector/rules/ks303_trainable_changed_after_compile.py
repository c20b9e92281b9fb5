"""KS303 trainable-changed-after-compile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

GAN = (
    "d = keras.Sequential([layers.Input((4,)), layers.Dense(1, activation='sigmoid')], name='critic')\n"
    "d.compile('adam', 'binary_crossentropy')\nd.trainable = {}\nz = keras.Input((2,))\n"
    "model = keras.Model(z, d(layers.Dense(4)(z)))\nmodel.compile('adam', 'binary_crossentropy')\n"
)


class TrainableChangedAfterCompile(Rule):
    """A model was compiled for training, then frozen inside of another one.

    In Keras 2 a model kept what was trainable when it was compiled, and the discriminator of a GAN went on learning.
    In Keras 3 it does not: `train_on_batch` of the frozen model changes no weight (measured). Keep the discriminator
    trainable and train both in a `train_step` of your own, or set ``trainable`` before each step and compile again.
    A file cannot tell whether that is done, so this is a remark.
    """

    code = "KS303"
    name = "trainable-changed-after-compile"
    severity = "info"
    needs = ("documents", "flow", "training")
    flags = (
        Example(GAN.format("False"), "the discriminator of a GAN"),
        Example(GAN.format("False").replace("layers.Dense(4)(z)", "layers.Dense(4)(layers.Dense(3)(z))"),
                "behind two layers"),
    )  # fmt: skip
    allows = (
        Example(GAN.format("True"), "left trainable"),
        Example("b = keras.Sequential([layers.Input((4,)), layers.Dense(8, activation='relu')], name='base')\n"
                "b.compile('adam', 'mse')\nb.trainable = False\n"
                "model = keras.Sequential([layers.Input((4,)), b, layers.Dense(1)])\nmodel.compile('adam', 'mse')",
                "a trained and frozen base under a new head"),
        Example(GAN.format("False").replace("d.compile('adam', 'binary_crossentropy')\n", ""),
                "a frozen critic that is never trained itself"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        if case.flow is None or case.training is None or case.training.is_keras_2:
            return
        ends = {tensor.step.within[0].name for tensor in case.flow.outputs if tensor.step.within}
        for document in case.documents:
            for entry in entries(document.value) if document.is_model else ():
                config = entry.get("config")
                if not isinstance(config, Mapping) or not entry.get("compile_config"):
                    continue
                name = config.get("name")
                if isinstance(name, str) and name in ends and config.get("trainable") is False:
                    yield self.finding(
                        f"{entry.get('class_name')} {name!r} was compiled, and frozen in another compiled model: "
                        f"in Keras 3 training it by itself changes no weight",
                        layer=name,
                        hint="set trainable and compile again before each use, or train both in one train_step",
                    )


def entries(value: Any) -> Iterator[Mapping[str, Any]]:
    """The layers that a model's config lists."""
    config = value.get("config") if isinstance(value, Mapping) else None
    listed = config.get("layers") if isinstance(config, Mapping) else None
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, Mapping):
            yield entry
