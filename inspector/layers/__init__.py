"""The layers kinspect knows. A family is one file; files are opened in this order until a class name is found."""

from __future__ import annotations

from importlib import import_module

from ..graph import Layer
from ..knowledge import Knowledge

FAMILIES = (
    "core",
    "convolutional",
    "activations",
    "normalization",
    "pooling",
    "merging",
    "reshaping",
    "regularization",
    "attention",
    "rnn",
    "conv_rnn",
    "wrappers",
    "preprocessing",
    "lookups",
    "image_preprocessing",
    "legacy",
)
OPERATIONS: tuple[str, ...] = (
    "operations.elementwise",
    "operations.slicing",
    "operations.shaping",
    "operations.joining",
    "operations.reduction",
    "operations.matrix",
    "operations.convolution",
    "operations.einsum",
    "operations.image",
    "operations.sorting",
    "operations.creation",
    "operations.diagonals",
    "operations.rearranging",
    "operations.losses",
    "operations.linear_algebra",
    "operations.signal",
    "operations.control",
    "operations.tensorflow",
    "operations.tensorflow_nodes",
    "operations.recorded",
)

_known: dict[str, type[Knowledge]] = {}
_opened: set[str] = set()
_found: dict[tuple[str | None, ...], type[Knowledge] | None] = {}


def find_knowledge(layer: Layer) -> type[Knowledge] | None:
    """The knowledge of a layer's class, or ``None`` for a class that is not Keras's own."""
    asked = (layer.class_name, layer.module, layer.kind, layer.registered_name)
    try:
        return _found[asked]
    except KeyError:
        found = _found[asked] = look_up(layer)
        return found


def look_up(layer: Layer) -> type[Knowledge] | None:
    """Open family after family until one knows the class."""
    key = knowledge_key(layer)
    if key is None:
        return None
    for family in OPERATIONS if layer.kind == "operation" else FAMILIES:
        if key in _known:
            break
        open_family(family)
    if layer.kind == "operation" and not layer.module:
        return _known.get(next((name for name in _known if name.endswith(f".{key}")), key))
    return _known.get(key)


def knowledge_key(layer: Layer) -> str | None:
    """``Dense`` for a layer, ``numpy.Add`` for an operation; ``None`` where another package owns the class."""
    package = (layer.module or "keras").partition(".")[0]
    if package not in ("keras", "tf_keras", "tensorflow", "kinspect"):
        return None
    if layer.kind == "operation" and layer.module:
        return f"{layer.module.rpartition('.')[2]}.{layer.class_name}"
    return layer.class_name


def open_family(family: str) -> None:
    """Import a family's file and take in what it knows."""
    if family in _opened:
        return
    _opened.add(family)
    for value in vars(import_module(f"{__name__}.{family}")).values():
        if isinstance(value, type) and issubclass(value, Knowledge):
            for kind in value.kinds:
                _known.setdefault(kind, value)


def all_knowledge() -> dict[str, type[Knowledge]]:
    """Every class name kinspect knows, with its knowledge."""
    for family in (*FAMILIES, *OPERATIONS):
        open_family(family)
    return dict(_known)
