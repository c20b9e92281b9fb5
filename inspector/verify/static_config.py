"""Layers whose config, as the file has it, does not come back by a plain load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..graph import Layer, Model, walk
from ..layers import find_knowledge
from .hints import REGISTER, TO_KERAS
from .records import DESIGN, LOST, UNKNOWN, Finding

OWN = ("keras", "tf_keras", "builtins", "keras_hub", "keras_cv", "keras_nlp", "tensorflow")
LOOKUPS = ("StringLookup", "IntegerLookup", "TextVectorization")
# Names of functions that Keras 3.15.1 finds by itself
ACTIVATIONS = frozenset((
    "celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish",
    "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu",
    "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid",
    "sparsemax", "squareplus", "swish", "tanh", "tanh_shrink", "threshold",
))  # fmt: skip
MARSHALLED = ("4w", "Yw")  # the first bytes of a code object, in base64
ROOTS = ("Sequential", "Functional", "Model")
# What an .h5 file's loader takes for a function of keras.layers, wherever it stands in a config
FUNCTIONS = ("Input", "add", "average", "concatenate", "deserialize", "dot", "maximum", "minimum", "multiply",
             "serialize", "subtract")  # fmt: skip


def layers_of(model: Model) -> Iterator[tuple[str, Layer]]:
    """Every layer with its path; those that a wrapper holds come under the wrapper's."""
    stack = [(path, layer) for path, _, layer in walk(model.graph)]
    while stack:
        path, layer = stack.pop(0)
        yield path, layer
        for key, held in layer.wraps.items():
            items = held if isinstance(held, list | tuple) else [held]
            stack.extend((f"{path}/{key}", item) for item in items if isinstance(item, Layer))


def is_foreign(module: Any) -> bool:
    return isinstance(module, str) and module.partition(".")[0] not in OWN


def find_custom(model: Model) -> Iterator[Finding]:
    """Classes and functions that are not Keras's: the file names them, and does not hold them."""
    graph = model.graph
    if graph.kind == "subclassed" or (graph.class_name and graph.class_name not in ROOTS):
        yield custom(graph.class_name, None)
    named: dict[str, str | None] = {}
    for path, layer in layers_of(model):
        own = find_knowledge(layer) is not None or layer.kind in ("input", "functional", "sequential", "operation")
        if layer.kind == "layer" and (layer.module or "").partition(".")[0] == "keras" and not own:
            yield Finding(f"{layer.class_name} is no layer of a Keras that is known here", path,
                          "load it with the version of Keras that saved it", UNKNOWN)  # fmt: skip
        if is_foreign(layer.module) or (layer.module is None and not own and layer.class_name):
            named.setdefault(layer.class_name, path)
        for name in functions_in(layer.config):
            named.setdefault(name, path)
    for name in functions_in(model.training):
        named.setdefault(name, None)
    for name, where in named.items():
        yield custom(name, where)


def custom(name: str, path: str | None) -> Finding:
    hint = f"put {REGISTER} above {name} and import its module before loading, or pass custom_objects"
    return Finding(
        f"{name} is not Keras's own: it loads only where {name} is registered or passed", path, hint, UNKNOWN
    )


def functions_in(config: Any) -> Iterator[str]:
    """Functions and classes of the user's that a config names."""
    for value in values_in(config):
        kind, name = value.get("class_name"), str(value.get("config"))
        if kind == "function":
            if is_foreign(value.get("module")) or (value.get("module") == "builtins" and name not in ACTIVATIONS):
                yield name
        elif is_foreign(value.get("module")) and kind is not None and kind != "__lambda__":
            yield str(kind)
        for key in ("activation", "recurrent_activation"):
            text = value.get(key)
            if isinstance(text, str) and text not in ACTIVATIONS and text != "<lambda>":
                yield text


def values_in(config: Any) -> Iterator[Mapping[str, Any]]:
    """Every dict in a config, the layers of nested models left out."""
    stack = [config]
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping):
            yield value
            stack.extend(item for key, item in value.items() if key not in ("layers", "inbound_nodes"))
        elif isinstance(value, list | tuple):
            stack.extend(value)


