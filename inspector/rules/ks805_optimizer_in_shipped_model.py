"""KS805 optimizer-in-shipped-model."""

from __future__ import annotations

from collections.abc import Iterator

from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

SMALL = "model = keras.Sequential([layers.Input((8,)), layers.Dense(9)])\nmodel.compile('%s', 'mean_squared_error')\n"
FIT = "model.fit(np.ones((2, 8)), np.ones((2, 9)), verbose=0)\n"


class OptimizerInShippedModel(Rule):
    """The optimizer's state is stored with the model: only training again has a use for it.

    Adam keeps two variables for every trainable weight, so that a trained model's file is up to three times as large as
    inference needs it. A checkpoint must have them; a model that is shipped need not. Load the file with
    `compile=False` and save it again, or save an `.h5` file with `include_optimizer=False`; keep the file with the
    state where training goes on.
    """

    code = "KS805"
    name = "optimizer-in-shipped-model"
    severity = "info"
    needs = ("weights",)
    flags = (
        Example(SMALL % "adam" + FIT, "Adam after training"),
        Example(SMALL % "rmsprop" + FIT, "in .h5", "model.h5"),
    )
    allows = (
        Example(SMALL % "adam", "compiled and never trained"),
        Example(SMALL % "sgd" + FIT, "an optimizer without state"),
        Example(SMALL % "adam" + FIT + "model.save(path)\nkeras.saving.load_model(path, compile=False).save(path)",
                "left out"),
        Example(SMALL % "adam" + FIT + "model.save(path, include_optimizer=False)", "left out of .h5", "model.h5"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        index, size = case.weights, case.model.size
        if index is None or index.live:
            return
        state = [weight for weight in index.optimizer if weight.shape]
        nbytes = sum(weight.nbytes for weight in state)
        whole = max(size or 0, nbytes + sum(weight.nbytes for weight in index.tensors))
        if nbytes:
            yield self.finding(
                f"{len(state)} tensors of the optimizer's state are {nbytes:,} bytes, {nbytes / whole:.0%} of the file",
                hint="to ship it: keras.saving.load_model(path, compile=False).save(other); keep this one to train on",
            )
