"""KS113 metric-loss-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.compile_arguments import Named
from ..analyses.output_heads import Head
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

LABELS = {
    "SparseCategoricalCrossentropy": "class ids", "SparseCategoricalAccuracy": "class ids",
    "SparseTopKCategoricalAccuracy": "class ids", "CategoricalCrossentropy": "one-hot labels",
    "CategoricalFocalCrossentropy": "one-hot labels", "CategoricalAccuracy": "one-hot labels",
    "TopKCategoricalAccuracy": "one-hot labels", "BinaryCrossentropy": "labels of 0 and 1",
    "BinaryFocalCrossentropy": "labels of 0 and 1", "BinaryAccuracy": "labels of 0 and 1",
}  # fmt: skip
ACCURACY = {
    "class ids": "SparseCategoricalAccuracy", "one-hot labels": "CategoricalAccuracy",
    "labels of 0 and 1": "BinaryAccuracy",
}  # fmt: skip


class MetricLossMismatch(Rule):
    """A metric reads the labels in another form than the loss does.

    `SparseCategorical…` wants a class id, `Categorical…` a one-hot row, `Binary…` a 0 or 1 for each unit; with the
    wrong one the figure is meaningless, and often flattering: `BinaryAccuracy` of a softmax over 10 classes starts at
    0.9. The word ``'accuracy'`` takes the form that fits.
    """

    code = "KS113"
    name = "metric-loss-mismatch"
    severity = "warning"
    needs = ("heads", "training")
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(10, activation='softmax')])\n"
                "model.compile('adam', 'sparse_categorical_crossentropy',"
                " metrics=[keras.metrics.CategoricalAccuracy()])", "one-hot metric, class ids"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(10, activation='softmax')])\n"
                "model.compile('adam', 'categorical_crossentropy', metrics=['binary_accuracy'])",
                "binary metric of ten classes, in .h5", "model.h5"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='sigmoid')])\n"
                "model.compile('adam', 'binary_crossentropy', metrics=['categorical_accuracy'])",
                "the largest of one unit"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(10, activation='softmax')])\n"
                "model.compile('adam', 'sparse_categorical_crossentropy',"
                " metrics=['accuracy', 'acc', keras.metrics.SparseTopKCategoricalAccuracy()])", "the word accuracy"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(10, activation='sigmoid')])\n"
                "model.compile('adam', 'binary_crossentropy', metrics=[keras.metrics.CategoricalAccuracy(),"
                " keras.metrics.AUC(multi_label=True)])", "several units, of which one is right"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(2, activation='softmax')])\n"
                "model.compile('adam', 'categorical_crossentropy', metrics=['binary_accuracy'])",
                "two classes, where it comes to the same"),
        Example("def focal(y_true, y_pred):\n    return ops.mean(y_true - y_pred)\n\n\n"
                "model = keras.Sequential([layers.Input((8,)), layers.Dense(3, activation='softmax')])\n"
                "model.compile('adam', focal, metrics=['sparse_categorical_accuracy'])", "a loss of the user's"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for head in case.heads or ():
            losses = [loss for loss in head.losses if loss.own and loss.name in LABELS]
            if len(losses) != 1 or len(head.losses) != 1:
                continue
            for metric in head.metrics:
                if not metric.own or metric.name not in LABELS or fits(losses[0], metric, head):
                    continue
                wanted = LABELS[losses[0].name]
                yield self.finding(
                    f"{metric.spelled} of {head.title} reads {LABELS[metric.name]}, and {losses[0].name} {wanted}",
                    layer=head.step.path,
                    pointer=metric.pointer,
                    hint=f"use 'accuracy', or keras.metrics.{ACCURACY[wanted]}()",
                )


def fits(loss: Named, metric: Named, head: Head) -> bool:
    """Whether the metric makes sense of the loss's labels; unknown sizes are given the benefit of the doubt."""
    of, asked = LABELS[loss.name], LABELS[metric.name]
    if of == "labels of 0 and 1":
        return asked == of or (asked == "one-hot labels" and head.units != 1)
    if of == "one-hot labels" and asked == "labels of 0 and 1":
        return head.units is None or head.units <= 2
    return of == asked
