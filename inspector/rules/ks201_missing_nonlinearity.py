"""KS201 missing-nonlinearity."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..analyses.flow import Flow, Step
from ..analyses.paths import is_kernel, is_linear, walk_on, width_in, width_out
from ..analyses.roles import LINEAR, activation_of
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

KINDS = re.compile(r"Dense|(Separable)?Conv\dD")  # no transposed ones, no depthwise ones: those come in pairs
MEANT = re.compile(r"embed|latent|bottleneck|proj|code|feature|(^|_)(z|mu|mean|logvar|log_var)(_|$)")
FEW = 8  # outputs: coordinates, angles, the numbers of an affine map
NEAR = 12  # steps back in which a depthwise convolution makes this its pointwise half


class MissingNonlinearity(Rule):
    """Two linear layers in a row, with nothing between them that is not linear: they compute one linear map.

    However wide they are, a `Dense` without an activation before another one adds parameters and no function: the
    product of the two matrices does the same. What was meant as a hidden layer of the model is none. The same holds for
    convolutions, and with batch normalization, dropout, average pooling, padding or reshaping between the two. Give the
    first layer an activation, or leave it out.

    Not said where the first is narrower than what it takes and what it feeds, which is a bottleneck and saves
    parameters; of fewer than eight outputs, which are mostly a result; of shared layers; of depthwise, grouped,
    transposed and patch convolutions; across the edge of a nested model.
    """

    code = "KS201"
    name = "missing-nonlinearity"
    severity = "warning"
    needs = ("flows",)
    flags = (
        Example("model = keras.Sequential([layers.Input((20,)), layers.Dense(64), layers.Dense(3)])",
                "two dense layers without an activation"),
        Example("x = keras.Input((16, 16, 3))\ny = layers.Conv2D(8, 3)(x)\ny = layers.BatchNormalization()(y)\n"
                "y = layers.Conv2D(16, 3, activation='relu')(y)\n"
                "y = layers.Dense(4, activation='softmax')(layers.Flatten()(y))\nmodel = keras.Model(x, y)",
                "a convolution whose activation was forgotten behind the normalization"),
        Example("inner = keras.Sequential([layers.Input((9,)), layers.Dense(30), layers.Dropout(0.2),"
                " layers.Activation('linear'), layers.Dense(20, activation='relu')])\n"
                "x = keras.Input((9,))\nmodel = keras.Model(x, layers.Dense(2)(inner(x)))",
                "in a nested model, with dropout and a linear activation between", "model.h5"),
        Example("model = keras.Sequential([layers.Input((8, 8, 1)), layers.Conv2D(12, 3), layers.Flatten(),"
                " layers.Dense(10, activation='softmax')])", "a convolution before a flat dense layer"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((20,)), layers.Dense(4), layers.Dense(20)])",
                "a linear autoencoder: the first layer is a bottleneck"),
        Example("x = keras.Input((16, 16, 8))\ny = layers.Conv2D(48, 1, use_bias=False)(x)\n"
                "y = layers.ReLU(6.0)(layers.BatchNormalization()(y))\n"
                "y = layers.ReLU(6.0)(layers.DepthwiseConv2D(3, padding='same')(y))\n"
                "y = layers.BatchNormalization()(layers.Conv2D(16, 1, use_bias=False)(y))\n"
                "y = layers.ReLU(6.0)(layers.Conv2D(16, 1, use_bias=False)(y))\nmodel = keras.Model(x, y)",
                "the linear projection of an inverted residual"),
        Example("x = keras.Input((10, 16))\ny = layers.MultiHeadAttention(2, 8)(x, x)\n"
                "x1 = layers.LayerNormalization()(layers.Add()([x, y]))\ny = layers.Dense(64, activation='gelu')(x1)\n"
                "y = layers.Dropout(0.1)(layers.Dense(16)(y))\ny = layers.LayerNormalization()(layers.Add()([x1, y]))\n"
                "model = keras.Model(x, layers.Dense(5)(y))", "the feed-forward part of a transformer"),
        Example("x = keras.Input((32, 32, 3))\ny = layers.Conv2D(24, 8, 8)(x)\ny = layers.Reshape((16, 24))(y)\n"
                "y = layers.Dense(32, activation='gelu')(y)\nmodel = keras.Model(x, y)", "the patches of a ViT's stem"),
        Example("x = keras.Input((16, 16, 4))\nd = layers.Conv2D(8, 3, padding='same', activation='relu')(x)\n"
                "b = layers.Conv2D(16, 3, padding='same', activation='relu')(layers.MaxPooling2D()(d))\n"
                "u = layers.Conv2DTranspose(8, 2, strides=2)(b)\nu = layers.Concatenate()([u, d])\n"
                "u = layers.Conv2D(8, 3, padding='same', activation='relu')(u)\n"
                "model = keras.Model(x, layers.Conv2D(1, 1, activation='sigmoid')(u))", "the way up of a U-Net"),
        Example("x = keras.Input((8, 8, 16))\ny = layers.Conv2D(16, 3, padding='same', activation='relu')(x)\n"
                "y = layers.Add()([x, layers.Conv2D(16, 3, padding='same')(y)])\n"
                "y = layers.Conv2D(8, 1)(y)\nmodel = keras.Model(x, y)", "a residual branch that ends linear"),
        Example("generator = keras.Sequential([layers.Input((4,)), layers.Dense(30)])\n"
                "critic = keras.Sequential([layers.Input((30,)), layers.Dense(8, 'relu'), layers.Dense(1)])\n"
                "x = keras.Input((4,))\nmodel = keras.Model(x, critic(generator(x)))",
                "a model whose linear output another model takes"),
        Example("x = keras.Input((9,))\ny = layers.Dense(40)(x)\n"
                "model = keras.Model(x, [y, layers.Dense(2, activation='softmax')(y)])",
                "a linear layer that is an output as well"),
        Example("x = keras.Input((9,))\ny = layers.Dense(40)(x)\ny = layers.PReLU()(layers.BatchNormalization()(y))\n"
                "model = keras.Model(x, layers.Dense(2)(y))", "the activation as a layer of its own"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        told: set[str] = set()
        for flow in case.flows:
            for first, second in linear_pairs(flow):
                if first.path not in told:
                    told.add(first.path)
                    yield self.finding(
                        f"{first.title} has no activation and feeds {second.title} through nothing but linear layers:"
                        f" its {width_out(first)} outputs {worth(first, second)}",
                        layer=first.path,
                        hint=f"give {first.layer.name!r} an activation, such as activation='relu', or leave it out",
                    )


def linear_pairs(flow: Flow) -> Iterator[tuple[Step, Step]]:
    """Kernel layers without an activation, with the kernel layer that alone takes what they give."""
    ends = flow.ends
    for step in flow.steps:
        if may_be_first(step):
            between, second = walk_on(step, ends, is_linear)
            if second is not None and may_be_second(step, second) and not is_meant(step, between, second):
                yield step, second


def may_be_first(step: Step) -> bool:
    if not is_kernel(step) or not KINDS.fullmatch(step.class_name) or activation_of(step.layer) != LINEAR:
        return False
    if len(step.sources) != 1 or len(step.layer.calls) > 1:
        return False
    return (width_out(step) or 0) >= FEW and not step.config.get("activity_regularizer")


def may_be_second(first: Step, second: Step) -> bool:
    """A layer of the same model, trained with the first or frozen with it."""
    if not is_kernel(second) or not KINDS.fullmatch(second.class_name) or len(second.layer.calls) > 1:
        return False
    return first.within == second.within and first.layer.trainable == second.layer.trainable


def is_meant(first: Step, between: list[Step], second: Step) -> bool:
    """Whether a linear layer is there for a reason: it saves parameters, cuts patches, or is somebody's result."""
    entry, middle, exit_ = width_in(first), width_out(first), width_out(second)
    if entry is None or middle is None or exit_ is None or (middle < entry and middle < exit_):
        return True
    if MEANT.search(first.layer.name.lower()) or any(is_grouped(step) or is_patch(step) for step in (first, second)):
        return True
    names = {step.class_name for step in between}
    maps = [step.class_name != "Dense" for step in (first, second)]
    if names & {"Reshape", "Permute", "RepeatVector"} and (all(maps) or (maps[1] and middle > entry)):
        return True  # pixels are shuffled; a vector becomes an image
    return is_factored(first, second) or follows_depthwise(first)


