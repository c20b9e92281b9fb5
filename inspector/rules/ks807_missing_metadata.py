"""KS807 missing-metadata."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from ..graph import Graph, flatten
from ..knowledge import policy_of
from ..linting.case import Case
from ..linting.options import version_numbers
from ..linting.rule import Example, Finding, Rule
from ..readers.weight_paths import snake_case

NAMED = "x = keras.Input((4,), name='pixels')\nmodel = keras.Model(x, layers.Dense(3, name='digit')(x))"
PLAIN = "model = keras.Sequential([layers.Input((4,)), layers.Dense(3)])"
GIVEN = re.compile(r"(input_layer|input|keras_tensor)(_\d+)?")  # names that Keras gives itself


class MissingMetadata(Rule):
    """A model without the names, dtype policy or version that the project asks for (`required-metadata`).

    Those who serve a model rely on what is written in it. Each entry is a key, or a key and a value: `input=pixels` and
    `output=digit` ask for these names; `input` alone for names that somebody chose in place of `input_layer_1`;
    `dtype=float32` for that policy in every layer with weights; `keras-version` for a version in the file, and
    `keras-version=3.8` for that one or a later one. Without a setting nothing is said.
    """

    code = "KS807"
    name = "missing-metadata"
    severity = "error"
    needs = ("model",)
    flags = (
        Example(PLAIN, "an input that nobody named", "model.keras", {"required_metadata": ("input",)}),
        Example(NAMED, "another output", "model.h5", {"required_metadata": ("input=pixels", "output=logits")}),
        Example(NAMED, "another policy", "model.keras", {"required_metadata": ("dtype=mixed_float16",)}),
        Example(NAMED, "no version", "model.json", {"required_metadata": ("keras-version",)}),
        Example(NAMED, "a later version", "model.keras", {"required_metadata": ("keras-version=99.0",)}),
    )
    allows = (
        Example(NAMED, "everything there", "model.keras",
                {"required_metadata": ("input", "input=pixels", "output=digit", "dtype=float32", "keras-version=3.0")}),
        Example("keras.config.set_dtype_policy('mixed_float16')\n" + NAMED
                + "\nkeras.config.set_dtype_policy('float32')", "the policy", "model.h5",
                {"required_metadata": ("dtype=mixed_float16",)}),
        Example(PLAIN, "nothing configured"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for entry in case.options.required_metadata:
            key, _, value = entry.partition("=")
            missing = REQUIREMENTS[key.strip()](case, value.strip()) if key.strip() in REQUIREMENTS else None
            if missing is not None:
                yield self.finding(f"required-metadata asks for {entry!r}: {missing}",
                                   hint=f"build the model so that it has it, or take {entry!r} out of "
                                        "required-metadata")  # fmt: skip


def lack_version(case: Case, value: str) -> str | None:
    written = case.model.keras_version
    if not written:
        return "the file does not say which Keras wrote it"
    return f"Keras {written} wrote it" if value and version_numbers(written) < version_numbers(value) else None


def lack_input(case: Case, value: str) -> str | None:
    graph = case.model.graph
    names = [ref.layer for ref in graph.input_refs()]
    return lack_name(graph, [*keys_of(graph.inputs), *names], value, "input")


def lack_output(case: Case, value: str) -> str | None:
    graph = case.model.graph
    names = [ref.layer for ref in graph.output_refs()]
    return lack_name(graph, [*keys_of(graph.outputs), *names], value, "output")


def lack_name(graph: Graph, names: list[str], value: str, what: str) -> str | None:
    if not names:
        return f"the file does not say what {what}s the model has"
    if value:
        return None if value in names else f"its {what}s are {', '.join(map(repr, names[:5]))}"
    layers = graph.by_name
    given = [name for name in names if GIVEN.fullmatch(name) or is_counted(name, layers)]
    return f"nobody named {given[0]!r}" if given and len(given) == len(names) else None


def is_counted(name: str, layers: Mapping[str, object]) -> bool:
    """Whether a name is the class's own with a number, as Keras gives it."""
    class_name = getattr(layers.get(name), "class_name", "")
    return re.fullmatch(rf"{re.escape(snake_case(class_name))}(_\d+)?", name) is not None


def keys_of(structure: object) -> list[str]:
    return [str(key) for key in structure] if isinstance(structure, dict) and flatten(structure) else []


def lack_dtype(case: Case, value: str) -> str | None:
    if not value or not case.has("facts"):
        return None
    for fact in case.facts.layers:
        if fact.layer.inner is None and fact.weights and policy_of(fact.layer.config).name != value:
            return f"{fact.path!r} has {policy_of(fact.layer.config).name!r}"
    return None


REQUIREMENTS: dict[str, Callable[[Case, str], str | None]] = {
    "keras-version": lack_version, "input": lack_input, "output": lack_output, "dtype": lack_dtype,
}  # fmt: skip
