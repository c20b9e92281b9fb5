"""KS716 optimizer-state-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.optimizer_state import find_state
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

SMALL = ("model = keras.Sequential([layers.Input((4,)), layers.Dense(3, name='a'), layers.Dense(2)])\n"
         "model.compile(keras.optimizers.%s, 'mean_squared_error')\n")  # fmt: skip
FIT = "model.fit(np.ones((4, 4)), np.ones((4, 2)), verbose=0)\n"


class OptimizerStateMismatch(Rule):
    """The optimizer's stored state is not that of the weights which the model trains, and is skipped at the load.

    Adam keeps two running means for every trainable weight, SGD with momentum one. Where layers were frozen or thawed
    after training, the loaded model trains other weights than the state was kept for: Keras warns `Skipping variable
    loading for optimizer`, and training goes on with an empty state and a step count of 0, so that a warm-up begins
    anew and the first steps are large. Set `trainable` before the training that the state is to be kept of.
    """

    code = "KS716"
    name = "optimizer-state-mismatch"
    severity = "warning"
    needs = ("training", "weights", "facts")
    flags = (
        Example(SMALL % "Adam()" + FIT + "model.layers[0].trainable = False", "a layer frozen after training"),
        Example(SMALL % "SGD(momentum=0.9)" + "model.layers[0].trainable = False\n"
                + "model.compile(model.optimizer, 'mean_squared_error')\n" + FIT + "model.layers[0].trainable = True",
                "a layer thawed after training"),
        Example(SMALL % "RMSprop(centered=True)" + FIT + "model.layers[1].trainable = False", "three variables each"),
    )  # fmt: skip
    allows = (
        Example(SMALL % "Adam()" + FIT, "a trained model"),
        Example(SMALL % "Adam()" + "model.layers[0].trainable = False", "a model that was compiled and never trained"),
        Example(SMALL % "AdamW(amsgrad=True, use_ema=True, gradient_accumulation_steps=2)" + FIT,
                "averages and gradients beside the state"),
        Example("keras.config.set_dtype_policy('mixed_float16')\n" + SMALL % "Nadam()" + FIT
                + "keras.config.set_dtype_policy('float32')", "a loss scale around the optimizer"),
        Example(SMALL % "SGD()" + FIT + "model.layers[0].trainable = False", "an optimizer without state"),
        Example(SMALL % "Adam(keras.optimizers.schedules.CosineDecay(0.1, 9))" + "model.layers[0].trainable = False\n"
                + FIT, "a layer frozen before training"),
        Example("inner = keras.Sequential([layers.Input((4,)), layers.BatchNormalization(), layers.Dense(3)])\n"
                "inner.trainable = False\nx = keras.Input((4,))\nmodel = keras.Model(x, layers.Dense(2)(inner(x)))\n"
                "model.compile('lion', 'mean_squared_error')\n" + FIT, "a frozen part"),
        Example(SMALL % "Adafactor()" + FIT + "model.layers[0].trainable = False",
                "an optimizer with a state of other shapes"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        if not (case.model.keras_version or "").startswith("3."):
            return
        state = find_state(case.model, case.facts, case.training)
        if state is None or state.fits:
            return
        kept = state.stored.total()
        yield self.finding(
            f"{state.optimizer} is stored with {kept} state tensors, {state.slots} for a weight, and the model trains "
            f"{state.trainable.total()} weights: Keras skips the state when it loads the file, and starts at step 0",
            pointer=case.training.optimizer.pointer if case.training and case.training.optimizer else None,
            hint="set trainable on every layer before compile and fit, and save the model that was trained",
        )