def is_grouped(step: Step) -> bool:
    return step.config.get("groups", 1) not in (None, 1)


def is_patch(step: Step) -> bool:
    """Whether a convolution cuts its input into patches: its windows do not overlap."""
    kernel, strides = kernel_of(step), step.config.get("strides")
    return kernel is not None and max(kernel, default=1) > 1 and list(kernel) == as_list(strides, len(kernel))


def is_factored(first: Step, second: Step) -> bool:
    """Whether two convolutions are one along each axis: 1x7 and 7x1."""
    one, other = kernel_of(first), kernel_of(second)
    if one is None or other is None or len(one) != len(other):
        return False
    return max(one) > 1 and max(other) > 1 and all(1 in pair for pair in zip(one, other, strict=True))


def kernel_of(step: Step) -> list[int] | None:
    value = step.config.get("kernel_size")
    if isinstance(value, int):
        value = [value]
    known = isinstance(value, (list, tuple)) and value and all(isinstance(item, int) for item in value)
    return list(value) if known and isinstance(value, (list, tuple)) else None


def as_list(value: object, length: int) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else [value] * length


def follows_depthwise(step: Step) -> bool:
    """Whether a layer is the pointwise half behind a depthwise convolution, gates and normalization between."""
    for _ in range(NEAR):
        if not step.sources:
            return False
        step = step.sources[0].step
        if step.class_name.startswith("Depthwise"):
            return True
        if is_kernel(step):
            return False
    return False


def worth(first: Step, second: Step) -> str:
    """What the pair comes to, with figures where both are dense."""
    entry, middle, exit_ = width_in(first), width_out(first), width_out(second)
    if first.class_name == second.class_name == "Dense" and None not in (entry, middle, exit_):
        pair, alone = entry * middle + middle * exit_, entry * exit_  # type: ignore[operator]
        return f"add no function; {pair:,} kernel parameters do what {alone:,} of one layer can"
    return "add no function that the second layer alone could not have"
