"""All comparisons, in the order in which they are told, and what to say where nothing was lost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .alignment import align
from .blame import blame
from .exports import compare_export
from .hints import constructor_hint, load_hint, save_hint
from .outputs import compare_outputs, compare_second
from .records import KEPT, LOST, UNKNOWN, Check, Comparison, Finding, Sides, place_of
from .structure import (
    compare_class,
    compare_config,
    compare_connections,
    compare_layers,
    compare_sharing,
    compare_structure,
)
from .training import (
    compare_built,
    compare_compile,
    compare_optimizer,
    compare_policies,
    compare_step,
    compare_trainable,
)
from .values import (
    compare_attributes,
    compare_file,
    compare_fresh,
    compare_missing,
    compare_seeds,
    compare_states,
    compare_vocabulary,
    compare_weights,
    weights_by_key,
)

WHOLE = ("keras", "h5", "original")
CONFIG = (*WHOLE, "json")
VALUES = (*WHOLE, "weights")


class Family(NamedTuple):
    """A comparison, the forms of a saved model that it is for, and what is said where it finds nothing."""

    name: str
    compare: Comparison
    kinds: tuple[str, ...]
    kept: str


FAMILIES = (
    Family("class", compare_class, CONFIG, "every layer is of the class it was of"),
    Family("structure", compare_structure, CONFIG, "inputs and outputs are as they were"),
    Family("layers", compare_layers, (*CONFIG, "weights"), "{layers} layers, in the same order, under the same names"),
    Family("connections", compare_connections, CONFIG, "every layer takes the tensors it took"),
    Family("config", compare_config, CONFIG, "the configs of {layers} layers are equal"),
    Family("sharing", compare_sharing, (*CONFIG, "weights"), "what was shared is shared"),
    Family("trainable", compare_trainable, CONFIG, "trainable flags are as they were"),
    Family("dtype-policy", compare_policies, CONFIG, "dtype policies, quantization and LoRA are as they were"),
    Family("build-state", compare_built, VALUES, "what was built is built"),
    Family("weights", compare_weights, VALUES, "{weights} weights are equal bit for bit"),
    Family("weights-missing", compare_missing, VALUES, "no weight is missing"),
    Family("weights-fresh", compare_fresh, VALUES, "every weight was loaded"),
    Family("weights-in-file", compare_file, VALUES, "every tensor of the file is in the model"),
    Family("vocabulary", compare_vocabulary, VALUES, "vocabularies are as they were"),
    Family("seeds", compare_seeds, VALUES, "random generators are as they were"),
    Family("states", compare_states, VALUES, "recurrent states are as they were"),
    Family("attributes", compare_attributes, WHOLE, "Python attributes are as they were"),
    Family("optimizer", compare_optimizer, WHOLE, "the optimizer is as it was"),
    Family("compile", compare_compile, WHOLE, "loss and metrics are as they were"),
    Family("outputs", compare_outputs, (*VALUES, "savedmodel"), "outputs on random inputs are equal within tolerance"),
    Family("training-step", compare_step, WHOLE, "one training step does the same"),
    Family("second-round-trip", compare_second, WHOLE, "saved again, it is the same file"),
)
OUTPUTS = next(family for family in FAMILIES if family.name == "outputs")


def check_classes(before: Mapping[str, Any]) -> Iterator[Check]:
    """What the constructors and configs of custom classes say before anything is loaded."""
    found = [finding for entry in before["classes"] for finding in class_findings(entry)]
    yield from (as_check("constructor", "code", finding) for finding in found)
    if not found and before["classes"]:
        yield Check("constructor", "code", KEPT, "get_config returns what __init__ takes")


def class_findings(entry: Mapping[str, Any]) -> Iterator[Finding]:
    name, place = entry["class_name"], place_of(entry["constructor"])

    def finding(detail: str, status: str = LOST) -> Finding:
        return Finding(detail, entry["path"] or None, constructor_hint(entry), status, place)

    if not entry["has_config"] and entry["own_config"]:
        yield finding(f"get_config of {name} fails: {entry['problem']}")
    elif not entry["has_config"]:
        yield finding(f"{name} has no get_config, and Keras cannot make one for the arguments that it takes")
    if entry["missing"]:
        yield finding(f"get_config of {name} leaves out {', '.join(entry['missing'])}, which __init__ takes")
    for argument, (noted, held) in entry["changed"].items():
        why = "the default, which Keras notes for a Model" if entry["model"] else "with which it was made"
        yield finding(f"self.{argument} of {name} is {held}, and its config keeps {noted}, {why}")
    if entry["assumed"]:
        yield finding(f"the config of {name} has the defaults of {', '.join(entry['assumed'])}, whatever was passed: "
                      "Keras notes the arguments of layers, not of a Model", UNKNOWN)  # fmt: skip
    if entry["refused"]:
        yield finding(f"{name}.__init__ takes no {', '.join(entry['refused'])}, which its config holds")


def check_target(kind: str, before: Mapping[str, Any], after: Mapping[str, Any], target: str) -> Iterator[Check]:
    """All checks of one form of the saved model."""
    saved = before["saves"][kind]
    if saved["file"] is None:
        detail = f"Keras cannot save it: {saved['error']}: {saved['message'][:400]}"
        hint = save_hint(saved, kind, before["classes"])
        layer, place = blame(saved, before)
        yield Check("save", target, LOST, detail, layer, hint, place)
        return
    yield check_load(kind, before, after, target)
    if after.get("loaded"):
        yield from compare_all(before, after, kind, target)


def check_load(kind: str, before: Mapping[str, Any], after: Mapping[str, Any], target: str) -> Check:
    """Whether a plain load brings a model back, and what Keras warns of."""
    warned = f"; Keras warns: {'; '.join(after['warnings'])}" if after.get("warnings") else ""
    if after.get("loaded") and after["way"] in ("", "--custom"):
        how = " with the classes of --custom" if after["way"] else ""
        return Check("load", target, KEPT, f"it loads{how}{warned}")
    if not after.get("problems"):
        return Check(
            "load", target, LOST, after.get("crash", "nothing came back"), None, after.get("hint") or CRASH_HINT
        )
    problem = [problem for problem in after["problems"] if problem["way"] in ("", "--custom")][-1]
    detail = f"Keras cannot load it: {problem['error']}: {problem['message'][:400]}"
    hint = hint_for(problem, kind, before)
    if after["loaded"]:
        detail += f" (what follows was compared with {after['way']})"
    elif (last := after["problems"][-1]) and last["message"] != problem["message"]:
        detail += f"; with {last['way']}: {last['error']}: {last['message'][:300]}"
        more = hint_for(last, kind, before)
        hint = hint if more in hint else f"{hint}\nand {more}"
    layer, place = blame(problem, before)
    return Check("load", target, LOST, detail, layer, hint, place)


def hint_for(problem: Mapping[str, Any], kind: str, before: Mapping[str, Any]) -> str:
    """What to do about an error at a load; where layers are shared between models, that may be its cause."""
    shared = [group for group in before["fingerprint"]["sharing"] if len({home_of(path) for path in group}) > 1]
    if shared and SHARED.search(problem["message"]):
        return (f"{' and '.join(shared[0])} are one layer in several models, which Keras cannot load: keep it in one, "
                "and call that model again")  # fmt: skip
    return load_hint(problem, kind, before["classes"])


SHARED = re.compile(r"is not connected to `inputs`|could not be loaded|expected \d+ variables")


def home_of(path: str) -> str:
    return path.partition(":")[0].rpartition("/")[0]


CRASH_HINT = "run it again with --debug; more time with --timeout, more memory with --memory"


def compare_all(before: Mapping[str, Any], after: Mapping[str, Any], kind: str, target: str) -> Iterator[Check]:
    """Each comparison that the form is for: one check, or one for each thing that was lost."""
    if kind == "savedmodel":
        yield from compare_export(before, after, target)
        yield from run_family(OUTPUTS, Sides(before["fingerprint"], before["fingerprint"], kind, before, after), target)
        return
    after = align(before["fingerprint"], after)
    sides = Sides(before["fingerprint"], after["fingerprint"], kind, before, after)
    without_compile = "compile=False" in after.get("way", "")
    for family in FAMILIES:
        if kind not in family.kinds or family.name in before["fingerprint"].get("unasked", ()):
            continue
        if without_compile and family.name in ("optimizer", "compile", "training-step"):
            if before["fingerprint"]["optimizer"] is not None:
                yield Check(family.name, target, UNKNOWN, "not compared: it loads with compile=False alone")
            continue
        yield from run_family(family, sides, target)


def run_family(family: Family, sides: Sides, target: str) -> Iterator[Check]:
    found = list(family.compare(sides))
    yield from (as_check(family.name, target, finding) for finding in found)
    if not found:
        counts = {"layers": len(sides.saved["layers"]) - 1, "weights": len(weights_by_key(sides.saved))}
        yield Check(family.name, target, KEPT, family.kept.format(**counts))


def as_check(name: str, target: str, finding: Finding) -> Check:
    return Check(name, target, finding.status, finding.detail, finding.layer, finding.hint, finding.place)


__all__ = ["check_classes", "check_target", "compare_all"]
