"""Knowledge of the reshaping layers."""

from __future__ import annotations

from typing import Any

from ..knowledge import (
    Example,
    Knowledge,
    NotKnown,
    Shape,
    Spec,
    Subject,
    autocast,
    dimension,
    join_channels,
    per_axis,
    product,
    spatial_rank,
    split_channels,
    whole,
)

FIRST = {"data_format": "channels_first"}


class Flatten(Knowledge):
    """All axes behind the batch as one; integers stay integers."""

    kinds = ("Flatten",)
    examples = (
        Example("Flatten", {}, ((None, 5, 3),)),
        Example("Flatten", FIRST, ((None, None, 5, 3),)),
        Example("Flatten", {"dtype": "mixed_float16"}, ((2,),)),
        Example("Flatten", {"dtype": "mixed_float16"}, ((2, 3),), dtype="int32"),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        return layer.spec((inputs.shape[0], product(inputs.shape[1:])), autocast(layer, inputs.dtype))


class Reshape(Knowledge):
    """Another shape of as many elements; one axis of -1 follows from the rest. Integers stay integers."""

    kinds = ("Reshape",)
    examples = (
        Example("Reshape", {"target_shape": (5, 3)}, ((None, 15),)),
        Example("Reshape", {"target_shape": (-1, 3)}, ((None, 5, 6),)),
        Example("Reshape", {"target_shape": (-1, 3)}, ((2, None, 6),), dtype="int32"),
        Example("Reshape", {"target_shape": (4, 3), "dtype": "mixed_float16"}, ((2, None, 6),)),
        Example("Reshape", {"target_shape": ()}, ((None, 1),)),
        Example("Reshape", {"target_shape": (-1,)}, ((None,),)),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        dims = fill_open(
            inputs.shape[1:], [-1 if dim == -1 else dimension(dim, "target_shape") for dim in layer["target_shape"]]
        )
        return layer.spec((inputs.shape[0], *dims), autocast(layer, inputs.dtype))


def fill_open(shape: Shape, wanted: list[int | None]) -> Shape:
    """The wanted dimensions with -1 put in from the elements there are, or left open where they are not known."""
    size = product(shape)
    if size is None or None in wanted:
        return tuple(None if dim == -1 else dim for dim in wanted)
    known = product([dim for dim in wanted if dim != -1]) or 0
    if wanted.count(-1) > 1 or (known != size if -1 not in wanted else not known or size % known):
        raise NotKnown(f"{size} elements do not fit the shape {wanted}"[:200])
    return tuple(size // known if dim == -1 else dim for dim in wanted)


class Permute(Knowledge):
    """The axes behind the batch in another order, counted from 1. Integers stay integers."""

    kinds = ("Permute",)
    examples = (
        Example("Permute", {"dims": (2, 1)}, ((None, 5, 3),)),
        Example("Permute", {"dims": (3, 1, 2), "dtype": "mixed_float16"}, ((None, 5, None, 3),), dtype="int32"),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        dims = layer["dims"]
        if sorted(dims) != list(range(1, inputs.rank)):
            raise NotKnown(f"dims {dims} are not the {inputs.rank - 1} axes of its input"[:200])
        return layer.spec((inputs.shape[0], *(inputs.shape[dim] for dim in dims)), autocast(layer, inputs.dtype))


class RepeatVector(Knowledge):
    """A vector ``n`` times, one below the other."""

    kinds = ("RepeatVector",)
    examples = (
        Example("RepeatVector", {"n": 4}, ((None, 3),)),
        Example("RepeatVector", {"n": 2, "dtype": "mixed_float16"}, ((None, None),), dtype="int32"),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        batch, features = inputs.shape
        return layer.spec((batch, whole(layer["n"], "n"), features))


def margins(layer: Subject, key: str, rank: int, default: int) -> list[int]:
    """What a cropping or padding layer takes or adds along each spatial axis, both sides together."""
    value = layer.get(key, default)
    if not isinstance(value, (list, tuple)):
        return [2 * whole(value, key)] * rank
    sides = [value] if rank == 1 else value
    if len(sides) != rank:
        raise NotKnown(f"{key!r} has {len(sides)} entries for {rank} axes")
    return [both_sides(side, key) for side in sides]


def both_sides(side: Any, key: str) -> int:
    if not isinstance(side, (list, tuple)):
        return 2 * whole(side, key)
    before, after = side
    return whole(before, key) + whole(after, key)


class ZeroPadding(Knowledge):
    """Zeros around the spatial axes."""

    kinds = ("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
    examples = (
        Example("ZeroPadding1D", {"padding": 2}, ((None, 5, 3),)),
        Example("ZeroPadding1D", {"padding": (1, 0), **FIRST}, ((None, 3, None),)),
        Example("ZeroPadding2D", {"padding": (1, 2)}, ((None, 5, 6, 3),)),
        Example("ZeroPadding2D", {"padding": ((1, 0), (2, 3)), **FIRST}, ((None, 3, 5, None),)),
        Example("ZeroPadding3D", {}, ((None, 4, 5, 6, 3),)),
        Example("ZeroPadding3D", {"padding": ((1, 0), (2, 3), (0, 0))}, ((None, 4, 5, 6, 3),), dtype="int32"),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        spatial, channels = split_channels(layer, inputs)
        added = margins(layer, "padding", spatial_rank(layer, inputs), 1)
        padded = [None if size is None else size + more for size, more in zip(spatial, added, strict=True)]
        return join_channels(layer, inputs, padded, channels)


class Cropping(Knowledge):
    """The spatial axes without their ends."""

    kinds = ("Cropping1D", "Cropping2D", "Cropping3D")
    examples = (
        Example("Cropping1D", {"cropping": (1, 2)}, ((None, 5, 3),)),
        Example("Cropping1D", {"cropping": 2}, ((None, None, 3),)),
        Example("Cropping2D", {"cropping": (1, 2)}, ((None, 5, 6, 3),)),
        Example("Cropping2D", {"cropping": ((1, 0), (2, 3)), **FIRST}, ((None, 3, None, 6),)),
        Example("Cropping3D", {}, ((None, 4, 5, 6, 3),)),
        Example("Cropping3D", {"cropping": ((1, 0), (2, 2), (0, 0)), **FIRST}, ((None, 3, 4, 5, 6),)),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        spatial, channels = split_channels(layer, inputs)
        taken = margins(layer, "cropping", spatial_rank(layer, inputs), 1)
        kept = [None if size is None else size - less for size, less in zip(spatial, taken, strict=True)]
        if any(size is not None and size <= 0 for size in kept):
            raise NotKnown(f"cropping by {taken} leaves nothing of {list(spatial)}")
        return join_channels(layer, inputs, kept, channels)


class UpSampling(Knowledge):
    """Every position repeated (or interpolated) along the spatial axes."""

    kinds = ("UpSampling1D", "UpSampling2D", "UpSampling3D")
    examples = (
        Example("UpSampling1D", {"size": 3}, ((None, 5, 3),)),
        Example("UpSampling1D", {"dtype": "mixed_float16"}, ((None, None, 3),)),
        Example("UpSampling2D", {"size": (2, 3)}, ((None, 5, 6, 3),)),
        Example("UpSampling2D", {"size": 2, "interpolation": "bilinear", **FIRST}, ((None, 3, None, 6),)),
        Example("UpSampling3D", {"size": (1, 2, 3)}, ((None, 4, 5, 6, 3),)),
        Example("UpSampling3D", {**FIRST}, ((None, 3, 4, 5, 6),), dtype="int32"),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        spatial, channels = split_channels(layer, inputs)
        factors = per_axis(layer, "size", spatial_rank(layer, inputs), 2)
        grown = [None if size is None else size * factor for size, factor in zip(spatial, factors, strict=True)]
        return join_channels(layer, inputs, grown, channels)
