"""Knowledge of the image preprocessing layers: those that set a size, and those that keep it."""

from __future__ import annotations

from typing import Any

from ..graph import map_structure
from ..knowledge import Example, Knowledge, NotKnown, Spec, Subject, autocast, channels_first, whole

IMAGES = ((None, 16, 16, 3),)
BATCH = ((2, 16, 16, 3),)
LABELLED = ({"images": (4, 16, 16, 3), "labels": (4, 10)},)
BOXED = ({"images": (4, 16, 16, 3), "bounding_boxes": {"boxes": (4, 6, 4), "labels": (4, 6)}},)


class Sized(Knowledge):
    """Crops and resizes: height and width are in the config."""

    kinds = ("Resizing", "CenterCrop", "RandomCrop")
    examples = (
        Example("Resizing", {"height": 4, "width": 5}, IMAGES),
        Example("Resizing", {"height": 4, "width": 5, "crop_to_aspect_ratio": True}, ((16, 16, 3),)),
        Example("Resizing", {"height": 4, "width": 5, "data_format": "channels_first"}, ((None, 3, 16, 16),)),
        Example("CenterCrop", {"height": 4, "width": 5}, ((None, None, None, 3),)),
        Example("CenterCrop", {"height": 4, "width": 5, "data_format": "channels_first"}, ((3, 16, 16),)),
        Example("RandomCrop", {"height": 4, "width": 5}, IMAGES),
        Example("RandomCrop", {"height": 4, "width": 5, "seed": 1, "dtype": "float16"}, BATCH),
        Example("RandomCrop", {"height": 4, "width": 5}, BATCH, dtype="uint8"),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Any, *_: Any, **__: Any) -> Any:
        size = whole(layer["height"], "height"), whole(layer["width"], "width")

        def resize(image: Spec) -> Spec:
            if image.rank not in (3, 4):
                raise NotKnown(f"{layer.class_name} takes images of three or four axes, not of {image.rank}")
            at = image.rank - (2 if channels_first(layer) else 3)
            return layer.spec((*image.shape[:at], *size, *image.shape[at + 2 :]))

        if isinstance(inputs, Spec):
            return resize(inputs)
        raise NotKnown("Keras states no shapes for images with labels or boxes")


class Augmented(Knowledge):
    """Changes pixels, not sizes. Images with labels or boxes come as a dict, and all leave in the compute dtype."""

    kinds = (
        "AugMix",
        "AutoContrast",
        "ContrastLimitedAdaptiveHistogramEqualization",
        "CutMix",
        "MixUp",
        "RandAugment",
        "RandomBrightness",
        "RandomColorDegeneration",
        "RandomColorJitter",
        "RandomContrast",
        "RandomElasticTransform",
        "RandomErasing",
        "RandomFlip",
        "RandomGaussianBlur",
        "RandomHue",
        "RandomInvert",
        "RandomPerspective",
        "RandomPosterization",
        "RandomRotation",
        "RandomSaturation",
        "RandomSharpness",
        "RandomShear",
        "RandomTranslation",
        "RandomZoom",
        "Solarization",
    )
    examples = (
        *(
            Example(kind, {**config, **more}, inputs, dtype=dtype)
            for kind, config in (
                ("AugMix", {}),
                ("AutoContrast", {}),
                ("ContrastLimitedAdaptiveHistogramEqualization", {}),
                ("CutMix", {}),
                ("MixUp", {"alpha": 0.3}),
                ("RandAugment", {"num_ops": 3}),
                ("RandomBrightness", {"factor": 0.2}),
                ("RandomColorDegeneration", {"factor": 0.2}),
                ("RandomColorJitter", {"brightness_factor": 0.2}),
                ("RandomContrast", {"factor": 0.2}),
                ("RandomElasticTransform", {"factor": 0.2}),
                ("RandomErasing", {"factor": 0.2}),
                ("RandomFlip", {"mode": "horizontal"}),
                ("RandomGaussianBlur", {"kernel_size": 3}),
                ("RandomHue", {"factor": 0.2}),
                ("RandomInvert", {"factor": 0.2}),
                ("RandomPerspective", {"factor": 0.2}),
                ("RandomPosterization", {"factor": 4}),
                ("RandomRotation", {"factor": 0.2}),
                ("RandomSaturation", {"factor": 0.2}),
                ("RandomSharpness", {"factor": 0.2}),
                ("RandomShear", {"x_factor": 0.2}),
                ("RandomTranslation", {"height_factor": 0.2, "width_factor": 0.1}),
                ("RandomZoom", {"height_factor": 0.2}),
                ("Solarization", {"addition_factor": 0.2}),
            )
            for more, inputs, dtype in (
                ({}, IMAGES, "float32"),
                ({"dtype": "float16"}, BATCH, "uint8"),
            )
        ),
        Example("MixUp", {}, LABELLED),
        Example("CutMix", {"dtype": "mixed_float16"}, LABELLED),
        Example("RandomFlip", {}, BOXED),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Any, *_: Any, **__: Any) -> Any:
        return map_structure(lambda leaf: layer.spec(leaf.shape), inputs)


class Retoned(Knowledge):
    """Changes pixels and gives back what it took, whole numbers included."""

    kinds = ("Equalization", "RandomGrayscale")
    examples = (
        Example("Equalization", {"value_range": (0, 255)}, IMAGES),
        Example("Equalization", {"bins": 16, "dtype": "float16"}, BATCH, dtype="uint8"),
        Example("Equalization", {}, LABELLED),
        Example("RandomGrayscale", {"factor": 0.5}, IMAGES),
        Example("RandomGrayscale", {"dtype": "float16"}, BATCH, dtype="uint8"),
        Example("RandomGrayscale", {"dtype": "float16"}, BATCH),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Any, *_: Any, **__: Any) -> Any:
        return map_structure(lambda leaf: layer.spec(leaf.shape, autocast(layer, leaf.dtype)), inputs)


class BoxLimit(Knowledge):
    """Cuts or pads the bounding boxes of every image to ``max_number``."""

    kinds = ("MaxNumBoundingBoxes",)
    examples = (
        Example("MaxNumBoundingBoxes", {"max_number": 3, "bounding_box_format": "xyxy"}, BOXED),
        Example("MaxNumBoundingBoxes", {"max_number": 9, "bounding_box_format": "xyxy", "dtype": "float16"}, BOXED),
        Example("MaxNumBoundingBoxes", {"max_number": 3, "bounding_box_format": "xyxy"}, IMAGES),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Any, *_: Any, **__: Any) -> Any:
        result = map_structure(lambda leaf: layer.spec(leaf.shape), inputs)
        if isinstance(result, dict) and "bounding_boxes" in result:
            count = whole(layer["max_number"], "max_number")
            result["bounding_boxes"] = map_structure(
                lambda leaf: layer.spec((leaf.shape[0], count, *leaf.shape[2:])), result["bounding_boxes"]
            )
        return result
