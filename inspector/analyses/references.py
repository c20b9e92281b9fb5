"""What a config asks Keras to look up by name, a class or a function, and whose it is.

An allowlist: a function is Keras's own only where it is one of its functions for maths. The names come from Keras
itself (`docs/generate_symbols.py`); what stands under a name in a file decides nothing.
"""

from __future__ import annotations

import builtins
import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from .config_objects import ConfigObjects, Node

OWN, FOREIGN, CALLABLE, CUSTOM, UNSURE = "own", "foreign", "callable", "custom", "unsure"
SYMBOLS = Path(__file__).with_name("keras_symbols.json")
FUNCTIONS = frozenset({"function", "builtin_function_or_method", "method", "type", "ufunc", "partial", "module"})
NAMESPACES = frozenset(
    {"activations", "constraints", "initializers", "losses", "metrics", "ops", "random", "regularizers", "backend"}
)
BUILTINS = ("builtins", "__builtin__")
NOWHERE = ("__main__", *BUILTINS)
ACTIVATIONS = ("activation", "recurrent_activation")
NO_MATHS = ("serialize", "deserialize", "get")
KERAS = re.compile(
    r"(?:keras|tf_keras|keras_core|tensorflow\.keras|tensorflow\.python\.keras|tensorflow\.tools\.keras)(?:\.|$)"
)
PREFIXES = ("src.", "api.", "_v2.keras.", "_v1.keras.", "_tf_keras.keras.", "_legacy.", "engine.")
# Harmless Python, and what of others' libraries is as harmless as its namesake in Keras.
PURE = frozenset({
    "abs", "all", "any", "ascii", "bin", "bool", "bytes", "chr", "complex", "dict", "divmod", "enumerate", "filter",
    "float", "format", "frozenset", "hash", "hex", "id", "int", "isinstance", "issubclass", "iter", "len", "list",
    "map", "max", "min", "next", "object", "oct", "ord", "pow", "range", "repr", "reversed", "round", "set", "slice",
    "sorted", "str", "sum", "tuple", "type", "zip",
})  # fmt: skip
SIDES = frozenset({"copy", "custom_gradient", "map", "scan", "switch", "vectorize", "while_loop", "fori_loop", "cond"})
MATHS = frozenset({"math", "cmath", "operator", "_operator", "statistics"})
LIBRARIES = frozenset({
    "numpy", "scipy", "torch", "torchvision", "jax", "jaxlib", "tensorflow", "pandas", "joblib", "dill", "cloudpickle",
    "pip", "setuptools", "pkg_resources", "IPython", "h5py", "requests", "fsspec", "cffi", "yaml", "sympy", "numba",
})  # fmt: skip
TF_SIDES = re.compile(
    r"(?:io\.gfile|saved_model|data|summary|profiler|config|distribute|train|lite|mlir|tpu|sysconfig)\.|(?:.*\.)?"
    r"(?:py_function|numpy_function|py_func|load_\w+|read_file|write_file|matching_files|ReadFile|WriteFile|"
    r"MatchingFiles|EagerPyFunc|PyFunc\w*)$"
)


class Reference(NamedTuple):
    """A class or function that a config names; ``whose`` is one of the words above."""

    node: Node
    is_function: bool
    module: str | None
    name: str
    whose: str

    @property
    def label(self) -> str:
        return f"{self.module}.{self.name}" if self.module else self.name


@cache
def read_symbols() -> dict[str, Any]:
    symbols: dict[str, Any] = json.loads(SYMBOLS.read_text("utf-8"))
    return symbols


@cache
def keras_symbols() -> dict[str, frozenset[str]]:
    """The names of Keras's functions for maths, of its classes, and of what it refuses to call from a config."""
    return {key: frozenset(read_symbols()[key]) for key in ("functions", "classes", "builders", "refused")}


def known_keras() -> str:
    """The release of Keras that the names were taken from."""
    return str(read_symbols()["keras"])


def find_references(objects: ConfigObjects) -> Iterator[Reference]:
    """Every class and function that the documents name."""
    for node in objects.named:
        yield from references_of(node)


def references_of(node: Node) -> Iterator[Reference]:
    """What one object names; nothing for tensors, slices and the like."""
    class_name, config = node.class_name or "", node.value.get("config")
    module = node.value.get("module")
    module = module if isinstance(module, str) and module else None
    if class_name == "__typespec__":
        yield refer(node, False, module, node.value.get("spec_name"))
    elif class_name in FUNCTIONS and isinstance(config, str):
        yield refer(node, True, module, config)
    elif class_name.startswith("__") and class_name.endswith("__"):
        return
    else:
        yield refer(node, False, module, class_name)
        yield from older_references(node)


