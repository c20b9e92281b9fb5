"""Decompositions and solutions of matrices, which stand in the last two axes."""

from __future__ import annotations

from typing import Any

from ...graph import Shape, Spec
from ...knowledge import Knowledge, NotKnown, Subject
from .operands import tensor


def matrix(value: Any) -> tuple[Spec, Shape, int | None, int | None]:
    """The operand, its batch axes, its rows and columns."""
    x = tensor(value)
    if x.rank < 2:
        raise NotKnown(f"it takes matrices, and not a tensor of rank {x.rank}")
    return x, x.shape[:-2], x.shape[-2], x.shape[-1]


def square(value: Any) -> Spec:
    x, _, rows, columns = matrix(value)
    if rows != columns:
        raise NotKnown(f"it takes square matrices, and not the shape {list(x.shape)}")
    return x


def shorter(rows: int | None, columns: int | None) -> int:
    if rows is None or columns is None:
        raise NotKnown("a side of the matrix is open")
    return min(rows, columns)


class SquareMatrix(Knowledge):
    """Shape and dtype of the square matrix are kept."""

    kinds = ("linalg.Cholesky", "linalg.CholeskyInverse", "linalg.Inv")

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        return square(x)


class Determinant(Knowledge):
    """One number for each matrix."""

    kinds = ("linalg.Det", "linalg.MatrixRank", "math.Logdet")

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        spec = square(x) if layer.class_name == "Det" else matrix(x)[0]
        return Spec(spec.shape[:-2], "int32" if layer.class_name == "MatrixRank" else spec.dtype)


class SignedDeterminant(Knowledge):
    """Sign, to which Keras gives no axes, and logarithm."""

    kinds = ("numpy.Slogdet",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> tuple[Spec, Spec]:
        x = tensor(x)
        return Spec((), x.dtype), Spec(x.shape[:-2], x.dtype)


class Eigenvalues(Knowledge):
    """Values, and vectors as columns."""

    kinds = ("linalg.Eig", "linalg.Eigh")

    @staticmethod
    def shape(layer: Subject, x: Any) -> tuple[Spec, Spec]:
        spec = square(x)
        return Spec(spec.shape[:-1], spec.dtype), spec


class LuFactor(Knowledge):
    """Both triangles in one matrix, and the pivots."""

    kinds = ("linalg.LuFactor",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> tuple[Spec, Spec]:
        spec, batch, rows, columns = matrix(x)
        return spec, Spec((*batch, shorter(rows, columns)), spec.dtype)


class Qr(Knowledge):
    """An orthogonal and a triangular matrix, cut to the shorter side unless complete."""

    kinds = ("linalg.Qr",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> tuple[Spec, Spec]:
        spec, batch, rows, columns = matrix(x)
        inside = shorter(rows, columns) if layer.get("mode", "reduced") == "reduced" else rows
        shorter(rows, columns)
        return Spec((*batch, rows, inside), spec.dtype), Spec((*batch, inside, columns), spec.dtype)


class SingularValues(Knowledge):
    """Left vectors, values, right vectors; or the values alone."""

    kinds = ("linalg.SVD",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec | tuple[Spec, Spec, Spec]:
        spec, batch, rows, columns = matrix(x)
        inside, full = shorter(rows, columns), layer.get("full_matrices", True)
        values = Spec((*batch, inside), spec.dtype)
        if not layer.get("compute_uv", True):
            return values
        left = Spec((*batch, rows, rows if full else inside), spec.dtype)
        return left, values, Spec((*batch, columns if full else inside, columns), spec.dtype)


class Solution(Knowledge):
    """Of the shape of the right side."""

    kinds = ("linalg.Solve", "linalg.SolveTriangular")

    @staticmethod
    def shape(layer: Subject, a: Any, b: Any) -> Spec:
        square(a)
        return tensor(b)


class LeastSquares(Knowledge):
    """As many unknowns as the matrix has columns."""

    kinds = ("linalg.Lstsq",)

    @staticmethod
    def shape(layer: Subject, a: Any, b: Any) -> Spec:
        spec, batch, rows, columns = matrix(a)
        right = tensor(b)
        if batch or right.rank not in (1, 2) or right.shape[0] != rows:
            raise NotKnown(f"its operands have the shapes {list(spec.shape)} and {list(right.shape)}")
        return Spec((columns, *right.shape[1:]), spec.dtype)


class PseudoInverse(Knowledge):
    """Rows and columns change places."""

    kinds = ("linalg.Pinv",)

    @staticmethod
    def shape(layer: Subject, x: Any) -> Spec:
        spec, batch, rows, columns = matrix(x)
        return Spec((*batch, columns, rows), spec.dtype)
