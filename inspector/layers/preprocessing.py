"""Knowledge of the numerical and audio preprocessing layers, and of the pipeline of layers."""

from __future__ import annotations

from typing import Any

from ..graph import Unknown
from ..knowledge import (
    Example,
    Knowledge,
    NotKnown,
    ShapeKept,
    Spec,
    Subject,
    WeightSpec,
    channels_first,
    product,
    whole,
    windows,
)

SIGNAL = ((None, 1000),)
SMALL = Example("CenterCrop", {"height": 4, "width": 5})
FRAMES = {"frame_length": 64, "window": None}
WAVES = ((None, 500, 2),)


class Rescaling(ShapeKept):
    """Scale and offset, element by element."""

    kinds = ("Rescaling",)
    examples = (
        Example("Rescaling", {"scale": 1 / 255}, ((None, 8, 8, 3),), dtype="uint8"),
        Example("Rescaling", {"scale": 2.0, "offset": -1.0, "dtype": "float16"}, ((2, 3),)),
    )


class Normalization(ShapeKept):
    """Shifts and scales to mean 0 and variance 1. Statistics that ``adapt`` finds are weights, given ones are not."""

    kinds = ("Normalization",)
    examples = (
        Example("Normalization", {}, ((None, 3),)),
        Example("Normalization", {"axis": None}, ((None, 4, 3),)),
        Example("Normalization", {"axis": (1, 3), "invert": True}, ((None, 8, 9, 3),)),
        Example("Normalization", {"mean": 1.0, "variance": 2.0}, ((None, 3),)),
        Example("Normalization", {"mean": [1.0, 2.0, 3.0], "variance": [1.0, 1.0, 1.0]}, ((None, 3),), dtype="int32"),
        Example("Normalization", {"dtype": "mixed_float16"}, ((None, 3),)),
    )

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        if layer.get("mean") is not None:
            return []
        axis = layer.get("axis", -1)
        axes = () if axis is None else axis if isinstance(axis, (list, tuple)) else (axis,)
        kept = tuple(inputs.shape[place] for place in sorted(place % inputs.rank for place in axes))
        return [
            layer.weight("mean", kept, trainable=False),
            layer.weight("variance", kept, trainable=False),
            layer.weight("count", (), trainable=False, dtype="int64"),
        ]


class MelSpectrogram(Knowledge):
    """Power in mel bands over time: Fourier transforms of windows, then one matrix product."""

    kinds = ("MelSpectrogram",)
    examples = (
        Example("MelSpectrogram", {}, SIGNAL),
        Example("MelSpectrogram", {"num_mel_bins": 40, "sequence_stride": 100, "fft_length": 512}, ((None, None),)),
        Example("MelSpectrogram", {"num_mel_bins": 16}, ((1000,),)),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        stride, length = whole(layer["sequence_stride"], "sequence_stride"), inputs.shape[-1]
        frames = None if length is None else (length + stride + 1) // stride
        return layer.spec((*inputs.shape[:-1], whole(layer["num_mel_bins"], "num_mel_bins"), frames))

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Spec, *_: Any, **__: Any) -> int | None:
        """The product with the mel matrix; a fast Fourier transform is none."""
        return product((*output.shape[-2:], whole(layer["fft_length"], "fft_length") // 2 + 1))


class Spectrogram(Knowledge):
    """Short-time Fourier transform as a strided convolution, with trainable kernels for real and imaginary part."""

    kinds = ("STFTSpectrogram",)
    examples = (
        Example("STFTSpectrogram", FRAMES, WAVES),
        Example("STFTSpectrogram", {**FRAMES, "frame_length": 50, "frame_step": 20, "mode": "stft"}, WAVES),
        Example("STFTSpectrogram", {**FRAMES, "mode": "real", "padding": "same"}, WAVES),
        Example("STFTSpectrogram", {**FRAMES, "mode": "imag", "expand_dims": True}, WAVES),
        Example(
            "STFTSpectrogram",
            {**FRAMES, "fft_length": 128, "data_format": "channels_first", "expand_dims": True},
            ((None, 2, 500),),
        ),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        first = channels_first(layer)
        batch, time, channels = inputs.shape if not first else (inputs.shape[0], inputs.shape[2], inputs.shape[1])
        length, step = frame_of(layer)
        frames = windows(time, length, step, layer.get("padding", "valid"))
        bins = bins_of(layer) * (2 if layer.get("mode") == "stft" else 1)
        if layer.get("expand_dims"):
            return layer.spec((batch, channels, frames, bins) if first else (batch, frames, bins, channels))
        flat = product((bins, channels))
        return layer.spec((batch, flat, frames) if first else (batch, frames, flat))

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        shape = (frame_of(layer)[0], 1, bins_of(layer))
        return [layer.weight(f"{part}_kernel", shape) for part in parts_of(layer)]

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Spec, *_: Any, **__: Any) -> int | None:
        time, channels = inputs.shape[1:] if not channels_first(layer) else inputs.shape[:0:-1]
        length, step = frame_of(layer)
        frames = windows(time, length, step, layer.get("padding", "valid"))
        return product((frames, channels, bins_of(layer), length, len(parts_of(layer))))


def frame_of(layer: Subject) -> tuple[int, int]:
    """Length and step of the frames; the step is half the length where the config has none."""
    length = whole(layer["frame_length"], "frame_length")
    return length, whole(layer.get("frame_step") or length // 2, "frame_step")


def bins_of(layer: Subject) -> int:
    """Frequencies of a frame padded to ``fft_length``, by default to the next power of two."""
    size = layer.get("fft_length") or 1 << (frame_of(layer)[0] - 1).bit_length()
    return whole(size, "fft_length") // 2 + 1


def parts_of(layer: Subject) -> list[str]:
    return [part for part in ("real", "imag") if layer.get("mode") != {"real": "imag", "imag": "real"}[part]]


class Pipeline(Knowledge):
    """Layers one after the other, as one layer. Their weights are not the pipeline's own."""

    kinds = ("Pipeline",)
    examples = (
        Example("Pipeline", {"layers": [Example("Rescaling", {"scale": 2.0}), SMALL]}, ((None, 8, 8, 3),)),
        Example("Pipeline", {"layers": [SMALL, Example("Normalization", {})]}, ((None, 8, 8, 3),)),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Any, *_: Any, **__: Any) -> Any:
        for inner in layer.all_wrapped("layers"):
            inputs = inner.run(inputs)
            if isinstance(inputs, Unknown):
                raise NotKnown(f"its {inner.class_name} is not known: {inputs.why}")
        return inputs

    @staticmethod
    def weights(layer: Subject, inputs: Any, *_: Any, **__: Any) -> list[WeightSpec]:
        specs: list[WeightSpec] = []
        for inner in layer.all_wrapped("layers"):
            specs.extend(inner.built_weights(inputs))
            inputs = inner.run(inputs)
        return specs

    @staticmethod
    def macs(layer: Subject, output: Any, inputs: Any, *_: Any, **__: Any) -> int | None:
        total = 0
        for inner in layer.all_wrapped("layers"):
            result = inner.run(inputs)
            macs = inner.count_macs(result, inputs)
            if macs is None:
                return None
            total, inputs = total + macs, result
        return total
