"""Fourier transforms and windows over the last axis; complex tensors are pairs of real ones."""

from __future__ import annotations

from typing import Any

from ...graph import Spec
from ...knowledge import Knowledge, NotKnown, Subject
from .operands import tensor, tensors, whole


def complex_pair(value: Any) -> Spec:
    """Real and imaginary part, of one shape."""
    parts = tensors(value)
    if len(parts) != 2 or parts[0].shape != parts[1].shape:
        raise NotKnown("it takes a real and an imaginary part of one shape")
    return parts[0]


class Fourier(Knowledge):
    """Real and imaginary part of the operand's shape; the transformed axes have to be known."""

    kinds = ("math.FFT", "math.FFT2", "math.IFFT2")

    @staticmethod
    def shape(layer: Subject, x: Any) -> tuple[Spec, Spec]:
        first, second = complex_pair(x), tensors(x)[1]
        axes = 1 if layer.class_name == "FFT" else 2
        if first.rank < axes or None in first.shape[-axes:]:
            raise NotKnown("a transformed axis is open")
        return first, second


class RealFourier(Knowledge):
    """Half of the frequencies, and one."""

    kinds = ("math.RFFT",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> tuple[Spec, Spec]:
        x, length = tensor(x), layer.get("fft_length")
        length = x.shape[-1] if length is None else length
        spec = Spec((*x.shape[:-1], None if length is None else whole(length, "length") // 2 + 1), x.dtype)
        return spec, spec


class InverseRealFourier(Knowledge):
    """The signal of which half the frequencies are given."""

    kinds = ("math.IRFFT",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        spec, length = complex_pair(x), layer.get("fft_length")
        if length is None and spec.shape[-1] is not None:
            length = 2 * (spec.shape[-1] - 1)
        return Spec((*spec.shape[:-1], length), spec.dtype)


class ShortFourier(Knowledge):
    """A transform of each window."""

    kinds = ("math.STFT",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> tuple[Spec, Spec]:
        x, length = tensor(x), whole(layer["fft_length"], "length")
        padded = length // 2 * 2 if layer.get("center", True) is not False else 0
        last = x.shape[-1]
        windows = None if last is None else 1 + (last + padded - length) // layer["sequence_stride"]
        spec = Spec((*x.shape[:-1], windows, length // 2 + 1), x.dtype)
        return spec, spec


class InverseShortFourier(Knowledge):
    """The signal of which the windows' transforms are given."""

    kinds = ("math.ISTFT",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        spec, length = complex_pair(x), layer.get("length")
        windows = spec.shape[-2]
        if length is None and windows is not None:
            window = whole(layer["fft_length"], "length")
            length = (windows - 1) * whole(layer["sequence_stride"], "stride") + window
            length -= window // 2 * 2 if layer.get("center", True) else 0
        return Spec((*spec.shape[:-2], length), spec.dtype)


class Sequences(Knowledge):
    """Overlapping pieces of the last axis."""

    kinds = ("math.ExtractSequences",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        x, length = tensor(x), layer["sequence_length"]
        last = x.shape[-1]
        pieces = None if last is None else 1 + (last - length) // layer["sequence_stride"]
        return Spec((*x.shape[:-1], pieces, length), x.dtype)
