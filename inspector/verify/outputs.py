"""Outputs on the same random inputs, and whether a second save writes what the first one wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from .records import UNKNOWN, Finding, Sides
from .trees import brief, differences


def compare_outputs(sides: Sides) -> Iterator[Finding]:
    """What the loaded model returns is near what the saved one returned."""
    before, after = sides.before["outputs"], sides.after["outputs"]
    if after.get("failed"):
        yield Finding(f"it is loaded, and calling it fails: {after['error']}: {after['message'][:300]}",
                      hint="see the other checks: a vocabulary, a state or a weight is missing")  # fmt: skip
        return
    if not before["ran"] or not after["ran"]:
        yield Finding(f"not compared: {before.get('why') or after.get('why')}", status=UNKNOWN)
        return
    for item in after["differences"]:
        if item["ok"]:
            continue
        if "shapes" in item:
            was, now = item["shapes"]
            yield Finding(f"{item['output']}: shape {was} became {now}", hint=OUTPUT_HINT)
            continue
        far = "not a number or infinite" if item["max_abs_diff"] is None else f"{item['max_abs_diff']:.3g}"
        yield Finding(f"{item['output']}: largest difference {far}", hint=OUTPUT_HINT)


OUTPUT_HINT = (
    "the checks above name what was lost; where they name nothing, the call depends on state outside the model"
)


def compare_second(sides: Sides) -> Iterator[Finding]:
    """The loaded model, saved again, gives the same file."""
    second = sides.after.get("second")
    if second is None:
        return
    if second["file"] is None:
        yield Finding(f"the loaded model cannot be saved again: {second['error']}: {second['message'][:300]}",
                      hint="let get_config return plain values, as __init__ takes them")  # fmt: skip
        return
    for what, one, other in second.get("documents") or ():
        if what == "weights" and one != other:
            gone = (Counter(one) - Counter(other)).total()
            yield Finding(f"the second save differs in {gone or 'added'} of {len(one)} weights",
                          hint="the checks of weights above say which, and what to do")  # fmt: skip
            continue
        for where, was, now in differences(one, other):
            if where == "dtype.config.name" and was == sides.saved["layers"][0]["policy"]:
                continue  # the model's own policy, of which the check of policies tells
            yield Finding(f"the second save differs in its {what}, at {where}: {brief(was)} became {brief(now)}",
                          hint="let get_config return what __init__ takes, unchanged")  # fmt: skip
            break
