"""What to do about what was lost: code that can be pasted, or the way around."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .records import Sides

REGISTER = '@keras.saving.register_keras_serializable(package="my_package")'
SCALE_HINT = (
    'call keras.config.set_dtype_policy("mixed_float16") before the model is loaded: only then does it scale the loss, '
    "without which small gradients become zero"
)
TO_KERAS = "save as .keras, which can hold it"


def load_hint(problem: Mapping[str, Any], target: str, classes: list[Mapping[str, Any]]) -> str:
    """What to do about the error that Keras raised at a load."""
    text = f"{problem['error']}: {problem['message']}"
    for pattern, advise in ADVICE:
        found = re.search(pattern, text)
        if found:
            return str(advise(found, classes))
    if target == "h5" and classes:
        return TO_KERAS
    if problem.get("place"):
        file, line = problem["place"]
        return f"your own code raises it at {file}:{line}: let it take what get_config returned"
    codes = [entry for entry in classes if entry["refused"] or entry["missing"]]
    if codes:
        return constructor_hint(codes[0])
    return "try compile=False, and custom_objects={…} with the classes that the message names"


def located(entry: Mapping[str, Any]) -> str:
    return f"{entry['origin'][0]}:{entry['origin'][1]}" if entry.get("origin") else f"class {entry['class_name']}"


def register_hint(found: re.Match[str], classes: list[Mapping[str, Any]]) -> str:
    return register_named(found[1].rpartition(">")[2].rpartition(".")[2], classes)


def register_named(name: str, classes: list[Mapping[str, Any]]) -> str:
    """How a class or a function is made known to Keras."""
    entry = next((entry for entry in classes if entry["class_name"] == name), None)
    where = f" at {located(entry)}" if entry else ""
    if entry is not None and entry.get("local"):
        return (f"{name} is made inside a function, each time anew: move it{where} to the top of its module, "
                f"with {REGISTER} above it")  # fmt: skip
    if entry is not None and entry["registered"]:
        return f"import the module of {name} before loading{where}"
    return (f"put {REGISTER} above {name}{where}, or load it with custom_objects={{{name!r}: {name}}}; "
            "here: --custom FILE.py")  # fmt: skip


def constructor_hint(entry: Mapping[str, Any]) -> str:
    """The constructor and the `get_config` that the class needs."""
    if not entry["code"]:
        return f"mend get_config of {entry['class_name']} ({located(entry)}): it returns what __init__ takes"
    return f"in {entry['class_name']} ({located(entry)}):\n{entry['code']}"


def argument_hint(found: re.Match[str], classes: list[Mapping[str, Any]]) -> str:
    entry = next((entry for entry in classes if entry["class_name"] == found[1]), None)
    if entry is None:
        return "take **kwargs in __init__ and pass them on: super().__init__(**kwargs)"
    return constructor_hint(entry)


def revive_hint(found: re.Match[str], classes: list[Mapping[str, Any]]) -> str:
    entry = next(
        (
            e
            for e in classes
            if e["class_name"] in found.string and (e["refused"] or not e["has_config"] or e["assumed"])
        ),
        None,
    )
    entry = entry or next((e for e in classes if e["assumed"]), None)
    if entry is not None:
        return constructor_hint(entry)
    return "return in get_config exactly the arguments that __init__ takes; see the whole message with --debug"


def save_hint(problem: Mapping[str, Any], target: str, classes: list[Mapping[str, Any]]) -> str:
    """What to do about the error that Keras raised at a save."""
    text = problem["message"]
    entry = next((e for e in classes if not e["has_config"] and e["class_name"] in text), None) or next(
        (e for e in classes if not e["has_config"]), None
    )
    if problem["error"] == "NotImplementedError" and entry is not None:
        return constructor_hint(entry)
    if entry is not None and entry["own_config"]:
        return constructor_hint(entry)
    if "partial" in text:
        return f"write a function of its own in place of functools.partial, with {REGISTER} above it"
    if "not yet been built" in text or "unbuilt" in text or "never been called" in text:
        return "build it first: call it on a batch, or give --input-shape"
    if "shard" in text:
        return "choose a max_shard_size above the size of the largest weight"
    if target == "h5":
        return TO_KERAS
    return "make every value of every get_config one that JSON holds: numbers, texts, lists, dicts"


def build_hint(sides: Sides) -> str:
    """How a model that is not Functional has its weights made when it is loaded, so that they can be filled."""
    root = sides.saved["layers"][0]
    if sides.target == "weights":
        return "build the model before load_weights: call it once on data of the right shapes"
    if not root["user"]:
        return "give every custom layer a build method that makes its weights and builds the layers in it"
    parts = {path: spelled for path in built_parts(sides) if (spelled := spell_part(path)) is not None}
    if not parts or root["kind"] != "subclassed":
        return f"define build on {root['class_name']}, and let it build every layer that holds weights"
    kept = ", ".join(f'"{path}": {spelled}.get_build_config()' for path, spelled in parts.items())
    made = "\n".join(f'    {spelled}.build_from_config(config["{path}"])' for path, spelled in parts.items())
    return (
        f"let {root['class_name']} build its layers when it is loaded:\n"
        f"def get_build_config(self):\n    return {{{kept}}}\n\ndef build_from_config(self, config):\n{made}"
    )


def built_parts(sides: Sides) -> list[str]:
    """The built layers that the model itself holds."""
    layers = [layer for layer in sides.saved["layers"][1:] if layer["built"]]
    return [layer["path"] for layer in layers if not layer.get("place", [layer["path"].rpartition("/")[0]])[0]]


def spell_part(path: str) -> str | None:
    """``self.blocks[0]`` for ``blocks/0``: where a layer stands in attributes, their lists and dicts."""
    name, *keys = path.split("/")
    if not name.isidentifier():
        return None
    return f"self.{name}" + "".join(f"[{key}]" if key.isdecimal() else f"[{key!r}]" for key in keys)


ADVICE: tuple[tuple[str, Any], ...] = (
    (r"Could not locate class '(?:Functional|Sequential)'", lambda *_: (
        "the file is of tf_keras: load it with tf_keras, save it as .h5, and load that with Keras 3")),
    (r"Could not locate (?:class|function) '([^']+)'", register_hint),
    (r"keras\.metrics\.(\w+)'", lambda found, _: (
        f"an .h5 file cannot name {found[1]!r}: save as .keras, compile with keras.losses.MeanSquaredError() or the "
        f"like, or load with compile=False")),
    (r"Could not deserialize '(keras\.[\w.]+)'", lambda found, _: (
        f"there is no {found[1]} in this version of Keras: load the file with the version that saved it")),
    (r"Expected a model\.weights", lambda *_: "the file is not whole: save the model again"),
    (r"'str' object is not callable", lambda _, classes: next(
        (register_named(e["class_name"], classes) for e in classes if not e["registered"]), REGISTER)),
    (r"Unknown (?:layer|object): '(Transpose|Add|GetItem|Reshape|[A-Z]\w+)'", lambda found, classes: (
        register_hint(found, classes) if any(e["class_name"] == found[1] for e in classes)
        else f"an .h5 file cannot hold keras.ops as {found[1]}: {TO_KERAS}")),
    (r"(\w+)\.__init__\(\) got an unexpected keyword argument", argument_hint),
    (r"[Ll]ambda|safe_mode|unsafe", lambda *_: (
        f"replace the lambda by a named function with {REGISTER}, or by a layer; "
        "load_model(…, safe_mode=False) runs its code, so only from those you trust")),
    (r"Could not interpret activation function", lambda *_: (
        f"replace the lambda by a named function with {REGISTER}; a lambda as activation cannot be loaded at all")),
    (r"Unrecognized keyword arguments passed to (\w+): (.*)", lambda found, _: (
        f"the file is of another version of Keras, whose {found[1]} took {found[2][:60]}: drop it from the config, "
        "or load it with tf_keras")),
    (r"is not connected to `inputs`", lambda *_: (
        "a layer is shared by the model and a model in it, which Keras cannot load: keep it in one of them")),
    (r"No cast function available", lambda *_: f"an .h5 file cannot hold bfloat16: {TO_KERAS}"),
    (r"positional argument|Only input tensors", lambda *_: f"an .h5 file cannot hold keras.ops: {TO_KERAS}"),
    (r"string indices must be integers", lambda *_: (
        f"an .h5 file cannot hold a loss function of your own: {TO_KERAS}, or load with compile=False")),
    (r"Unknown value for standardize|Could not parse config", lambda *_: (
        f"register the function with {REGISTER}, and save as .keras")),
    (r"could not be deserialized|Unable to revive|could not be loaded|expected \d+ variables|mismatch", revive_hint),
)  # fmt: skip
