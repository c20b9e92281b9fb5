"""What the numbers of one stored tensor are like, from its bytes a block at a time: no tensor is ever held whole.

A block stays in the processor's cache while everything is asked of it, so that a file is scanned about as fast as it is
read, in the memory of one block. Sums are kept in float64; blocks are put together as Chan, Golub and LeVeque do it,
which keeps the deviation right where the mean is far from zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ..graph import Unknown, Weight
from ..readers.stores import Extent

if TYPE_CHECKING:
    from hashlib import _Hash

    import numpy as np

BLOCK = 1 << 18  # bytes; a multiple of every item's width
PLAIN = {
    "float16": "<f2", "float32": "<f4", "float64": "<f8", "bool": "u1", "int8": "i1", "uint8": "u1", "int16": "<i2",
    "uint16": "<u2", "int32": "<i4", "uint32": "<u4", "int64": "<i8", "uint64": "<u8",
}  # fmt: skip
FLOAT8 = {"float8_e4m3fn": (4, 3, 7, False), "float8_e5m2": (5, 2, 15, True)}  # exponent, mantissa, bias, infinities


class TensorValues(NamedTuple):
    """``size`` numbers; ``min``, ``max``, ``mean`` and ``std`` (of all, not of a sample) are of the finite ones, and
    `None` where there is none or float64 overflows. ``sha256`` is of the little-endian bytes, where it was asked for.
    """

    size: int
    nan: int
    inf: int
    zeros: int
    min: float | None
    max: float | None
    mean: float | None
    std: float | None
    sha256: str | None = None

    @property
    def is_constant(self) -> bool:
        """Whether all numbers are one and the same, and finite."""
        return self.size > 0 and not self.nan and not self.inf and self.min == self.max


def scan_values(weight: Weight, *, hashing: bool = False) -> TensorValues | Unknown:
    """The statistics of a stored tensor; `Unknown` where its bytes or its numbers cannot be had.

    Raises `UnreadableModel` where the file is cut while it is read.
    """
    if weight.load is None:
        return Unknown("its bytes do not lie in one piece in the file, or are compressed")
    decode = find_decoder(weight.dtype)
    if decode is None:
        return Unknown(f"numbers of type {weight.dtype} are not decoded"[:100])
    digest = new_digest() if hashing else None
    sums = Sums()
    for block in blocks_of(weight):
        if digest is not None:
            digest.update(block)
        sums.add(decode(block))
    return sums.result(digest.hexdigest() if digest is not None else None)


def new_digest() -> _Hash:
    from hashlib import sha256

    return sha256()


def blocks_of(weight: Weight) -> Iterator[memoryview]:
    """The tensor's bytes, a block at a time."""
    if isinstance(weight.load, Extent):
        yield from weight.load.blocks(BLOCK)
    elif weight.load is not None:
        data = memoryview(weight.load())
        for start in range(0, len(data), BLOCK):
            yield data[start : start + BLOCK]


class Sums:
    """Everything that is known of the blocks so far. ``squares`` are of the distances from ``mean``."""

    __slots__ = ("count", "finite", "inf", "largest", "mean", "nan", "smallest", "squares", "zeros")

    def __init__(self) -> None:
        self.count = self.finite = self.nan = self.inf = self.zeros = 0
        self.smallest, self.largest = math.inf, -math.inf
        self.mean = self.squares = 0.0

    def add(self, numbers: np.ndarray[Any, Any]) -> None:
        import numpy as np

        self.count += numbers.size
        if not numbers.size:
            return
        low, high = numbers.min(), numbers.max()  # NaN, where one is in it
        if numbers.dtype.kind == "f" and not (math.isfinite(low) and math.isfinite(high)):
            nan, inf = int(np.isnan(numbers).sum()), int(np.isinf(numbers).sum())
            self.nan, self.inf = self.nan + nan, self.inf + inf
            numbers = numbers[np.isfinite(numbers)]
            if not numbers.size:
                return
            low, high = numbers.min(), numbers.max()
        self.smallest, self.largest = min(self.smallest, low.item()), max(self.largest, high.item())
        if low <= 0 <= high:
            self.zeros += int(np.count_nonzero(numbers == 0))
        self.put_together(numbers.astype(np.float64))

    def put_together(self, numbers: np.ndarray[Any, Any]) -> None:
        """Mean and squares of these blocks and of one more, whose array is used up."""
        import numpy as np

        size = numbers.size
        with np.errstate(over="ignore", invalid="ignore"):  # of float64 near its limits: the deviation is inf then
            mean = float(numbers.sum()) / size
            numbers -= mean
            squares = float(np.square(numbers, out=numbers).sum())  # np.dot would start threads
        total, apart = self.finite + size, mean - self.mean
        self.squares += squares + apart * apart * (self.finite * size / total)
        self.mean += apart * (size / total)
        self.finite = total

    def result(self, sha256: str | None) -> TensorValues:
        if not self.finite:
            return TensorValues(self.count, self.nan, self.inf, self.zeros, None, None, None, None, sha256)
        mean = self.mean if math.isfinite(self.mean) else None
        deviation = math.sqrt(self.squares / self.finite) if math.isfinite(self.squares) else None
        return TensorValues(
            self.count, self.nan, self.inf, self.zeros, self.smallest, self.largest, mean, deviation, sha256
        )


@cache
def find_decoder(dtype: str) -> Callable[[memoryview], Any] | None:
    """What makes an array of a block of bytes; `None` for types without numbers to compare."""
    import numpy as np

    if dtype in PLAIN:
        form = np.dtype(PLAIN[dtype])
        if dtype == "float16":  # whose arithmetic is slow, and overflows at 65504
            return lambda block: np.frombuffer(block, form).astype(np.float32)
        return lambda block: np.frombuffer(block, form)
    if dtype == "bfloat16":  # the upper half of a float32
        return lambda block: np.left_shift(np.frombuffer(block, "<u2"), 16, dtype=np.uint32).view(np.float32)
    if dtype in FLOAT8:
        table = np.array([read_float8(code, *FLOAT8[dtype]) for code in range(256)], np.float32)
        return lambda block: table[np.frombuffer(block, "u1")]
    return None


def read_float8(code: int, exponent_bits: int, mantissa_bits: int, bias: int, infinities: bool) -> float:
    """The number that eight bits stand for, in the OCP formats E4M3 (no infinities) and E5M2."""
    sign = -1.0 if code & 0x80 else 1.0
    exponent, mantissa = (code & 0x7F) >> mantissa_bits, code & ((1 << mantissa_bits) - 1)
    if infinities and exponent == (1 << exponent_bits) - 1:
        return math.nan if mantissa else sign * math.inf
    if not infinities and code & 0x7F == 0x7F:
        return math.nan
    scale = 2.0 ** (max(exponent, 1) - bias - mantissa_bits)
    return sign * scale * (mantissa + ((1 << mantissa_bits) if exponent else 0))


__all__ = ["TensorValues", "scan_values"]