def older_references(node: Node) -> Iterator[Reference]:
    """Functions that Keras 2 names by a text: of a Lambda, and TensorFlow's own as a layer."""
    config = node.config
    if any(key in config for key in ACTIVATIONS):
        yield from activations_of(node)
    if node.class_name == "Lambda":
        for key in ("function", "output_shape", "mask"):
            module = config.get("module" if key == "function" else f"{key}_module")
            if isinstance(config.get(key), str):
                yield refer(node, True, module if isinstance(module, str) else None, config[key])
    elif node.class_name == "TFOpLambda" and isinstance(config.get("function"), str):
        name = config["function"]
        yield Reference(node, True, "tensorflow", name, FOREIGN if TF_SIDES.match(name) else OWN)


def activations_of(node: Node) -> Iterator[Reference]:
    """A user's activations that a layer of Keras names by a text, which says nothing but the name."""
    module, symbols = node.value.get("module"), keras_symbols()
    if node.class_name in symbols["classes"] and (not isinstance(module, str) or KERAS.match(module)):
        for key in ACTIVATIONS:
            name = node.config.get(key)
            if isinstance(name, str) and name and name not in symbols["functions"] | symbols["classes"]:
                yield Reference(node, True, None, name, CUSTOM)


def refer(node: Node, is_function: bool, module: str | None, name: Any) -> Reference:
    text = name if isinstance(name, str) else repr(name)[:80]
    if module is None and "." in text and ">" not in text:
        module, _, text = text.rpartition(".")
    if is_function:
        whose = whose_function(module, text)
    else:
        whose = whose_class(module, text.removeprefix(optimizer_package(node)), node.value.get("registered_name"))
    return Reference(node, is_function, module, text, whose)


def optimizer_package(node: Node) -> str:
    """What tf_keras puts before the names of its own optimizers in the training config of ``.h5`` files."""
    return "Custom>" if node.key in ("optimizer", "optimizer_config", "inner_optimizer") else ""


def whose_function(module: str | None, name: str) -> str:
    functions = keras_symbols()["functions"]
    if module is None or module in NOWHERE:
        if name in functions or name in PURE:
            return OWN
        return FOREIGN if module in BUILTINS and hasattr(builtins, name) else CUSTOM
    root = module.partition(".")[0]
    if KERAS.match(module):
        return whose_keras_function(module, name)
    if root in MATHS:
        return CUSTOM
    if root in LIBRARIES:
        return CUSTOM if name in functions - SIDES and "io" not in module.split(".") else FOREIGN
    return FOREIGN if root in sys.stdlib_module_names else CUSTOM


def whose_keras_function(module: str, name: str) -> str:
    """Keras's own where it is for maths; a name that we do not know is doubtful in a public module for maths alone."""
    symbols = keras_symbols()
    if not is_function_name(name):
        return OWN if name in symbols["classes"] else CALLABLE
    space = namespace_of(module)
    if space in NAMESPACES and name in symbols["functions"]:
        return OWN
    is_public = re.fullmatch(r"keras\.[a-z]+(\.[a-z]+)?", module) is not None and ".src" not in module
    return UNSURE if is_public and space in NAMESPACES - {"backend"} and name not in NO_MATHS else CALLABLE


def whose_class(module: str | None, name: str, registered: Any) -> str:
    classes = keras_symbols()["classes"]
    if module is None or module == "__main__":
        custom = ">" in name or (isinstance(registered, str) and registered not in (name, "function"))
        return OWN if not custom and name in classes else CUSTOM
    if module in BUILTINS:
        return OWN if name in PURE or name in classes else FOREIGN if hasattr(builtins, name) else CUSTOM
    if KERAS.match(module):
        is_function = name not in classes and (is_function_name(name) or name in keras_symbols()["builders"])
        return whose_keras_function(module, name) if is_function else OWN
    root = module.partition(".")[0]
    if root == "tensorflow":
        return OWN
    return FOREIGN if root in sys.stdlib_module_names else CUSTOM


def is_function_name(name: str) -> bool:
    """Whether a name is one of a function, by the way Python spells them."""
    return name.rpartition(".")[2].lstrip("_")[:1].islower()


def namespace_of(module: str) -> str:
    """The part of Keras that a module belongs to, public or not: ``ops`` of ``keras.src.ops.numpy``."""
    found = KERAS.match(module)
    rest = module[found.end() :] if found else module
    while (prefix := next((one for one in PREFIXES if rest.startswith(one)), None)) is not None:
        rest = rest.removeprefix(prefix)
    return rest.partition(".")[0]


__all__ = [
    "CALLABLE",
    "CUSTOM",
    "FOREIGN",
    "FUNCTIONS",
    "KERAS",
    "OWN",
    "UNSURE",
    "Reference",
    "find_references",
    "keras_symbols",
    "known_keras",
]
