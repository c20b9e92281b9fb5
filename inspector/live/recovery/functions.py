"""Functions of the user as syntax trees, and what the names in them stand for; nothing of the user's is run."""

from __future__ import annotations

import ast
import functools
import inspect
import types
from dataclasses import dataclass
from typing import Any

import keras

from .source import is_library, parsed

Body = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
TENSOR_MODULES = ("keras.ops", "keras.src.ops", "keras.random", "keras.src.random", "keras.src.backend",
                  "keras.activations", "keras.src.activations", "tensorflow", "jax.numpy", "jax.nn", "jax.random",
                  "jax.lax", "jax._src", "torch", "numpy")  # fmt: skip
ABOUT_STATIC = frozenset(
    [
        "shape",
        "ndim",
        "rank",
        "dtype",
        "size",
        "int_shape",
        "TensorShape",
        "TensorSpec",
        "executing_eagerly",
        "inside_function",
        "name_scope",
        "standardize_dtype",
        "result_type",
        "backend",
        "floatx",
        "epsilon",
        "image_data_format",
        "learning_phase",
        "print",
        "py_function",
    ]
)
RANDOM = ("keras.random", "keras.src.random", "tensorflow.random", "jax.random")


@dataclass(frozen=True)
class Function:
    """A function of the user's: its syntax, its file, the names around it, and the class that defines it."""

    node: Body
    file: str
    names: dict[str, Any]
    owner: type | None = None

    @property
    def title(self) -> str:
        name = getattr(self.node, "name", "a lambda")
        return f"{self.owner.__name__}.{name}" if self.owner else name


def function_of(value: Any, owner: type | None = None) -> Function | None:
    """The syntax of a Python function of the user's; None for all else, and where there is no source."""
    if isinstance(value, staticmethod | classmethod):
        value = value.__func__
    value = getattr(value, "python_function", value)  # what a tf.function wraps
    if not isinstance(value, types.FunctionType):
        return None
    value = inspect.unwrap(value)
    if not isinstance(value, types.FunctionType) or is_library(value.__code__.co_filename):
        return None
    node = _node_at(value.__code__.co_filename, value.__code__.co_name, value.__code__.co_firstlineno)
    if node is None:
        return None
    cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=False)
    closure = {name: cell.cell_contents for name, cell in cells if _filled(cell)}
    return Function(node, value.__code__.co_filename, {**value.__globals__, **closure}, owner)


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


@functools.lru_cache(maxsize=512)
def _node_at(file: str, name: str, line: int) -> Body | None:
    tree = parsed(file)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first <= line <= node.lineno:
                return node
    return None


def method_of(obj: Any, name: str, after: type | None = None) -> tuple[Any, type | None]:
    """What a class attribute of an object is, unbound, and the class that defines it; `after` as `super()` has it."""
    classes = list(type(obj).__mro__)
    if after is not None and after in classes:
        classes = classes[classes.index(after) + 1 :]
    owner = next((c for c in classes if name in vars(c)), None)
    return (vars(owner)[name], owner) if owner is not None else (None, None)


def attribute(obj: Any, name: str) -> Any:
    """An attribute that stands on the object itself, without running properties or `__getattr__`; else None."""
    try:
        return object.__getattribute__(obj, "__dict__").get(name)
    except AttributeError:
        return None


def item(obj: Any, key: Any) -> Any:
    """An item of a list, tuple or dict; the first one where the key is not known."""
    if isinstance(obj, dict):
        return dict.get(obj, key) if key in list(dict.keys(obj)) else next(iter(dict.values(obj)), None)
    if isinstance(obj, list | tuple):
        items = list(obj)
        known = type(key) is int and -len(items) <= key < len(items)
        return items[key] if known else (items[0] if items else None)
    return None


def dotted(node: ast.expr, names: dict[str, Any], imported: dict[str, str]) -> str | None:
    """The full name of what `a.b.c` stands for, where `a` is a module or a function of one."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    if node.id in imported:
        return ".".join([imported[node.id], *reversed(parts)])
    value = names.get(node.id)
    if isinstance(value, types.ModuleType):
        # tensorflow and keras hand out lazy modules: what is behind the name does not matter here
        return ".".join([_plain(value.__name__), *reversed(parts)])
    module = getattr(value, "__module__", None) if callable(value) else None
    if isinstance(module, str) and not parts:
        return f"{_plain(module)}.{getattr(value, '__name__', node.id)}"
    return None


def _plain(module: str) -> str:
    for long, short in (
        ("keras._tf_keras.keras", "keras"),
        ("tensorflow.python", "tensorflow"),
        ("keras.api", "keras"),
    ):
        if module.startswith(long):
            return short + module.removeprefix(long)
    return module


def is_of_backend(name: str) -> bool:
    """Whether a full name is one of Keras's, NumPy's or a backend's functions."""
    return name.startswith((*TENSOR_MODULES, "keras"))


def gives_tensor(name: str) -> bool:
    """Whether a function of this full name computes a tensor from tensors, and not something about them."""
    module, _, last = name.rpartition(".")
    if not module.startswith(TENSOR_MODULES):
        return False
    about = last in ABOUT_STATIC or last.startswith(("is_", "has_", "assert_")) or ".config" in module
    return not (about or last[:1].isupper() or module.endswith((".io.gfile", ".test", ".debugging")))


def is_random(name: str) -> bool:
    return name.startswith(RANDOM) and gives_tensor(name)


def is_kerass(layer: Any) -> bool:
    """A layer of Keras's own."""
    return isinstance(layer, keras.Layer) and type(layer).__module__.partition(".")[0] == "keras"
