"""KS212 no-trainable-weights."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

COUNTERS = 2  # the optimizer's variables that belong to no weight: steps done, learning rate


class NoTrainableWeights(Rule):
    """A model that is compiled for training, with every weight frozen.

    `fit` runs through all its epochs and changes nothing: the loss stays where it is. Mostly a backbone was frozen and
    no head was added, or `model.trainable = False` was set on the wrong model. Unfreeze what is to learn, and compile
    again. Where the optimizer's state shows that the model was trained before it was frozen, it is a remark: so one is
    kept for evaluation, or as the discriminator of a GAN.
    """

    code = "KS212"
    name = "no-trainable-weights"
    severity = "error"
    needs = ("facts", "training")
    flags = (
        Example("base = keras.Sequential([layers.Input((8,)), layers.Dense(4, activation='relu'), layers.Dense(2)])\n"
                "base.trainable = False\nx = keras.Input((8,))\nmodel = keras.Model(x, layers.Softmax()(base(x)))\n"
                "model.compile('adam', 'sparse_categorical_crossentropy')", "a frozen backbone without a head"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4, trainable=False),"
                " layers.BatchNormalization(trainable=False)])\nmodel.compile('adam', 'mse')",
                "every layer frozen by itself", "model.h5"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4)])\nmodel.trainable = False\n"
                "model.compile('adam', 'mse')", "the model itself frozen"),
    )  # fmt: skip
    allows = (
        Example("base = keras.Sequential([layers.Input((8,)), layers.Dense(4, activation='relu')])\n"
                "base.trainable = False\nmodel = keras.Sequential([layers.Input((8,)), base, layers.Dense(2)])\n"
                "model.compile('adam', 'mse')", "a frozen backbone with a head"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4, trainable=False)])", "not compiled"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Rescaling(0.5)])\nmodel.compile('adam', 'mse')",
                "nothing to train at all"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        totals, training = case.facts.totals, case.training
        if training is None or not training.loss or not totals.params or totals.trainable_params != 0:
            return
        weighted = [fact for fact in case.facts.layers if fact.params and fact.depth == 0]
        if not weighted or all(fact.layer.class_name == "Normalization" for fact in weighted):
            return
        yield self.finding(
            f"the model is compiled and all its {totals.params:,} parameters are frozen: fit() will change nothing",
            severity="info" if was_trained(case) else "error",
            hint="set trainable = True on the layers that are to learn, or add a head, and compile the model again",
        )


def was_trained(case: Case) -> bool:
    """Whether the optimizer has a state of trainable variables: more than its count of steps and its rate."""
    return case.has("weights") and case.weights is not None and len(case.weights.optimizer) > COUNTERS
