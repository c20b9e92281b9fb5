"""What of a layer's config stands beside its class, stated once for each family. Configs are not trusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..graph import Layer

Config = Mapping[str, Any]
LONGEST = 48  # characters of one detail; a config may hold anything
DEEPEST = 4  # wrappers in wrappers that are spelled out


def describe_class(layer: Layer, rank: int | None = None, level: int = 0) -> str:
    """A layer's class and what matters of its config: ``Conv2D 3×3/2 same relu``. ``rank`` is its output's."""
    name = layer.class_name or "?"
    wrapped = layer.wraps.get("layer") or layer.wraps.get("cell")
    if isinstance(wrapped, Layer) and level < DEEPEST:
        name = f"{name}({describe_class(wrapped, None, level + 1)})"
    return " ".join([name, *details(layer.class_name, layer.config), axis_unless_last(layer, rank)]).rstrip()


def details(class_name: str, config: Config) -> list[str]:
    describe = BY_CLASS.get(class_name) or by_suffix(class_name)
    found = [] if describe is None else describe(config)
    if isinstance(config.get("lora_rank"), int):
        found.append(f"lora {config['lora_rank']}")
    mode = quantization(config)
    return [item[:LONGEST] for item in (*found, mode) if item]


def by_suffix(class_name: str) -> Callable[[Config], list[str]] | None:
    """Families whose members are named alike: ``…Pooling2D``, ``…Dropout``."""
    for suffix, describe in BY_SUFFIX:
        if suffix in class_name:
            return describe
    return None


def plain(value: Any) -> str:
    """A number or a short word; nothing for whatever else a config may hold."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)[:LONGEST]


def axes(value: Any) -> str:
    """``3×3`` from [3, 3] or 3."""
    if isinstance(value, (list, tuple)):
        return "×".join(plain(item) for item in value[:6])
    return plain(value)


def is_one(value: Any) -> bool:
    return value is None or value == 1 or (isinstance(value, (list, tuple)) and all(item == 1 for item in value))


def activation(config: Config, key: str = "activation") -> str:
    """The activation's name unless it is linear."""
    value = config.get(key)
    if isinstance(value, dict):
        inner = value.get("config")
        value = inner if isinstance(inner, str) else value.get("class_name")
    text = plain(value)
    return "" if text == "linear" else text


def quantization(config: Config) -> str:
    value = config.get("quantization_mode")
    dtype = config.get("dtype")
    if not isinstance(value, str) and isinstance(dtype, dict) and isinstance(dtype.get("config"), dict):
        value = dtype["config"].get("mode")
    return value if isinstance(value, str) else ""


def window(size: Any, strides: Any) -> str:
    """``3×3/2``: the size of a kernel or pool, and the strides where they are not one."""
    text = axes(size)
    if is_one(strides):
        return text
    equal = isinstance(strides, (list, tuple)) and len({str(item) for item in strides}) == 1
    return f"{text}/{plain(strides[0]) if equal else axes(strides)}"


def padded(config: Config) -> str:
    return "" if config.get("padding") in (None, "valid") else plain(config.get("padding"))


def convolution(config: Config) -> list[str]:
    found = [window(config.get("kernel_size"), config.get("strides")), padded(config)]
    for key, label in (("dilation_rate", "dilation"), ("groups", "groups"), ("depth_multiplier", "multiplier")):
        if not is_one(config.get(key)):
            found.append(f"{label} {axes(config[key])}")
    return [*found, activation(config)]


def pooling(config: Config) -> list[str]:
    size, strides = config.get("pool_size"), config.get("strides")
    return [window(size, None if strides is None or axes(strides) == axes(size) else strides), padded(config)]


RECURRENT_FLAGS = (
    ("return_sequences", "sequences"),
    ("return_state", "state"),
    ("stateful", "stateful"),
    ("go_backwards", "backwards"),
)


def recurrent(config: Config) -> list[str]:
    found = [axes(config.get("units") or config.get("filters")), axes(config.get("kernel_size"))]
    return found + [word for key, word in RECURRENT_FLAGS if config.get(key) is True]


def attention(config: Config) -> list[str]:
    heads = config.get("num_heads", config.get("num_query_heads"))
    found = [f"heads {plain(heads)}" if heads is not None else ""]
    key = config.get("key_dim", config.get("head_dim"))
    found.append(f"key {plain(key)}" if key is not None else "")
    groups = config.get("num_key_value_heads")
    return [*found, f"groups {plain(groups)}" if groups is not None else ""]


