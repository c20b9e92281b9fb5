"""Quantized and LoRA-adapted weights: what a built layer holds in place of, or beside, its float kernel.

The mode stands in the dtype policy (``int4/128_from_float32``); a ``quantization_config`` goes before its numbers.
``layer.weights`` lists trainable variables first, as they were when created.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..knowledge import NotKnown, Shape, Subject, WeightSpec, whole

WHOLE_TENSOR = -1
FLOAT8_HISTORY = 1024
FLOAT8_TENSORS = ("inputs", "kernel", "outputs_grad")


class Kernel(NamedTuple):
    """A kernel as each mode sees it: its shape, the scale of int8, and the matrix that packed modes store."""

    shape: Shape
    int8_scale: Shape
    matrix: tuple[int, int]  # rows (summed over), columns
    zero_name: str = "kernel_zero"


def mode_of(layer: Subject) -> str | None:
    """``int8``, ``int4``, ``float8``, ``gptq`` or ``awq``; ``None`` for a float layer."""
    return (layer.policy.quantization or "").partition("/")[0] or None


def mode_numbers(layer: Subject) -> list[int]:
    """The numbers in the policy's mode: 128 of ``int4/128``, 4 and 128 of ``gptq/4/128``."""
    try:
        return [int(part) for part in (layer.policy.quantization or "").split("/")[1:]]
    except ValueError:
        raise NotKnown(f"quantization mode {layer.policy.quantization!r} is none of Keras's"[:200]) from None


def own_config(layer: Subject, class_name: str) -> Mapping[str, Any] | None:
    """The config's ``quantization_config``, if it is one of this class."""
    value = layer.get("quantization_config")
    if isinstance(value, Mapping) and value.get("class_name") == class_name:
        config = value.get("config")
        return config if isinstance(config, Mapping) else {}
    return None


def block_size(layer: Subject) -> int | None:
    """Rows that share one int4 scale; ``None`` where each column has a single scale."""
    own = own_config(layer, "Int4QuantizationConfig")
    numbers = mode_numbers(layer)
    size = own.get("block_size") if own is not None else numbers[0] if numbers else None
    return None if size is None or size == WHOLE_TENSOR else whole(size, "block_size")


def bits_and_group(layer: Subject, mode: str) -> tuple[int, int]:
    """The bits of a GPTQ or AWQ weight, and how many rows share a scale (-1: all of them)."""
    own = own_config(layer, "GPTQConfig" if mode == "gptq" else "AWQConfig")
    numbers = mode_numbers(layer)
    if own is not None:
        numbers = [own.get("weight_bits", 4), own.get("group_size", 128)]
    if len(numbers) != 2:
        raise NotKnown(f"the {mode} policy does not say its weight bits and its group size")
    return numbers[0], numbers[1]


