"""KS208 regulariser-on-output."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.flow import Step
from ..analyses.output_losses import losses_by_output
from ..analyses.paths import is_moved, walk_back
from ..analyses.roles import BATCH_NORMS, LINEAR, NOISE, NORMALISING, activation_of, is_own
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule


class RegulariserOnOutput(Rule):
    """Dropout, noise or batch normalization behind the activation of an output.

    Dropout sets predictions to 0 and scales the rest up while training, so that the probabilities of a softmax no
    longer add up to 1 and the loss of a dropped class is infinite but for clipping; batch normalization makes
    probabilities negative. Regularise before the last layer, not behind it.
    """

    code = "KS208"
    name = "regulariser-on-output"
    severity = "warning"
    needs = ("flows",)
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(3, activation='softmax'),"
                " layers.Dropout(0.5)])", "dropout behind softmax"),
        Example("x = keras.Input((8,))\ny = layers.Activation('sigmoid')(layers.Dense(1)(x))\n"
                "model = keras.Model(x, layers.BatchNormalization()(y))", "batch normalization behind sigmoid",
                "model.h5"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, activation='relu'),"
                " layers.Dropout(0.2)])\nmodel.compile('adam', 'mse')", "dropout on a prediction that is trained"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(8, activation='relu'),"
                " layers.Dropout(0.5), layers.Dense(3, activation='softmax')])", "dropout before the last layer"),
        Example("model = keras.Sequential([layers.Input((8, 8, 3)), layers.Conv2D(8, 3, activation='relu'),"
                " layers.BatchNormalization(), layers.GlobalAveragePooling2D(), layers.Dropout(0.2)])",
                "a backbone, saved without a head"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1), layers.BatchNormalization(),"
                " layers.Activation('sigmoid')])", "batch normalization before the activation"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(8, activation='sigmoid'),"
                " layers.GaussianNoise(0.1)])", "a noisy code"),
        Example("backbone = keras.Sequential([layers.Input((8,)), layers.Dense(8, activation='sigmoid'),"
                " layers.Dropout(0.5)])\nx = keras.Input((8,))\nmodel = keras.Model(x, layers.Dense(2)(backbone(x)))",
                "dropout at the end of a nested model"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        told: set[str] = set()
        training = case.training if case.has("training") else None
        for flow in case.flows:
            if flow.path:
                continue  # a part of a model whose calls are not known: what follows it may be anything
            for tensor, losses in zip(flow.outputs, losses_by_output(training, flow), strict=True):
                found = behind_activation(tensor.step)
                if found is None or found[0].path in told or not is_wrong(*found, bool(losses)):
                    continue
                step, before = found
                told.add(step.path)
                yield self.finding(
                    f"{step.title} stands behind the {activation_of(before.layer)} of {before.title} and changes what"
                    " the model predicts" + ("" if step.class_name in BATCH_NORMS else " while it is trained"),
                    layer=step.path,
                    hint=f"remove {step.layer.name!r}, or put it before the last layer with weights",
                )


def behind_activation(step: Step) -> tuple[Step, Step] | None:
    """The regulariser of an output and the layer whose activation it follows."""
    passed, before = walk_back(step, lambda s: is_moved(s) or (s.class_name in BATCH_NORMS and is_own(s.layer)))
    found = next((s for s in passed if s.class_name in NOISE | BATCH_NORMS), None)
    if found is None or before is None or activation_of(before.layer) in (LINEAR, None):
        return None
    return found, before


def is_wrong(step: Step, before: Step, trained: bool) -> bool:
    """Probabilities are an output, and what a loss takes is one; else the end may be a backbone's or a code's."""
    if step.class_name in ("GaussianNoise", "GaussianDropout"):
        return trained
    return activation_of(before.layer) in NORMALISING or (trained and step.class_name in NOISE)