def find_python_code(model: Model) -> Iterator[Finding]:
    """Lambdas: Keras does not run their code, as long as nobody tells it to."""
    for path, layer in layers_of(model):
        code = any(value.get("class_name") == "__lambda__" or is_code(value) for value in values_in(layer.config))
        function = layer.config.get("function")
        old = layer.class_name == "Lambda" and isinstance(function, list)
        if code or old:
            yield Finding(
                f"{layer.class_name} holds Python byte code, which a plain load refuses", path,
                f"replace it by a named function with {REGISTER}, or by a layer; safe_mode=False runs code of the file",
            )  # fmt: skip
        elif "<lambda>" in {str(value) for value in layer.config.values()}:
            yield Finding(f"{layer.class_name} names a lambda, which cannot be found again", path,
                          f"replace it by a named function with {REGISTER}")  # fmt: skip


def is_code(value: Mapping[str, Any]) -> bool:
    """Whether it is a lambda as Keras 3 writes one that is no layer's own: byte code, defaults and closure."""
    held = value.get("value")
    return isinstance(held, list) and len(held) == 3 and isinstance(held[0], str) and held[0].startswith(MARSHALLED)


def find_vocabularies(model: Model) -> Iterator[Finding]:
    """Lookup layers of an .h5 file that do not state their words: nothing else in the file does."""
    if model.format != "h5":
        return
    for path, layer in layers_of(model):
        if layer.class_name in LOOKUPS and not layer.config.get("vocabulary"):
            yield Finding(f"{layer.class_name} is stored without its vocabulary: it loads, and calling it fails", path,
                          "save as .keras, which brings vocabularies along, or state them: vocabulary=[…]")  # fmt: skip


def find_unfit_for_h5(model: Model) -> Iterator[Finding]:
    """Operations and dtypes that an .h5 file names and Keras cannot make again from it."""
    if model.format != "h5":
        return
    operations = [path for path, layer in layers_of(model) if layer.kind == "operation"]
    if operations:
        more = f" and {len(operations) - 1} more" if len(operations) > 1 else ""
        yield Finding(f"an operation of keras.ops{more}: an .h5 file cannot be loaded with it", operations[0], TO_KERAS)
    for path, layer in layers_of(model):
        if policy_of(layer) == "bfloat16":
            yield Finding("its weights are bfloat16, which Keras cannot read from an .h5 file", path, TO_KERAS)
        taken = [key for key, value in layer.config.items() if key != "name" and value in FUNCTIONS]
        for key in taken:
            yield Finding(f"{key} {layer.config[key]!r} is read from an .h5 file as the function "
                          f"keras.layers.{layer.config[key]}", path, TO_KERAS)  # fmt: skip
        axes = layer.config.get("axis")
        if isinstance(axes, list) and len(axes) > 1:
            yield Finding(f"axis {axes} is dropped when an .h5 file is read: the layer takes its default", path,
                          TO_KERAS)  # fmt: skip


def policy_of(layer: Layer) -> str | None:
    dtype = layer.config.get("dtype")
    if isinstance(dtype, Mapping):
        dtype = dtype.get("config", {}).get("name") if isinstance(dtype.get("config"), Mapping) else None
    return dtype if isinstance(dtype, str) else None


def find_quantized_lora(model: Model) -> Iterator[Finding]:
    """LoRA adapters: merged by the save; into a quantized kernel, with an error larger than that of quantizing."""
    for path, layer in layers_of(model):
        rank = layer.config.get("lora_rank")
        if not rank:
            continue
        quantized = (policy_of(layer) or "").startswith(("int", "float8", "gptq", "awq"))
        if quantized:
            yield Finding(f"LoRA of rank {rank} was merged into a quantized kernel: outputs differ", path,
                          "save the model before it is quantized, or without LoRA", LOST)  # fmt: skip
        else:
            yield Finding(f"LoRA of rank {rank} was merged into the kernel; the adapters start anew", path,
                          "keep the adapters apart where their training goes on", DESIGN)  # fmt: skip