def groups_of(rows: int, size: int | None) -> int:
    return 1 if size is None or size == WHOLE_TENSOR else -(-rows // whole(size, "group_size"))


def kernel_weights(layer: Subject, kernel: Kernel, bias: Shape | None) -> list[WeightSpec]:
    """Every weight of a Dense or EinsumDense layer, quantized or not, adapted by LoRA or not."""
    specs = stored_kernel(layer, kernel)
    if bias is not None:
        specs.append(layer.weight("bias", bias))
    specs += lora_weights(layer, kernel.shape)
    return finish_weights(specs, "kernel" if layer.get("lora_rank") else None)


def stored_kernel(layer: Subject, kernel: Kernel) -> list[WeightSpec]:
    """The kernel and its scales as the layer's quantization mode stores them."""
    mode = mode_of(layer)
    if mode is None:
        return [layer.weight("kernel", kernel.shape)]
    if mode == "float8":
        return [*float8_weights(layer), layer.weight("kernel", kernel.shape)]
    if None in kernel.shape:
        raise NotKnown("a dimension its weights need is open")
    if mode == "int8":
        return [frozen(layer, "kernel", kernel.shape, "int8"), frozen(layer, "kernel_scale", kernel.int8_scale)]
    if mode == "int4":
        return int4_weights(layer, kernel)
    if mode in ("gptq", "awq"):
        return grouped_weights(layer, kernel, mode)
    raise NotKnown(f"quantization mode {mode!r} is none of Keras's"[:200])


def int4_weights(layer: Subject, kernel: Kernel) -> list[WeightSpec]:
    """Two columns packed into a byte, and a scale for each column or for each block of rows in it."""
    rows, columns = kernel.matrix
    size = block_size(layer)
    scale: Shape = (columns,) if size is None else (groups_of(rows, size), columns)
    specs = [frozen(layer, "kernel", (rows, (columns + 1) // 2), "int8"), frozen(layer, "kernel_scale", scale)]
    if size is not None:
        specs += [frozen(layer, "kernel_zero", scale, "int8"), frozen(layer, "g_idx", (rows,), "float32")]
    return specs


def grouped_weights(layer: Subject, kernel: Kernel, mode: str) -> list[WeightSpec]:
    """GPTQ and AWQ: the kernel transposed, scales and zero points by group of rows."""
    rows, columns = kernel.matrix
    bits, size = bits_and_group(layer, mode)
    packed = (columns + 1) // 2 if bits == 4 or mode == "awq" else columns
    scale = (columns, groups_of(rows, size))
    specs = [
        frozen(layer, "kernel", (packed, rows), "uint8"),
        frozen(layer, "kernel_scale", scale),
        frozen(layer, kernel.zero_name, scale, "uint8"),
    ]
    if mode == "awq":
        specs.append(frozen(layer, "awq_scales", (rows,)))
    return [*specs, frozen(layer, "g_idx", (rows,), "float32")]


def float8_weights(layer: Subject) -> list[WeightSpec]:
    """A scale and a history of maxima for each of three tensors; trainable, for gradients overwrite them."""
    dtype = layer.get("dtype")
    policy = dtype.get("config") if isinstance(dtype, Mapping) else None
    length = policy.get("amax_history_length", FLOAT8_HISTORY) if isinstance(policy, Mapping) else FLOAT8_HISTORY
    specs = []
    for tensor in FLOAT8_TENSORS:
        specs.append(layer.weight(f"{tensor}_scale", (), dtype="float32"))
        specs.append(layer.weight(f"{tensor}_amax_history", (whole(length, "amax_history_length"),), dtype="float32"))
    return specs


def embedding_weights(layer: Subject, rows: int, columns: int) -> list[WeightSpec]:
    """Every weight of an embedding table of ``rows`` entries, quantized or not, adapted by LoRA or not."""
    mode, size = mode_of(layer), block_size(layer)
    if mode is None:
        specs = [layer.weight("embeddings", (rows, columns))]
    elif mode == "int8":
        specs = [frozen(layer, "embeddings", (rows, columns), "int8"), frozen(layer, "embeddings_scale", (rows,))]
    elif mode == "int4":
        scale: Shape = (rows,) if size is None else (rows, groups_of(columns, size))
        specs = [frozen(layer, "embeddings", (rows, (columns + 1) // 2), "int8")]
        specs.append(frozen(layer, "embeddings_scale", scale))
        if size is not None:
            specs.append(frozen(layer, "embeddings_zero", scale, "int8"))
            specs.append(frozen(layer, "g_idx", (columns,), "float32"))
    else:
        raise NotKnown(f"Keras has no {mode} for an embedding")
    if layer.get("lora_rank"):
        specs += lora_weights(layer, (rows, columns), "lora_embeddings")
    return specs


def reverse_weights(layer: Subject, rows: int, columns: int) -> list[WeightSpec]:
    """The second table of a ReversibleEmbedding whose two directions are not tied."""
    mode, size = mode_of(layer), block_size(layer)
    if mode == "int8":
        table, scale = frozen(layer, "reverse_embeddings", (columns, rows), "int8"), (rows,)
        return [table, frozen(layer, "reverse_embeddings_scale", scale)]
    if mode != "int4":
        return [layer.weight("reverse_embeddings", (columns, rows))]
    grouped: Shape = (rows,) if size is None else (groups_of(columns, size), rows)
    specs = [frozen(layer, "reverse_embeddings", ((columns + 1) // 2, rows), "int8")]
    specs.append(frozen(layer, "reverse_embeddings_scale", grouped))
    if size is not None:
        specs.append(frozen(layer, "reverse_embeddings_zero", grouped))
    return specs


def frozen(layer: Subject, name: str, shape: Sequence[int | None], dtype: str | None = None) -> WeightSpec:
    return layer.weight(name, shape, trainable=False, dtype=dtype)


def lora_weights(layer: Subject, kernel: Shape, name: str = "lora_kernel") -> list[WeightSpec]:
    """The two low-rank factors beside a kernel; always float32."""
    if not layer.get("lora_rank"):
        return []
    if mode_of(layer) in ("gptq", "awq"):
        raise NotKnown(f"Keras has no LoRA beside {mode_of(layer)}")
    rank = whole(layer["lora_rank"], "lora_rank")
    left, right = (*kernel[:-1], rank), (rank, kernel[-1])
    return [layer.weight(f"{name}_a", left, dtype="float32"), layer.weight(f"{name}_b", right, dtype="float32")]


def finish_weights(specs: Sequence[WeightSpec], adapted: str | None = None) -> list[WeightSpec]:
    """Keras's order, trainable ones first; then the weight that LoRA adapts is frozen in its place."""
    ordered = sorted(specs, key=lambda spec: not spec.trainable)
    return [spec._replace(trainable=False) if spec.name == adapted else spec for spec in ordered]
