"""The statistics of a stored tensor against numpy's of the whole, for every type of number that Keras stores."""

import ml_dtypes
import numpy as np
import pytest

from inspector.analyses.tensor_values import BLOCK, scan_values
from inspector.graph import Unknown, Weight
from inspector.readers.archive import Range
from inspector.readers.stores import Extent

KINDS = ("float16", "float32", "float64", "bfloat16", "float8_e4m3fn", "float8_e5m2", "int8", "uint8", "int16",
         "int32", "int64", "uint64", "bool")  # fmt: skip


def weight_of(array, path, dtype):
    path.write_bytes(b"before" + array.tobytes())
    place = Range(str(path), 6, array.nbytes)
    return Weight("w", array.shape, dtype, array.nbytes, load=Extent(place, 0, array.nbytes, 1))


def random_array(dtype, size):
    kind = getattr(ml_dtypes, dtype, None) or np.dtype(dtype)
    raw = np.random.default_rng(7).integers(0, 256, size * np.dtype(kind).itemsize, np.uint8)
    return (raw & 1).astype(bool) if dtype == "bool" else raw.view(kind)


@pytest.mark.parametrize("dtype", KINDS)
def test_statistics_are_those_of_numpy(dtype, tmp_path):
    array = random_array(dtype, BLOCK + 12_345)  # every pattern of bits, over several blocks
    if dtype == "float64":
        array = array[np.abs(array) < 1e100]
    found = scan_values(weight_of(array, tmp_path / "bytes", dtype))
    with np.errstate(invalid="ignore"):
        whole = array.astype(np.float64)
    finite = whole[np.isfinite(whole)]
    counts = array.size, np.isnan(whole).sum(), np.isinf(whole).sum(), (whole == 0).sum()
    assert (found.size, found.nan, found.inf, found.zeros) == counts
    assert (found.min, found.max) == (finite.min(), finite.max())
    assert found.std == pytest.approx(finite.std(), rel=1e-9)
    assert found.mean == pytest.approx(finite.mean(), rel=1e-9, abs=1e-9 * finite.std())


def test_a_deviation_far_from_zero_is_kept(tmp_path):
    array = np.random.default_rng(1).normal(1e6, 1e-1, 300_000)
    found = scan_values(weight_of(array, tmp_path / "bytes", "float64"))
    assert found.std == pytest.approx(array.std(), rel=1e-6)


def test_nothing_finite_and_nothing_at_all(tmp_path):
    found = scan_values(weight_of(np.full(9, np.nan, "f4"), tmp_path / "bytes", "float32"))
    assert (found.nan, found.min, found.mean, found.is_constant) == (9, None, None, False)
    assert scan_values(Weight("w", (0,), "float32", 0, load=bytes)).size == 0


def test_what_is_not_known_says_why():
    assert isinstance(scan_values(Weight("w", (3,), "float32", 12)), Unknown)
    assert "string" in scan_values(Weight("w", (3,), "string", 12, load=bytes)).why


def test_the_hash_is_of_the_same_pass(tmp_path):
    from hashlib import sha256

    array = np.arange(100_000, dtype="f4")
    found = scan_values(weight_of(array, tmp_path / "bytes", "float32"), hashing=True)
    assert found.sha256 == sha256(array.tobytes()).hexdigest() and found.max == 99_999
