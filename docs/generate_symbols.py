"""Write the names that the safety rules take for Keras's own, as the installed Keras and tf_keras have them.

python docs/generate_symbols.py           # write them
python docs/generate_symbols.py --check   # exit 1 if they are stale
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "inspector" / "analyses" / "keras_symbols.json"
NAMESPACES = ("activations", "constraints", "initializers", "losses", "metrics", "ops", "random", "regularizers")
OLDER = {  # Keras 1 and 2, and TensorFlow beside them
    "AtrousConvolution1D", "AtrousConvolution2D", "CategoryCrossing", "Highway", "MaxoutDense", "Node", "PolicyV1",
    "Recurrent", "TensorShape", "TimeDistributedDense", "TypeSpec",
}  # fmt: skip
NO_MATHS = {"deserialize", "serialize", "get"}


def exported_functions() -> set[str]:
    """The functions of Keras's namespaces for maths, by their public names."""
    from keras.src.api_export import REGISTERED_NAMES_TO_OBJS

    found = set()
    for name, value in REGISTERED_NAMES_TO_OBJS.items():
        parts = name.split(".")
        if parts[0] == "keras" and parts[1] in NAMESPACES and isinstance(value, types.FunctionType):
            found.add(parts[-1])
    return found - NO_MATHS


def builders() -> set[str]:
    """Functions that have a name like a class: those that build a model of `keras.applications`, and a few others."""
    from keras.src.api_export import REGISTERED_NAMES_TO_OBJS

    named = {name.rpartition(".")[2]: value for name, value in REGISTERED_NAMES_TO_OBJS.items()}
    return {name for name, value in named.items() if isinstance(value, types.FunctionType) and name[0].isupper()}


def older_functions() -> set[str]:
    """The same of tf_keras, which has names that Keras 3 dropped."""
    import tf_keras

    modules = [getattr(tf_keras, name) for name in NAMESPACES if hasattr(tf_keras, name)]
    names = {name for module in modules for name in dir(module) if callable(getattr(module, name))}
    return {name for name in names if not inspect.isclass(find_one(modules, name))} - NO_MATHS


def find_one(modules: list[Any], name: str) -> Any:
    return next(getattr(module, name) for module in modules if hasattr(module, name))


def saved_classes(package: str) -> Iterator[str]:
    """The classes of a package that can stand in a config: those with ``from_config``."""
    root = importlib.import_module(f"{package}.src")
    for module in pkgutil.walk_packages(root.__path__, f"{root.__name__}."):
        if "test" in module.name or ".backend." in module.name:
            continue
        try:
            content = vars(importlib.import_module(module.name))
        except Exception:
            continue  # a part for a backend that is not installed
        for name, value in list(content.items()):
            if inspect.isclass(value) and hasattr(value, "from_config") and value.__module__.startswith(package):
                yield from {name, value.__name__} - {"cls"}


def exported_classes() -> set[str]:
    from keras.src.api_export import REGISTERED_NAMES_TO_OBJS

    return {name.rpartition(".")[2] for name, value in REGISTERED_NAMES_TO_OBJS.items()
            if inspect.isclass(value) and hasattr(value, "from_config")}  # fmt: skip


def collect() -> dict[str, Any]:
    import keras
    import tf_keras
    from keras.src.saving.serialization_lib import NON_MODELING_APIS

    classes = exported_classes() | {*saved_classes("keras"), *saved_classes("tf_keras"), *OLDER}
    functions = {name for name in exported_functions() | older_functions() if not name.startswith("_")}
    return {
        "keras": keras.__version__,
        "tf_keras": tf_keras.__version__,
        "functions": sorted(functions),
        "classes": sorted(name for name in classes if not name.startswith("_")),
        "builders": sorted(builders() - functions - classes),
        "refused": sorted(NON_MODELING_APIS),
    }


def main() -> int:
    text = json.dumps(collect(), indent=0) + "\n"
    if "--check" in sys.argv:
        return int(TARGET.read_text() != text)
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
