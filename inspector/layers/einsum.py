"""The shapes that follow from an EinsumDense's equation, and its kernel as the quantized modes see it."""

from __future__ import annotations

from typing import NamedTuple

from ..knowledge import NotKnown, Shape, Spec, Subject, dimension, product


class Einsum(NamedTuple):
    """An equation with its ellipsis spelled out as labels, and the shapes that follow from it."""

    inputs: str
    weights: str
    outputs: str
    output: Shape
    kernel: Shape
    bias: Shape | None


def solve_einsum(layer: Subject, inputs: Spec) -> Einsum:
    """The shapes of an EinsumDense. ``output_shape`` of its config leaves out the batch and the elided axes."""
    left, _, outputs = str(layer["equation"]).partition("->")
    terms, _, weights = left.partition(",")
    before, after = terms.startswith("..."), terms.endswith("...")
    terms, outputs = terms.replace("...", ""), outputs.replace("...", "")
    elided = inputs.rank - len(terms)
    if not (terms + weights + outputs).isalpha() or elided < 0 or (elided and not (before or after)):
        raise NotKnown(f"the equation {layer['equation']!r} does not fit its input"[:200])
    stated = layer["output_shape"]
    stated = [dimension(dim, "output_shape") for dim in (stated if isinstance(stated, (list, tuple)) else [stated])]
    shape: list[int | None] = [inputs.shape[0], *stated]
    # Keras states several elided axes on the left in reverse; the file's own shapes say so too.
    rest = inputs.shape[1:elided][::-1] if before else inputs.shape[inputs.rank - elided :]
    shape = [shape[0], *rest, *shape[1:]] if before else [*shape, *rest]
    sizes = dict(zip(terms, inputs.shape[elided:] if before else inputs.shape, strict=False))
    start = elided if before else 0
    found = {label: shape[start + index] for index, label in enumerate(outputs)}
    kernel = tuple(found[label] if label in found else sizes[label] for label in weights)
    bias = None if layer.get("bias_axes") is None else bias_shape(layer["bias_axes"], outputs, found)
    if bias is not None and not before:
        bias = (*bias, *(1 for _ in rest))
    return Einsum(terms, weights, outputs, tuple(shape), kernel, bias)


def bias_shape(axes: str, outputs: str, sizes: dict[str, int | None]) -> Shape:
    """The bias spans the output's axes from the first biased one on, 1 where it is shared."""
    first = min(outputs.index(label) for label in axes)
    return tuple(sizes[label] if label in axes else 1 for label in outputs[first:])


def split_by_sum(solved: Einsum) -> tuple[int, int]:
    """The kernel as a matrix: axes summed over, and those that stay."""
    pairs = list(zip(solved.weights, solved.kernel, strict=True))
    rows = product([dim for label, dim in pairs if label not in solved.outputs])
    columns = product([dim for label, dim in pairs if label in solved.outputs])
    return rows or 0, columns or 0


def split_by_size(kernel: Shape) -> tuple[int, int]:
    """The kernel as GPTQ and AWQ see it: its largest axis is the model's width."""
    dims = [dim or 0 for dim in kernel]
    if len(dims) not in (2, 3):
        raise NotKnown("Keras has GPTQ and AWQ only for kernels of two or three axes")
    if len(dims) == 2 or dims.index(max(dims)) == 0:
        return dims[0], product(dims[1:]) or 0
    return dims[0] * dims[1], dims[2]


def int8_scale(solved: Einsum) -> Shape:
    """The scale of an int8 kernel: the kernel's axes in the output's order, a summed axis as 1 in a free place."""
    inputs, weights, outputs = solved.inputs, solved.weights, solved.outputs
    free = [place for place, label in enumerate(outputs) if label not in weights]
    place = last_place(inputs, outputs)
    order = [weights.index(label) for label in outputs if label in weights]
    squeezed = []
    for axis, label in enumerate(weights):
        if label in outputs:
            continue
        if free:
            place = free.pop(0)
        else:
            squeezed.append(axis)
        order.insert(place, axis)
    dims = [1 if weights[axis] not in outputs else solved.kernel[axis] for axis in order]
    for place in sorted(free):
        dims.insert(place, 1)
    for axis in sorted(squeezed, reverse=True):
        dims.pop(axis)
    return tuple(dims)


def last_place(inputs: str, outputs: str) -> int:
    """Where the last summed axis of the input goes; Keras uses it on for the kernel when no place is free."""
    free = [place for place, label in enumerate(outputs) if label not in inputs]
    summed = sum(label not in outputs for label in inputs)
    return free[min(summed, len(free)) - 1] if summed and free else 0
