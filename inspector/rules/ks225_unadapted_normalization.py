"""KS225 unadapted-normalization."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.roles import is_own
from ..analyses.tensor_values import TensorValues
from ..graph import Weight
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule


class UnadaptedNormalization(Rule):
    """A Normalization layer whose mean is 0 and whose variance is 1, because it never saw data.

    `Normalization` learns its mean and variance in `adapt(data)`, before training. Without that it passes everything
    through as it is: features of 0 to 100,000 stay so, and the model trains badly or not at all. Call `adapt`, or give
    `mean=` and `variance=`.

    Not said behind `Rescaling`, where the values are small already, as in EfficientNet without ImageNet's weights.
    """

    code = "KS225"
    name = "unadapted-normalization"
    severity = "warning"
    needs = ("facts", "weights")
    flags = (
        Example("model = keras.Sequential([layers.Input((5,)), layers.Normalization(), layers.Dense(1)])",
                "adapt was forgotten"),
        Example("x = keras.Input((5,))\nmodel = keras.Model(x, layers.Dense(1)(layers.Normalization()(x)))",
                "in a legacy file", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("norm = layers.Normalization()\nnorm.adapt(np.arange(20.0).reshape(4, 5))\n"
                "model = keras.Sequential([layers.Input((5,)), norm, layers.Dense(1)])", "adapted"),
        Example("model = keras.Sequential([layers.Input((5,)), layers.Normalization(mean=3.0, variance=2.0),"
                " layers.Dense(1)])", "with given numbers"),
        Example("model = keras.Sequential([layers.Input((8, 8, 3)), layers.Rescaling(1 / 255), layers.Normalization(),"
                " layers.Conv2D(4, 3)])", "behind a rescaling"),
        Example("norm = layers.Normalization()\nnorm.adapt(np.array([[-2.0], [2.0]]))\n"
                "model = keras.Sequential([layers.Input((1,)), norm, layers.Dense(1)])",
                "adapted to data whose mean is 0"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        if case.weights is None:
            return
        scaled = find_scaled(case)
        for fact in case.facts.layers:
            if fact.layer.class_name != "Normalization" or not is_own(fact.layer) or fact.path in scaled:
                continue
            if is_untouched(case, case.weights.by_layer.get(fact.path, ())):
                yield self.finding(
                    f"Normalization {fact.layer.name!r} has mean 0 and variance 1: adapt() was never called, and it"
                    " changes nothing",
                    layer=fact.path,
                    hint=f"call {fact.layer.name}.adapt(data) before training, or give it mean= and variance=",
                )


def is_untouched(case: Case, stored: tuple[Weight, ...]) -> bool:
    """Whether mean, variance and count are what Keras makes them."""
    if len(stored) != 3:
        return False
    found = [case.values(weight) for weight in stored]
    spans = [(one.min, one.max) for one in found if isinstance(one, TensorValues) and one.is_constant]
    return sorted(spans) == [(0, 0), (0, 0), (1, 1)]


def find_scaled(case: Case) -> set[str]:
    """The paths of layers directly behind a Rescaling."""
    if not case.has("flows"):
        return set()
    steps = [step for flow in case.flows for step in flow.steps if step.class_name == "Normalization"]
    return {step.path for step in steps if step.source is not None and step.source.class_name == "Rescaling"}
