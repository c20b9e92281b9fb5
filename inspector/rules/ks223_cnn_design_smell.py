"""KS223 cnn-design-smell."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.flow import Flow, Step
from ..analyses.paths import is_kernel, is_linear, walk_on, width_out
from ..analyses.roles import ACTIVATION_LAYERS, CONVOLUTIONS, DROPOUTS, POOLS, is_own
from ..graph import Layer
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

Remark = tuple[Step, str, str]
ZEROS = (None, "zeros", "Zeros", "zero")


class CnnDesignSmell(Rule):
    """A habit that classifiers of images mostly do without: fewer filters further on, wider dense layers, and the like.

    Told are a convolution with fewer filters than the one before it, a hidden dense layer wider than the one before
    it, dropout directly before pooling, and biases that do not start at zero. Each is right in some models, such as
    decoders and bottlenecks, and wrong in most plain classifiers; so this rule is asked only when it is selected.
    """

    code = "KS223"
    name = "cnn-design-smell"
    severity = "info"
    needs = ("flows",)
    on_by_default = False
    flags = (
        Example("model = keras.Sequential([layers.Input((32, 32, 3)), layers.Conv2D(32, 3, activation='relu'),"
                " layers.MaxPooling2D(), layers.Conv2D(16, 3, activation='relu'), layers.Flatten(),"
                " layers.Dense(10, activation='softmax')])", "fewer filters further on"),
        Example("model = keras.Sequential([layers.Input((32,)), layers.Dense(32, activation='relu'),"
                " layers.Dense(64, activation='relu'), layers.Dense(10, activation='softmax')])",
                "a hidden layer wider than the one before", "model.h5"),
        Example("model = keras.Sequential([layers.Input((32, 32, 3)), layers.Conv2D(16, 3, activation='relu',"
                " bias_initializer='ones'), layers.Dropout(0.2), layers.MaxPooling2D(), layers.Flatten(),"
                " layers.Dense(10)])", "dropout before pooling, and biases of ones"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((32, 32, 3)), layers.Conv2D(16, 3, activation='relu'),"
                " layers.MaxPooling2D(), layers.Conv2D(32, 3, activation='relu'), layers.Flatten(),"
                " layers.Dense(64, activation='relu'), layers.Dense(10, activation='softmax')])", "more filters"),
        Example("model = keras.Sequential([layers.Input((32,)), layers.Dense(8, activation='relu'),"
                " layers.Dense(32)])", "a wide output"),
        Example("x = keras.Input((16, 16, 8))\ny = layers.Conv2D(8, 1, activation='relu')(x)\n"
                "y = layers.Conv2D(32, 3, padding='same', activation='relu')(y)\n"
                "y = layers.Add()([x, layers.Conv2D(8, 1, padding='same')(y)])\nmodel = keras.Model(x, y)",
                "a bottleneck that ends in a sum"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        told: set[tuple[str, str]] = set()
        for flow in case.flows:
            for step, message, hint in find_smells(flow):
                if (step.path, message) not in told:
                    told.add((step.path, message))
                    yield self.finding(f"{step.title} {message}", layer=step.path, hint=hint)


def find_smells(flow: Flow) -> Iterator[Remark]:
    ends = flow.ends
    for step in flow.steps:
        if is_kernel(step):
            if not starts_at_zero(step.layer):
                yield step, "starts with biases other than zero", "leave bias_initializer at 'zeros'"
            yield from compare_widths(step, ends)
        elif step.class_name in DROPOUTS and step.user is not None and step.user.class_name in POOLS:
            yield step, f"drops values directly before {step.user.title}", "put the dropout behind the pooling"


def compare_widths(step: Step, ends: set[int]) -> Iterator[Remark]:
    """A layer against the one of its kind that alone takes what it gives, where that is no output."""
    _, following = walk_on(step, ends, is_passed)
    if following is None or not is_kernel(following) or id(following) in ends or following.within != step.within:
        return
    mine, theirs = width_out(step), width_out(following)
    if mine is None or theirs is None or any("Transpose" in s.class_name for s in (step, following)):
        return
    if {step.class_name, following.class_name} <= CONVOLUTIONS and theirs < mine and goes_on(following, ends):
        yield following, f"has {theirs} filters, fewer than the {mine} of {step.title}", "let filters grow, not shrink"
    if step.class_name == following.class_name == "Dense" and theirs > mine and goes_on(following, ends):
        yield following, f"has {theirs} units, more than the {mine} of {step.title}", "let dense layers narrow"


def goes_on(step: Step, ends: set[int]) -> bool:
    """Whether another kernel layer takes what a layer gives, so that it is neither an output nor a branch's end."""
    _, following = walk_on(step, ends, is_passed)
    return following is not None and is_kernel(following)


def is_passed(step: Step) -> bool:
    own = step.class_name in POOLS | ACTIVATION_LAYERS.keys() | {"Activation"} and is_own(step.layer)
    return own or is_linear(step)


def starts_at_zero(layer: Layer) -> bool:
    value = layer.config.get("bias_initializer")
    name = value.get("class_name") if isinstance(value, dict) else value
    return name in ZEROS if name is None or isinstance(name, str) else True
