"""How much of the input one position of a layer's output sees, and how far apart two positions lie in it.

A window of k positions (dilation d) over an input that sees r and lies j apart sees r + (k - 1)·d·j, and its
strides multiply j: the rule of Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural
Networks" (Distill, 2019). Where branches meet, the largest counts, and they must lie equally far apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..graph import Graph, Layer, Spec
from .facts import Facts
from .inference import Evaluation

EVERYTHING = "all"  # the whole input, as a global pooling sees it
DEEPEST = 50  # nested models that are followed


class Field(NamedTuple):
    """Per spatial axis, positions of the input that are seen, and the stride between two outputs."""

    size: tuple[int, ...]
    stride: tuple[int, ...]

    def __str__(self) -> str:
        return f"{'×'.join(map(str, self.size))} /{'×'.join(map(str, dict.fromkeys(self.stride)))}"


Seen = Field | str | None  # None is not known

WINDOWS = ("Conv1D", "Conv2D", "Conv3D")
SAME_POSITIONS = (
    "BatchNormalization", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "ThresholdedReLU", "Dropout",
    "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout", "GaussianNoise", "GaussianDropout",
    "Rescaling", "Normalization", "Identity", "ActivityRegularization", "LayerScale", "StochasticDepth", "Add",
    "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate",
)  # fmt: skip
KEEP_ALL = ("Dense", "Reshape", "Flatten", "Softmax", "LayerNormalization", "RepeatVector", "Permute")


def find_fields(facts: Facts) -> dict[str, str]:
    """The receptive field and stride of each layer by path, as ``43×43 /8``; only where the rule applies."""
    found: dict[str, str] = {}
    if isinstance(facts.root, Evaluation):
        follow(facts, facts.model.graph, facts.root, "", None, found, 0)
    return found


def follow(
    facts: Facts,
    graph: Graph,
    run: Evaluation,
    prefix: str,
    given: Sequence[Seen] | None,
    found: dict[str, str],
    level: int,
) -> list[Seen]:
    """Walk a graph in the order of its calls; ``given`` is what a nested model's inputs see."""
    seen: dict[tuple[str, int], Seen] = {}
    for ref, value in zip(graph.input_refs(), given or (), strict=False):
        seen[ref.layer, ref.call] = value
    for layer, index in graph.order or ():
        key = layer.name, index
        if key not in seen:
            sources = [seen.get((ref.layer, ref.call)) for ref in layer.calls[index].refs()]
            path = prefix + layer.name
            if layer.inner is not None:
                inner = (
                    follow(facts, layer.inner, run, f"{path}/", sources, found, level + 1) if level < DEEPEST else []
                )
                seen[key] = inner[0] if len(inner) == 1 else None
            else:
                seen[key] = see(layer, sources, run.outputs.get(key) if graph is run.graph else None)
        found[prefix + layer.name] = "?" if seen[key] is None else str(seen[key])
    return [seen.get((ref.layer, ref.call)) for ref in graph.output_refs()]


def see(layer: Layer, sources: Sequence[Seen], output: Any) -> Seen:
    """What a layer's output sees, from what its inputs see."""
    name = layer.class_name
    if layer.kind == "input":
        rank = output.rank if isinstance(output, Spec) else 0
        return Field((1,) * (rank - 2), (1,) * (rank - 2)) if rank > 2 else None
    joined = join(sources)
    if joined is None or (isinstance(joined, Field) and not joined.size):
        return None
    if name.startswith("Global") or name == "Flatten":
        return EVERYTHING
    if isinstance(joined, str):
        return joined if name.endswith(WINDOWS) or name in SAME_POSITIONS or name in KEEP_ALL else None
    if name in SAME_POSITIONS:
        return joined
    if name == "LayerNormalization":
        return joined if layer.config.get("axis") in (-1, [-1]) or is_last(layer, joined) else None
    if name == "Dense" or name.startswith(("ZeroPadding", "Cropping")):
        return joined
    if name.endswith(WINDOWS) and "Transpose" not in name:
        return slide(joined, layer.config, "kernel_size")
    if name.startswith(("MaxPooling", "AveragePooling")):
        return slide(joined, layer.config, "pool_size")
    return None


def is_last(layer: Layer, field: Field) -> bool:
    axis = layer.config.get("axis")
    axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis
    return axis == len(field.size) + 1


def join(sources: Sequence[Seen]) -> Seen:
    """Several inputs as one: the largest field of those that lie equally far apart."""
    if not sources or any(source is None for source in sources):
        return None
    if EVERYTHING in sources:
        return EVERYTHING
    fields = [source for source in sources if isinstance(source, Field)]
    if len({field.stride for field in fields}) > 1:
        return None
    return Field(tuple(map(max, zip(*(field.size for field in fields), strict=True))), fields[0].stride)


def slide(field: Field, config: Mapping[str, Any], key: str) -> Seen:
    """A window over positions: each axis sees more, and lies further apart by the stride."""
    axes = len(field.size)
    window, dilation = numbers(config.get(key), axes), numbers(config.get("dilation_rate", 1), axes)
    strides = (
        window if key == "pool_size" and config.get("strides") is None else numbers(config.get("strides", 1), axes)
    )
    if window is None or dilation is None or strides is None:
        return None
    steps = zip(field.size, field.stride, window, dilation, strict=True)
    size = tuple(seen + (width - 1) * rate * apart for seen, apart, width, rate in steps)
    return Field(size, tuple(apart * step for apart, step in zip(field.stride, strides, strict=True)))


def numbers(value: Any, axes: int) -> tuple[int, ...] | None:
    """One positive whole number an axis, from one for all of them or a list."""
    values = [value] * axes if isinstance(value, int) else value
    if not isinstance(values, (list, tuple)) or len(values) != axes:
        return None
    return tuple(values) if all(isinstance(item, int) and item > 0 for item in values) else None