def padding(config: Config) -> list[str]:
    """The rows and columns added or cut: ``1×1``, or ``(1,2)×(0,1)`` where the sides differ."""
    value = config.get("padding", config.get("cropping"))
    if not isinstance(value, (list, tuple)):
        return [plain(value)]
    sides = [side if isinstance(side, (list, tuple)) else [side] for side in value[:3]]
    return ["×".join(plain(s[0]) if len(set(map(str, s))) == 1 else f"({','.join(map(plain, s))})" for s in sides)]


def upsampling(config: Config) -> list[str]:
    mode = plain(config.get("interpolation"))
    return [axes(config.get("size")), "" if mode == "nearest" else mode]


def embedding(config: Config) -> list[str]:
    return [f"{plain(config.get('input_dim'))}→{plain(config.get('output_dim'))}"]


def resizing(config: Config) -> list[str]:
    return [f"{plain(config.get('height'))}×{plain(config.get('width'))}", activation(config, "interpolation")]


def value_of(*keys: str) -> Callable[[Config], list[str]]:
    """Just these values of the config, in this order."""

    def describe(config: Config) -> list[str]:
        return [axes(config.get(key)) for key in keys]

    return describe


def axis_unless_last(layer: Layer, rank: int | None) -> str:
    """The axis that a layer works along, where it is not the last one."""
    if layer.class_name not in ALONG_AXIS and not layer.class_name.endswith("Normalization"):
        return ""
    axis = layer.config.get("axis", layer.config.get("axes"))
    axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis
    if axis is None or axis == -1 or (rank is not None and axis == rank - 1):
        return ""
    return f"axis {axes(axis)}"[:LONGEST]


def dense(config: Config) -> list[str]:
    return [plain(config.get("units")), activation(config)]


def einsum(config: Config) -> list[str]:
    return [plain(config.get("equation")), activation(config)]


def shape_of(config: Config) -> list[str]:
    shape = config.get("target_shape", config.get("dims"))
    return [f"({', '.join(plain(item) for item in shape)})"] if isinstance(shape, (list, tuple)) else []


ALONG_AXIS = ("Concatenate", "Dot", "Softmax")
BY_CLASS: dict[str, Callable[[Config], list[str]]] = {
    "Dense": dense, "EinsumDense": einsum, "Embedding": embedding, "ReversibleEmbedding": embedding,
    "Activation": lambda config: [activation(config)], "LeakyReLU": value_of("negative_slope", "alpha"),
    "ELU": value_of("alpha"), "ReLU": value_of("max_value"), "Dropout": value_of("rate"),
    "Reshape": shape_of, "Permute": shape_of, "RepeatVector": value_of("n"), "Resizing": resizing,
    "GaussianNoise": value_of("stddev"),
    "Rescaling": value_of("scale"), "Masking": value_of("mask_value"), "Bidirectional": value_of("merge_mode"),
    "Discretization": value_of("num_bins"), "Hashing": value_of("num_bins"),
    "TextVectorization": value_of("output_mode"), "StringLookup": value_of("output_mode"),
    "IntegerLookup": value_of("output_mode"),
    "CategoryEncoding": value_of("num_tokens", "output_mode"), "GroupNormalization": value_of("groups"),
    "CenterCrop": value_of("height", "width"), "ActivityRegularization": value_of("l1", "l2"),
}  # fmt: skip
BY_SUFFIX: tuple[tuple[str, Callable[[Config], list[str]]], ...] = (
    ("ConvLSTM", recurrent), ("LSTM", recurrent), ("GRU", recurrent), ("RNN", recurrent),
    ("GlobalMax", lambda config: []), ("GlobalAverage", lambda config: []),
    ("AdaptiveAverage", value_of("output_size")),
    ("AdaptiveMax", value_of("output_size")), ("Pooling", pooling), ("Dropout", value_of("rate")),
    ("ZeroPadding", padding), ("Cropping", padding), ("UpSampling", upsampling), ("Attention", attention),
    ("Conv1D", convolution), ("Conv2D", convolution), ("Conv3D", convolution),
)  # fmt: skip
