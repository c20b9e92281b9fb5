"""Operations on images: height, width and channels, with a batch axis or without."""

from __future__ import annotations

from typing import Any

from ...graph import Spec
from ...knowledge import Knowledge, NotKnown, Subject, product
from .convolution import convolve, is_last
from .operands import pair, put, shape_of, tensor

BORDERS = (("height", "top", "bottom"), ("width", "left", "right"))


def image(value: Any) -> Spec:
    spec = tensor(value)
    if spec.rank not in (3, 4):
        raise NotKnown(f"it takes images, and not a tensor of rank {spec.rank}")
    return spec


class Pixels(Knowledge):
    """Shape and dtype of the images are kept."""

    kinds = (
        "image.RGBToHSV", "image.HSVToRGB", "image.AffineTransform", "image.PerspectiveTransform",
        "image.GaussianBlur", "image.ElasticTransform",
    )  # fmt: skip

    @staticmethod
    def shape(layer: Subject, images: Any, *_: Any, **__: Any) -> Spec:
        return image(images)


class Grayscale(Knowledge):
    """One channel remains."""

    kinds = ("image.RGBToGrayscale",)

    @staticmethod
    def shape(layer: Subject, images: Any) -> Spec:
        x = image(images)
        return Spec(put(x.shape, x.rank - (1 if is_last(layer) else 3), 1), x.dtype)


def with_size(layer: Subject, x: Spec, height: Any, width: Any) -> Spec:
    start = x.rank - (3 if is_last(layer) else 2)
    return Spec((*x.shape[:start], height, width, *x.shape[start + 2 :]), x.dtype)


def size_of(layer: Subject, x: Spec) -> tuple[int | None, int | None]:
    start = x.rank - (3 if is_last(layer) else 2)
    return x.shape[start], x.shape[start + 1]


class Resize(Knowledge):
    """Height and width as the config states them."""

    kinds = ("image.Resize",)

    @staticmethod
    def shape(layer: Subject, images: Any) -> Spec:
        x, size = image(images), layer["size"]
        return with_size(layer, x, size[0], size[1])


class PadImages(Knowledge):
    """Borders are added, by stated widths or up to a stated size."""

    kinds = ("image.PadImages",)

    @staticmethod
    def shape(layer: Subject, images: Any) -> Spec:
        x = image(images)
        return with_size(layer, x, *new_sizes(layer, x, "padding", 1))


class CropImages(Knowledge):
    """Borders are cut off, by stated widths or down to a stated size."""

    kinds = ("image.CropImages",)

    @staticmethod
    def shape(layer: Subject, images: Any) -> Spec:
        x = image(images)
        sizes = new_sizes(layer, x, "cropping", -1)
        for size, (axis, *_) in zip(sizes, BORDERS, strict=True):
            if size is None:
                raise NotKnown(f"the {axis} of the images is open")
        return with_size(layer, x, *sizes)


def new_sizes(layer: Subject, x: Spec, word: str, sign: int) -> list[int | None]:
    """Height and width as the config states them, or else with its widths at both ends; `None` where they are open."""
    sizes = []
    for dim, (axis, *ends) in zip(size_of(layer, x), BORDERS, strict=True):
        target = layer.get(f"target_{axis}")
        if target is None and dim is not None:
            target = dim + sign * sum(layer[f"{end}_{word}"] for end in ends)
        sizes.append(target)
    return sizes


class ExtractPatches(Knowledge):
    """Every window of an image or a volume as one vector."""

    kinds = ("image.ExtractPatches",)

    @staticmethod
    def shape(layer: Subject, images: Any) -> Spec:
        x, size = tensor(images), layer["size"]
        sizes = (size, size) if isinstance(size, int) else pair(size, len(size))
        single = x.rank == len(sizes) + 1
        shape = (1, *x.shape) if single else x.shape
        depth = shape[-1] if is_last(layer) else shape[1]
        strides = Strided(layer, sizes)
        out = convolve(shape, sizes, product((*sizes, depth)), strides, is_last(layer))
        return Spec(out[1:] if single else out, x.dtype)


class Strided(Subject):
    """The same operation, with its window's size where no strides are stated."""

    __slots__ = ()

    def __init__(self, layer: Subject, sizes: tuple[int, ...]) -> None:
        super().__init__(layer.layer, layer.engine)
        if layer.get("strides") is None:
            self.config = {**layer.config, "strides": sizes}


class MapCoordinates(Knowledge):
    """A value for each coordinate: the first axis of the coordinates counts the input's axes."""

    kinds = ("image.MapCoordinates",)

    @staticmethod
    def shape(layer: Subject, inputs: Any, coordinates: Any) -> Spec:
        inputs, places = tensor(inputs), shape_of(coordinates)
        if len(places) < 2 or places[0] != inputs.rank:
            raise NotKnown(f"coordinates of the shape {list(places)} do not fit a tensor of rank {inputs.rank}")
        return Spec(places[1:], inputs.dtype)


class ScaleAndTranslate(Knowledge):
    """The output's shape is an argument."""

    kinds = ("image.ScaleAndTranslate",)

    @staticmethod
    def shape(layer: Subject, images: Any, output_shape: Any, *_: Any, **__: Any) -> Spec:
        if not isinstance(output_shape, (list, tuple)) or isinstance(output_shape, Spec):
            raise NotKnown("its output's shape is computed at run time")
        return Spec(tuple(output_shape), tensor(images).dtype)


class SobelEdges(Knowledge):
    """Two gradients for each pixel, on a new last axis."""

    kinds = ("image.SobelEdges",)

    @staticmethod
    def shape(layer: Subject, images: Any) -> Spec:
        x = tensor(images)
        if x.rank != 4:
            raise NotKnown(f"it takes a batch of images, and not a tensor of rank {x.rank}")
        return Spec((*x.shape, 2), x.dtype)


class Similarity(Knowledge):
    """A number for each pair of images."""

    kinds = ("image.SSIM",)

    @staticmethod
    def shape(layer: Subject, image1: Any, image2: Any) -> Spec:
        x = image(image1)
        return Spec(x.shape[:1] if x.rank == 4 else (), x.dtype)
