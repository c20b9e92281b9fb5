"""KS112 probability-metric-on-logits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..analyses.compile_arguments import Named
from ..analyses.output_heads import PROBABILITIES, Head
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

CURVES = frozenset({"AUC", "PrecisionAtRecall", "RecallAtPrecision", "SensitivityAtSpecificity",
                    "SpecificityAtSensitivity"})  # fmt: skip
COUNTS = frozenset({"Precision", "Recall", "TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"})
LOGARITHMS = frozenset({"BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"})


class ProbabilityMetricOnLogits(Rule):
    """A metric that expects probabilities is asked of logits.

    With a threshold of 0.5 a logit counts as positive from 62 % on, so that accuracy, precision and recall belong to
    another decision than the loss trains; an `AUC` cuts logits off at 0 and 1. Give the metric a threshold of 0.0
    (``keras.metrics.BinaryAccuracy(threshold=0.0)``) or ``from_logits=True`` (`AUC`, crossentropies).
    """

    code = "KS112"
    name = "probability-metric-on-logits"
    severity = "warning"
    needs = ("heads", "training")
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\nmodel.compile('adam', "
                "keras.losses.BinaryCrossentropy(from_logits=True), metrics=['accuracy'])", "the word accuracy"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(5)])\nmodel.compile('adam', "
                "keras.losses.BinaryCrossentropy(from_logits=True), metrics=[keras.metrics.BinaryAccuracy()])",
                "several labels, in .h5", "model.h5"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\nmodel.compile('adam', "
                "keras.losses.BinaryFocalCrossentropy(from_logits=True), metrics=[keras.metrics.AUC()])", "AUC"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\nmodel.compile('adam', "
                "keras.losses.BinaryCrossentropy(from_logits=True), weighted_metrics=[keras.metrics.Recall()])",
                "a weighted recall"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\nmodel.compile('adam', "
                "keras.losses.BinaryCrossentropy(from_logits=True), metrics=[keras.metrics.BinaryAccuracy("
                "threshold=0.0), keras.metrics.AUC(from_logits=True), keras.metrics.Precision(thresholds=0)])",
                "metrics that are told"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(5)])\nmodel.compile('adam', "
                "keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=['accuracy',"
                " keras.metrics.SparseTopKCategoricalAccuracy(2)])", "the largest of several logits"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='sigmoid')])\n"
                "model.compile('adam', 'binary_crossentropy', metrics=['accuracy', keras.metrics.AUC()])",
                "probabilities"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(5)])\nmodel.compile('adam', "
                "keras.losses.BinaryCrossentropy(from_logits=True),"
                " metrics=[keras.metrics.Precision(top_k=2), keras.metrics.F1Score()])", "the best few"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for head in case.heads or ():
            loss = next((loss for loss in head.losses if loss.own and loss.from_logits), None)
            if loss is None or head.activation in PROBABILITIES | {None}:
                continue
            for metric in head.metrics:
                cure = cure_for(metric, head, loss) if metric.own else None
                if cure is None:
                    continue
                yield self.finding(
                    f"{metric.spelled} expects probabilities, and {head.title} gives logits to {loss.name} with "
                    f"from_logits=True",
                    layer=head.step.path,
                    pointer=metric.pointer,
                    hint=cure,
                )


def cure_for(metric: Named, head: Head, loss: Named) -> str | None:
    """What to give a metric that takes logits for probabilities; `None` where it does not."""
    name, config = metric.name, metric.config
    if name == "accuracy":
        binary = head.units == 1 and head.form_of(loss) == "binary"
        return "use keras.metrics.BinaryAccuracy(threshold=0.0)" if binary else None
    if name in ("BinaryAccuracy", "BinaryIoU"):
        cut = config.get("threshold", 0.5)
        return f"use keras.metrics.{name}(threshold=0.0)" if is_above_zero(cut) else None
    if name in ("F1Score", "FBetaScore"):
        return f"give {name} no threshold, or one of 0" if is_above_zero(config.get("threshold")) else None
    if name in COUNTS:
        cuts = config.get("thresholds")
        cuts = 0.5 if cuts is None else cuts
        above = any(is_above_zero(cut) for cut in cuts) if isinstance(cuts, list) else is_above_zero(cuts)
        return f"use keras.metrics.{name}(thresholds=0.0)" if above and config.get("top_k") is None else None
    if name == "AUC" or name in LOGARITHMS:
        return f"use keras.metrics.{name}(from_logits=True)" if metric.from_logits is False else None
    return f"end the model with sigmoid, which {name} needs" if name in CURVES else None


def is_above_zero(value: Any) -> bool:
    return isinstance(value, (int, float)) and value > 0
