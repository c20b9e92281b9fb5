"""Flags, policies, build state, and how the model was compiled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .hints import SCALE_HINT
from .records import DESIGN, LOST, UNKNOWN, Finding, Sides, place_of
from .trees import ABSENT, brief, differences

AGAIN_HINT = "compile it again after loading, with a new optimizer"
SETTINGS: Mapping[str, tuple[Any, ...]] = {  # what stands for the default, by where it is written
    "run_eagerly": (None, False, ABSENT), "steps_per_execution": (None, 1, ABSENT),
    "jit_compile": (None, False, True, "auto", ABSENT), "loss_weights": (None, ABSENT), "metrics": (None, ABSENT),
    "weighted_metrics": (None, ABSENT), "loss": (None, ABSENT),
}  # fmt: skip
ALIASES = {"mse": "mean_squared_error", "mae": "mean_absolute_error", "mape": "mean_absolute_percentage_error",
           "msle": "mean_squared_logarithmic_error", "kld": "kl_divergence", "bce": "binary_crossentropy"}  # fmt: skip
COMPILE_HINT = "return it in get_compile_config, or compile the model again after loading"


def compare_trainable(sides: Sides) -> Iterator[Finding]:
    """Trainable flags, of layers and of single variables."""
    for one, other in sides.layers():
        if one["trainable"] != other["trainable"]:
            harmless = one["kind"] == "input"
            yield Finding(
                f"trainable was {one['trainable']} and became {other['trainable']}"
                + (": an input has no weights" if harmless else ""), one["path"] or None,
                None if harmless else "set it again after loading; its layers keep their own flags",
                DESIGN if harmless else LOST,
            )  # fmt: skip
        back = {weight["key"]: weight for weight in other["weights"]}
        for weight in one["weights"]:
            now = back.get(weight["key"])
            if now is None or one["trainable"] != other["trainable"] or now["trainable"] == weight["trainable"]:
                continue
            yield Finding(
                f"{weight['key']}.trainable was {weight['trainable']} and became {now['trainable']}",
                one["path"] or None,
                "Keras keeps the flags of layers alone: set the variable's again after loading, or in build()",
                place=place_of(one["origin"]),
            )


def compare_policies(sides: Sides) -> Iterator[Finding]:
    """Dtype policies, quantization and LoRA."""
    for one, other in sides.layers():
        if one["policy"] != other["policy"]:
            bare = not one["weights"] and one["kind"] in ("input", "functional", "sequential")
            yield Finding(
                f"dtype policy {one['policy']} became {other['policy']}"
                + ("; its layers keep theirs" if bare else ""), one["path"] or None,
                None if bare else "pass dtype on to super().__init__(**kwargs), and return it in get_config",
                DESIGN if bare else LOST,
            )  # fmt: skip
        if one["quantization"] != other["quantization"]:
            yield Finding(f"quantization {one['quantization']} became {other['quantization']}", one["path"],
                          "quantize the model again after loading")  # fmt: skip
        if one["lora"] != other["lora"]:
            yield Finding(f"LoRA of rank {one['lora']} became rank {other['lora']}", one["path"],
                          "enable LoRA again after loading", DESIGN if other["lora"] is None else LOST)  # fmt: skip


def compare_built(sides: Sides) -> Iterator[Finding]:
    """What was built is built again before anything is called."""
    from .hints import build_hint

    for one, other in sides.layers():
        if not one["built"] or other["built"] or not has_weights(sides.saved, one["path"]):
            continue
        if weights_below(sides.saved, one["path"]) == weights_below(sides.loaded, one["path"]):
            yield Finding("it was built, and is not until it is called; its weights are all there", one["path"] or None,
                          None, DESIGN)  # fmt: skip
        else:
            yield Finding("it was built, and came back unbuilt: its weights were not made when the file was read",
                          one["path"] or None, build_hint(sides), place=place_of(one["origin"]))  # fmt: skip


def has_weights(fingerprint: Mapping[str, Any], path: str) -> bool:
    return any(weights_below(fingerprint, path).values())


def weights_below(fingerprint: Mapping[str, Any], path: str) -> dict[str, list[str]]:
    """The hashes of the weights of a layer and of those in it, by path."""
    start = f"{path}/" if path else ""
    return {
        layer["path"]: [weight["sha256"] for weight in layer["weights"]]
        for layer in fingerprint["layers"]
        if layer["path"] == path or layer["path"].startswith(start)
    }


def compare_optimizer(sides: Sides) -> Iterator[Finding]:
    """Class, settings, steps and slot variables."""
    one, other = sides.saved["optimizer"], sides.loaded["optimizer"]
    if one is None:
        return
    if other is None:
        yield Finding("the optimizer is gone", hint=COMPILE_HINT)
        return
    if one["class_name"] != other["class_name"]:
        hint = SCALE_HINT if one["class_name"] == "LossScaleOptimizer" else COMPILE_HINT
        yield Finding(f"{one['class_name']} became {other['class_name']}", hint=hint)
        return
    for where, was, now in differences(one["config"], other["config"]):
        if where != "name":
            yield Finding(f"{where}: {brief(was)} became {brief(now)}", hint=COMPILE_HINT)
    if one["spared"] != other["spared"]:
        yield Finding(
            f"weight decay spared {', '.join(one['spared'])}, and spares {', '.join(other['spared']) or 'none'}",
            hint="call optimizer.exclude_from_weight_decay(…) again after loading",
        )
    yield from compare_slots(one, other)


def compare_slots(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Finding]:
    hint = "compile after the last change of a trainable flag, and save as .keras"
    if one["built"] and len(one["variables"]) != len(other["variables"]):
        yield Finding(f"its {len(one['variables'])} variables became {len(other['variables'])}: "
                      "a training goes on without its momentum", hint=hint)  # fmt: skip
        return
    if one["iterations"] != other["iterations"]:
        yield Finding(f"step {one['iterations']} became step {other['iterations']}", hint=hint)
    changed = [was["name"] for was, now in zip(one["variables"], other["variables"], strict=False)
               if was["sha256"] != now["sha256"] and was["name"] not in ("iteration", "iterations")]  # fmt: skip
    if changed and one["built"]:
        yield Finding(f"{len(changed)} of its variables have other values, the first is {changed[0]}", hint=hint)


def compare_compile(sides: Sides) -> Iterator[Finding]:
    """Loss, loss weights, metrics and the other settings of `compile`."""
    one, other = sides.saved["training"], sides.loaded["training"]
    if one is None:
        return
    if "error" in one:
        yield Finding(f"how it was compiled cannot be written: {one['error']}", hint=COMPILE_HINT)
        return
    if other is None:
        yield Finding("it came back without its loss and metrics", hint=COMPILE_HINT)
        return
    for where, was, now in differences(by_name(one), by_name(other)):
        if where in SETTINGS and all(value in SETTINGS[where] for value in (was, now)):
            continue
        yield Finding(f"{where}: {brief(was)} became {brief(now)}", hint=COMPILE_HINT)


def by_name(value: Any) -> Any:
    """A setting with functions told by their names alone, and these in full, as an .h5 file tells them."""
    if isinstance(value, str):
        return ALIASES.get(value, value)
    if isinstance(value, Mapping):
        if value.get("class_name") == "function" and isinstance(value.get("config"), str):
            return by_name(value["config"])
        return {key: by_name(item) for key, item in value.items()}
    return [by_name(item) for item in value] if isinstance(value, list) else value


def compare_step(sides: Sides) -> Iterator[Finding]:
    """One training step on the same data moves the same weights as far."""
    one, other = sides.before.get("train") or {}, sides.after.get("train") or {}
    if "loss" in one and "failed" in other:
        yield Finding(f"the loaded model cannot be trained: {other['failed']}", hint=AGAIN_HINT)
        return
    if "loss" not in one or "loss" not in other:
        why = one.get("skipped") or other.get("skipped") or one.get("failed") or "the model was not run"
        yield Finding(f"not run: {why}", status=UNKNOWN)
        return
    pairs = list(zip(one["moved"], other["moved"], strict=False))
    far = sum(not near(was, now) for was, now in pairs)
    if (far or not near(one["loss"], other["loss"])) and any(layer["seeds"] for layer in sides.saved["layers"]):
        yield Finding("not compared: its training draws random numbers", status=UNKNOWN)
        return
    if not near(one["loss"], other["loss"]):
        yield Finding(f"the loss of a step was {one['loss']:.6g} and is {other['loss']:.6g}", hint=COMPILE_HINT)
    if far or len(one["moved"]) != len(other["moved"]):
        yield Finding(f"a step moves {far or 'other'} of {len(one['moved'])} weights otherwise", hint=COMPILE_HINT)


def near(one: float, other: float) -> bool:
    return (
        one == other or abs(one - other) <= 1e-6 + 1e-3 * max(abs(one), abs(other)) or (one != one and other != other)
    )
