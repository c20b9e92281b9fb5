"""KS715 legacy-format."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.legacy_dialect import find_obstacles
from ..graph import Model
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

SAVED_MODEL = "saved_model.pb"
SMALL = "model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])"
OLD = "import tf_keras\nx = tf_keras.Input((4,))\ny = tf_keras.layers.Dense(2)(x)\nold = tf_keras.Model(x, y)\n"


class LegacyFormat(Rule):
    """An older file format, which Keras 3 reads in part or not at all.

    `.h5` is the format of Keras 1 and 2: Keras 3 reads and writes it, but not operations, bfloat16, vocabularies and
    several losses (KS706, KS708 to KS710); that it is used is only noted. A SavedModel cannot be opened by
    `keras.saving.load_model` of Keras 3 at all; `keras.layers.TFSMLayer(folder, call_endpoint="serving_default")` runs
    it, and `tf_keras` loads it. What `tf_keras` writes as `.keras`, its mixed precision in `.h5`, and its graphs with
    nested models that are counted from one are refused by Keras 3; the way out is named. All of
    it is a remark: for the Keras that wrote it, the file is sound.
    """

    code = "KS715"
    name = "legacy-format"
    severity = "info"
    needs = ("file",)
    flags = (
        Example(SMALL, "an .h5 file", "model.h5"),
        Example(OLD + "old.save(path)", "a .keras file of Keras 2"),
        Example(OLD + "old.save(path)", "a SavedModel of Keras 2", "saved"),
        Example("import tf_keras\ntf_keras.mixed_precision.set_global_policy('mixed_float16')\n" + OLD
                + "old.save(path)\ntf_keras.mixed_precision.set_global_policy('float32')",
                "mixed precision of Keras 2", "model.h5"),
    )  # fmt: skip
    allows = (
        Example(SMALL, "a .keras file of Keras 3"),
        Example(SMALL, "a config alone", "model.json"),
        Example(SMALL, "weights alone, which Keras 3 keeps in HDF5", "model.weights.h5"),
        Example(OLD + "old.save(path)", "files of Keras 2 where the target is Keras 2", "model.keras",
                {"target_keras": "2.15"}),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        if case.is_live or not case.options.wants_keras_3:
            return
        if case.has("probe") and case.probe.names is not None and SAVED_MODEL in case.probe.names:
            yield self.finding(
                "a SavedModel, which Keras 3 cannot load as a model",
                hint='load it with tf_keras and save a .keras or .h5 file; or run it as keras.layers.TFSMLayer(folder, '
                     'call_endpoint="serving_default")',
            )  # fmt: skip
        elif case.has("model"):
            yield from self.check_model(case.model)

    def check_model(self, model: Model) -> Iterator[Finding]:
        obstacles = list(find_obstacles(model))
        for obstacle in obstacles:
            yield self.finding(obstacle.what, hint=obstacle.hint, layer=obstacle.layer)
        if model.format == "h5" and not obstacles:
            yield self.finding(
                f"an .h5 file of Keras {model.keras_version or '1 or 2'}: the older format, which does not hold all "
                "that .keras holds", hint="load it once with Keras 3 and save it as .keras",
            )  # fmt: skip
