"""KS717 state-not-saved."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.parts import walk_held
from ..analyses.roles import NOISE, is_own
from ..graph import Layer
from ..knowledge import policy_of
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

Place = tuple[str, Layer]


class StateNotSaved(Rule):
    """State that a reload starts anew, by Keras's design.

    The generators of dropout, noise and random augmentation begin at their seed again: with `seed=7` the first mask
    after a reload is the first of the training. A stateful recurrent layer forgets what it carries from batch to batch
    (outputs were off by 0.04). LoRA is merged into the kernel by the save, and its two matrices start anew; into a
    quantized kernel it is merged with an error larger than that of the quantization itself, which is a warning. To go
    on exactly where training stopped, keep that state apart; for inference there is nothing to do.
    """

    code = "KS717"
    name = "state-not-saved"
    severity = "info"
    flags = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dropout(0.5), layers.Dense(2)])", "dropout"),
        Example("x = keras.Input(batch_shape=(2, 3, 4))\nmodel = keras.Model(x, layers.LSTM(2, stateful=True)(x))",
                "a stateful layer"),
        Example("x = keras.Input((4,))\nlayer = layers.Dense(4)\nlayer.build((None, 4))\nlayer.enable_lora(2)\n"
                "model = keras.Model(x, layer(x))", "LoRA"),
        Example("x = keras.Input((4,))\nlayer = layers.Dense(4)\nmodel = keras.Model(x, layer(x))\n"
                "model.quantize('int8')\nlayer.enable_lora(2)", "LoRA in a quantized layer"),
        Example("model = keras.Sequential([layers.Input((8, 8, 3)), layers.RandomFlip()])", "augmentation"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dropout(0.0), layers.Dense(2)])", "no dropout"),
        Example("x = keras.Input((3, 4))\nmodel = keras.Model(x, layers.LSTM(2)(x))", "a layer without state"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(4)])\nmodel.quantize('int8')",
                "a quantized layer"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        held = [(path, layer) for path, _, layer in walk_held(case.model) if is_own(layer)]
        random = [place for place in held if draws(place[1])]
        if random:
            yield self.tell(
                random,
                "draw random numbers: their generators start at the seed again at a load",
                "for inference there is nothing to do; to go on with training, expect other masks",
            )
        stateful = [place for place in held if place[1].config.get("stateful") is True]
        if stateful:
            yield self.tell(
                stateful,
                "carry state from batch to batch, which is zero again when the file is loaded",
                "call reset_state() before inference, so that it starts there from zero too",
            )
        adapted = [place for place in held if place[1].config.get("lora_rank")]
        merged = [place for place in adapted if policy_of(place[1].config).quantization]
        plain = [place for place in adapted if place not in merged]
        if plain:
            yield self.tell(
                plain,
                "hold LoRA: it was merged into the kernel, and its matrices start anew",
                "keep the model in memory, or the matrices in a file of their own, to train them on",
            )
        if merged:
            yield self.tell(
                merged,
                "hold LoRA, merged into a quantized kernel: outputs differ after a reload",
                "save the model before it is quantized, or without LoRA",
                "warning",
            )

    def tell(self, found: list[Place], what: str, hint: str, severity: str | None = None) -> Finding:
        path, layer = found[0]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        return self.finding(f"{layer.class_name} {layer.name!r}{more} {what}", layer=path, hint=hint, severity=severity)


def draws(layer: Layer) -> bool:
    """Whether a layer takes random numbers from a generator of its own."""
    config = layer.config
    if layer.class_name in NOISE:
        return any(isinstance(config.get(key), (int, float)) and config[key] > 0 for key in ("rate", "stddev"))
    if layer.class_name.startswith("Random") and layer.kind == "layer":
        return True
    return any(isinstance(config.get(key), float) and config[key] > 0 for key in ("dropout", "recurrent_dropout"))
