"""KS114 loss-output-structure-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.flow import Flow
from ..analyses.training import Training, labels
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

TWO = (
    "x = keras.Input((8,))\n"
    "model = keras.Model(x, [layers.Dense(1, name='age')(x), layers.Dense(3, 'softmax', name='kind')(x)])\n"
)
KEYED = TWO.replace("[", "{'a': ").replace("(x), ", "(x), 'b': ").replace("])", "})")


class LossOutputStructureMismatch(Rule):
    """The losses given do not fit the model's outputs.

    A list shorter than the outputs is taken without a word, and the outputs behind its end are not trained. A dict
    must use the keys of the outputs, or the names of the layers that make them, all of them: otherwise `fit` raises.
    State `None` for an output that shall have no loss.
    """

    code = "KS114"
    name = "loss-output-structure-mismatch"
    severity = "error"
    needs = ("model", "flow", "training")
    flags = (
        Example(f"{TWO}model.compile('adam', ['mse'])", "one loss in a list for two outputs"),
        Example(f"{TWO}model.compile('adam', {{'age': 'mse', 'class': 'categorical_crossentropy'}})",
                "a name that is no output's, in .h5", "model.h5"),
        Example(f"{TWO}model.compile('adam', {{'kind': 'categorical_crossentropy'}})", "an output left out of a dict"),
        Example(f"{KEYED}model.compile('adam', {{'a': 'mse', 'kind': 'categorical_crossentropy'}})",
                "a layer's name where the outputs have keys"),
        Example(f"{TWO}model.compile('adam', ['mse', 'categorical_crossentropy', 'mae'])", "one loss too many"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(1, name='age')])\n"
                "model.compile('adam', {'age': 'mse'})", "a dict for a Sequential"),
    )  # fmt: skip
    allows = (
        Example(f"{TWO}model.compile('adam', ['mse', 'categorical_crossentropy'])", "a list that fits"),
        Example(f"{TWO}model.compile('adam', {{'age': None, 'kind': 'categorical_crossentropy'}})", "none, stated"),
        Example(f"{KEYED}model.compile('adam', {{'b': 'categorical_crossentropy'}})",
                "outputs with keys, of which one is trained"),
        Example(f"{TWO}model.compile('adam', 'mse')", "one loss for all"),
        Example(f"{TWO}model.compile('adam', [['mse', 'mae'], 'categorical_crossentropy'])", "two of one output"),
        Example("x = keras.Input((8,))\nmodel = keras.Model(x, layers.Dense(1, name='age')(x))\n"
                "model.compile('adam', ['mse', 'mae'])", "two losses of the only output"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        if case.flow is None or case.training is None or not case.flow.is_flat:
            return
        if case.model.graph.kind == "sequential" and isinstance(case.training.loss, dict):
            found = None if case.training.is_keras_2 else (
                "a dict of losses is given to a Sequential, whose only output has no name in Keras 3: fit raises",
                "give the loss itself",
            )  # fmt: skip
        else:
            found = find_mismatch(case.training, case.flow)
        if found is not None:
            yield self.finding(found[0], hint=found[1], pointer=f"{case.training.pointer}/loss")


def find_mismatch(training: Training, flow: Flow) -> tuple[str, str] | None:
    """What is wrong, and what to do."""
    given, names = training.loss, flow.output_names
    by = labels(names, flow.output_keys)
    keyed = any(key is not None for key in flow.output_keys)
    if isinstance(given, dict):
        known = set(by)
        strange, missing = [key for key in given if key not in known], [key for key in by if key not in given]
        if strange:
            called = "keys of the outputs" if keyed else "names of the output layers"
            return (f"a loss is given for {join(strange)}, and the outputs are {join(by)}: fit raises",
                    f"use the {called}: {join(by)}")  # fmt: skip
        if missing and not keyed and not training.is_keras_2:
            return f"no loss is given for {join(missing)}: fit raises", f"state {missing[0]!r}: None, or its loss"
    if isinstance(given, list) and len(names) > 1:
        if len(given) > len(names) or (keyed and len(given) != len(names)):
            return (f"{len(given)} losses are given for {len(names)} outputs: fit raises",
                    f"give one for each of {join(by)}")  # fmt: skip
        if len(given) < len(names):
            return (f"{len(given)} of {len(names)} outputs {'has a loss' if len(given) == 1 else 'have losses'}: "
                    f"{join(by[len(given):])} will not be trained, without a word",
                    "give each output a loss, or None")  # fmt: skip
    return None


def join(names: list[str]) -> str:
    """The first few names."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(repr(name) for name in names[:5]) + more
