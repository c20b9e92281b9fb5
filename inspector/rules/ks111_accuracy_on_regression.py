"""KS111 accuracy-on-regression."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.loss_names import ACCURACIES, DISTANCES
from ..analyses.output_heads import PROBABILITIES
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule


class AccuracyOnRegression(Rule):
    """An accuracy is asked of a regression, where it means nothing.

    Accuracy counts predictions that equal the label once cut at 0.5 or taken at their largest; of numbers that are
    predicted almost none does, and the figure says nothing of how near they are. Ask for `mae` or
    `root_mean_squared_error`.
    """

    code = "KS111"
    name = "accuracy-on-regression"
    severity = "warning"
    needs = ("heads", "training")
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\n"
                "model.compile('adam', 'mse', metrics=['accuracy'])", "the word accuracy"),
        Example("x = keras.Input((8,))\na, b = layers.Dense(1, name='a')(x), layers.Dense(3, 'softmax', name='b')(x)\n"
                "model = keras.Model(x, [a, b])\n"
                "model.compile('adam', ['mae', 'categorical_crossentropy'], metrics=[['acc'], ['acc']])",
                "one of two outputs, in .h5", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1)])\n"
                "model.compile('adam', 'mse', metrics=['mae', 'cosine_similarity'])", "distances"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(3, activation='softmax')])\n"
                "model.compile('adam', 'categorical_crossentropy', metrics=['accuracy'])", "a classifier"),
        Example("model = keras.Sequential([layers.Input((2,)), layers.Dense(1, activation='sigmoid')])\n"
                "model.compile('sgd', 'mse', metrics=['accuracy'])", "a classifier trained with mse"),
        Example("x = keras.Input((8,))\na, b = layers.Dense(1, name='a')(x), layers.Dense(3, 'softmax', name='b')(x)\n"
                "model = keras.Model(x, [a, b])\n"
                "model.compile('adam', ['mae', 'categorical_crossentropy'], metrics={'b': 'accuracy'})",
                "the other output's accuracy"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for head in case.heads or ():
            losses = [loss for loss in head.losses if not loss.own or loss.name not in DISTANCES]
            metric = next((metric for metric in head.metrics if metric.own and metric.name in ACCURACIES), None)
            if not head.losses or losses or metric is None or head.activation in PROBABILITIES | {None}:
                continue
            yield self.finding(
                f"{metric.spelled} is asked of {head.title}, a regression trained with {head.losses[0].name}",
                layer=head.step.path,
                pointer=metric.pointer,
                hint="ask for 'mae' or 'root_mean_squared_error' instead",
            )
